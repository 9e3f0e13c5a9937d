/** What `node -r ./scripts/typescript FILE.ts` loads: first whether this machine can run it, then the loader. */
require('./checkInstallation');
require('./loader');
