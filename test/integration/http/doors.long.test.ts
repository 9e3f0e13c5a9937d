import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { HTTP_PORT_OFFSET } from '../../../src/config/httpConfig';
import { Cluster } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';

const PROGRAM = join(REPOSITORY, 'dist', 'bin', 'mokkaCluster.js');

let cluster: Cluster;
afterEach(() => cluster.end());

function mokkaCluster(env: NodeJS.ProcessEnv, ...words: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, text: (stdout + stderr).trim() };
}

test('TLS with own files, a token that the command made, and health, on a cluster.json of its own', async () => {
  cluster = await Cluster.createWithOwnKeys();
  const directory = join(cluster.dataDirectory, 'config');
  const file = join(directory, 'cluster.json');
  const [cert, key] = [join(directory, 'http.pem'), join(directory, 'http.key')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  chmodSync(key, 0o600);
  const content = JSON.parse(readFileSync(file, 'utf8')) as { members: object[] };
  const port = cluster.startPort + HTTP_PORT_OFFSET;
  const members = content.members.map((member, index) => ({ ...member, httpPort: port + index }));
  const settings = { http: { port, host: '0.0.0.0', tls: { cert: 'http.pem', key: 'http.key' } } };
  writeFileSync(file, JSON.stringify({ members, settings }));
  const env = { CLUSTER_CONFIG: file, DATA_DIR: cluster.dataDirectory };
  const { status, text: token } = mokkaCluster(env, 'token', 'create', '--scope', 'read', '--name', 'probe');
  expect([status, Buffer.from(token, 'base64url').length]).toEqual([0, 32]);
  expect(readFileSync(join(directory, 'tokens.json'), 'utf8')).not.toContain(token);
  expect(mokkaCluster(env, 'health')).toMatchObject({ status: 1 });
  cluster.startAll();
  await cluster.leader();

  const ask = (path: string, authorization: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: port + 1,
        path,
        ca: readFileSync(cert),
        headers: { authorization },
      };
      request(options, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .once('error', reject)
        .end();
    });
  expect(await ask('/v1/info', `Bearer ${token}`)).toBe(200);
  expect(await ask('/v1/info', 'Bearer other')).toBe(401);
  expect(mokkaCluster({ ...env, INDEX: '1' }, 'health')).toEqual({ status: 0, text: 'ok' });
  expect(mokkaCluster({ ...env, HTTP_PORT: 'off' }, 'health', '--node', '2')).toEqual({
    status: 0,
    text: 'ok',
  });
  expect(mokkaCluster(env, 'token', 'list').text).toBe('probe  read');
  expect(mokkaCluster(env, 'token', 'remove', 'probe').status).toBe(0);
});

test('a port that is taken ends the start with its own code; off does without', async () => {
  cluster = await Cluster.create();
  const port = cluster.startPort + HTTP_PORT_OFFSET;
  const other = createServer().listen(port, '127.0.0.1');
  const node = cluster.start(0);
  expect((await node.exited).code).toBe(1);
  expect(node.lastWords).toMatch(/PORT_TAKEN: .*HTTP.*HTTP_PORT/);
  cluster.start(0, { HTTP_PORT: 'off' });
  cluster.start(1);
  cluster.start(2);
  await cluster.leader();
  other.close();
});
