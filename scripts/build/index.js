/** `npm run build`, and what npm's scripts do first: compiles src to dist where dist is not up to date. Prints nothing to stdout. */
require('./checkInstallation');
require('./compile');
