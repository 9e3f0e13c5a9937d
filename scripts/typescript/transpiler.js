/** ts-node's transpiler, with the cache: without it every node of `npm start` compiles all sources anew. */
require('./checkInstallation');
const ts = require('typescript');
const { readCompiled, writeCompiled } = require('./cache');

exports.create = ({ service }) => ({
  transpile: (text, { fileName }) =>
    readCompiled(fileName, text) ?? compile(fileName, text, service.config.options),
});

function compile(fileName, text, options) {
  const compilerOptions = { ...options, sourceMap: true };
  const { outputText, sourceMapText } = ts.transpileModule(text, { fileName, compilerOptions });
  const map = { ...JSON.parse(sourceMapText), sources: [fileName], sourceRoot: '' };
  const compiled = { outputText, sourceMapText: JSON.stringify(map) };
  writeCompiled(fileName, text, compiled);
  return compiled;
}
