/** ts-node as it is set up in tsconfig.json, in place of the loader; it loads the TypeScript compiler. */
exports.registerTsNode = () => {
  const { register, REGISTER_INSTANCE } = require('ts-node');
  if (process[REGISTER_INSTANCE] !== undefined) return process[REGISTER_INSTANCE];
  // ts-node hands on to the loader that it finds: that must not be ours.
  Reflect.deleteProperty(require.extensions, '.ts');
  return register();
};
