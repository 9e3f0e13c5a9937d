/** Ends the process on a Node.js that is too old, in one line. No syntax here that came after JavaScript of 2015. */

/** The oldest major version that runs this, as in package.json's `engines`. */
const NEEDED_MAJOR = 20;

const { node } = process.versions;
if (Number(node.split('.')[0]) < NEEDED_MAJOR) {
  process.stderr.write(
    `BAD_CONFIG: this is Node.js ${node}, and ${NEEDED_MAJOR} or newer is needed: install that\n`,
  );
  process.exit(2);
}
