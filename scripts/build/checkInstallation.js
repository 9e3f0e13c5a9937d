/**
 * Ends a start in a clone without the Node.js or the packages that it needs, in one line. In JavaScript that every
 * Node.js reads: whoever has an old one must get this far.
 */
'use strict';
var fs = require('fs');
var path = require('path');
var manifest = require('../../package.json');

var ROOT = path.resolve(__dirname, '..', '..');
var NEEDED_MAJOR = Number(/\d+/.exec(manifest.engines.node)[0]);

/** What compiles the sources; all else of the devDependencies is for the tests. */
var COMPILERS = ['typescript', 'ts-node', '@swc/core'];

function whyNot() {
  if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR)
    return (
      'this is Node.js ' +
      process.versions.node +
      ', and ' +
      NEEDED_MAJOR +
      ' or newer is needed: install that, and run  npm ci  with it'
    );
  var needed = Object.keys(manifest.dependencies).concat(COMPILERS);
  var missing = needed.filter(function (name) {
    return !module.paths.some(function (folder) {
      return fs.existsSync(path.join(folder, name));
    });
  });
  if (missing.length === 0) return null;
  return 'packages are not installed (' + missing.join(', ') + '): run  npm ci  in ' + ROOT;
}

var reason = whyNot();
if (reason !== null) {
  console.error('BAD_CONFIG: ' + reason);
  process.exit(2);
}
