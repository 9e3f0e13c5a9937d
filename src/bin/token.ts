/**
 * `mokka-cluster token create|list|remove`: the tokens that a cluster's HTTP takes, in the file of them. Ends with 2 and
 * one line on stderr for wrong usage.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseOptions } from '../cli/shell/parseOptions';
import { endWithError } from '../cli/shell/programFailure';
import { readConfig } from '../config/ClusterConfig';
import { readClusterFile } from '../config/clusterFile';
import { quote } from '../config/faults';
import { TOKENS_FILE_NAME } from '../config/httpConfig';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { RequestError } from '../errors';
import { escapeControls } from '../escapeControls';
import { SCOPES, type Scope } from '../http/access/scopes';
import {
  drawToken,
  formatTokenFile,
  hashToken,
  readTokenFile,
  type StoredToken,
} from '../http/access/tokenFile';
import { TOKENS_MAX } from '../httpLimits';
import { DirectoryDisk } from '../storage/directory/DirectoryDisk';
import { makeDirectory } from '../storage/directory/durableFile';
import { replaceFile } from '../storage/replaceFile';

const USAGE = `npx mokka-cluster token create --scope SCOPE[,SCOPE…] [--name NAME]
       npx mokka-cluster token list
       npx mokka-cluster token remove NAME

What programs show to be let in over HTTP. create prints a token, once: the file has its sha256 only.
  --scope   some of ${SCOPES.join(', ')}; admin allows all
  --name    what it is for, by which it is listed and removed
  --file    the file; else that of the cluster which CLUSTER_CONFIG names, or ${TOKENS_FILE_NAME} in DATA_DIR (default data)
Nodes that run see a change within a second or two; on other machines copy the file.`;

const OPTIONS = {
  scope: { type: 'string' },
  name: { type: 'string' },
  file: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function run(args: readonly string[]): void {
  try {
    const { values, positionals } = parseOptions({ args, options: OPTIONS, allowPositionals: true });
    const [action, ...words] = positionals;
    if (values.help === true) {
      console.log(USAGE);
      return;
    }
    const path = values.file === undefined ? fileOfCluster(process.env) : resolve(values.file);
    if (action === 'create' && words.length === 0)
      console.log(createToken(path, scopesOf(values.scope), values.name));
    else if (action === 'list' && words.length === 0)
      for (const token of stored(path)) console.log(row(token));
    else if (action === 'remove' && words.length === 1) removeToken(path, words[0] ?? '');
    else throw badArgument(`token takes create, list or remove NAME: token --help tells the rest`);
  } catch (thrown) {
    endWithError(thrown);
  }
}

function createToken(path: string, scopes: readonly Scope[], name: string | undefined): string {
  const tokens = stored(path);
  if (name !== undefined && tokens.some((token) => token.name === name))
    throw badArgument(`there is a token ${quote(name)} already: choose another --name, or remove it`);
  if (tokens.length >= TOKENS_MAX)
    throw badArgument(`there are ${TOKENS_MAX} tokens already: remove some that nobody uses`);
  const token = drawToken();
  const sha256 = hashToken(token).toString('hex');
  makeDirectory(dirname(path));
  writeTokens(path, [...tokens, { sha256, scopes, ...(name === undefined ? {} : { name }) }]);
  return token;
}

/** By its name, or by the beginning of its sha256. */
function removeToken(path: string, name: string): void {
  const tokens = stored(path);
  const left = tokens.filter((token) => nameOf(token) !== name);
  if (left.length === tokens.length)
    throw badArgument(`there is no token ${quote(name)}: token list has all`);
  writeTokens(path, left);
}

function writeTokens(path: string, tokens: readonly StoredToken[]): void {
  replaceFile(new DirectoryDisk(dirname(path)), basename(path), formatTokenFile(tokens));
}

function stored(path: string): readonly StoredToken[] {
  return existsSync(path) ? readTokenFile(path) : [];
}

function row(token: StoredToken): string {
  return `${escapeControls(nameOf(token))}  ${token.scopes.join(',')}`;
}

function nameOf({ name, sha256 }: StoredToken): string {
  return name ?? sha256.slice(0, 12);
}

function scopesOf(text: string | undefined): readonly Scope[] {
  const names = text?.split(',') ?? [];
  const scopes = SCOPES.filter((scope) => names.includes(scope));
  if (names.length === 0 || scopes.length !== new Set(names).size)
    throw badArgument(`--scope takes some of ${SCOPES.join(', ')}: --scope read,append`);
  return scopes;
}

/** A key file is not needed for it: on a machine that only makes tokens there may be none. */
function fileOfCluster(env: NodeJS.ProcessEnv): string {
  const clusterFile = env['CLUSTER_CONFIG'];
  if (clusterFile !== undefined) {
    const { http } = readClusterFile(clusterFile);
    return resolve(dirname(clusterFile), http?.tokens ?? TOKENS_FILE_NAME);
  }
  const directory = env['DATA_DIR'] ?? 'data';
  requireWorkingDirectory(directory);
  return (
    readConfig({ DATA_DIR: directory, INDEX: '0' }).http?.tokensFile ?? resolve(directory, TOKENS_FILE_NAME)
  );
}

function badArgument(message: string): RequestError {
  return new RequestError('BAD_ARGUMENT', message);
}
