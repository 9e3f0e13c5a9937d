import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../cluster/until';
import { StartedProgram } from '../../StartedProgram';

/** Who may talk to a node at its socket, on real processes. Port of this file: 22903. */
const PORT = 22_903;
const STARTS = 2;
const START_MS = 60_000;
const NOBODY = 65_534;

jest.setTimeout(STARTS * START_MS);

/** Connects again and again to the sockets that are its arguments, and prints what it is answered. */
const STRANGER = `
  const { connect } = require('node:net');
  const attempt = (path) => {
    const socket = connect(path, () => socket.write('info\\n'));
    socket.on('data', (data) => process.stdout.write(data));
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(attempt, 10, path));
  };
  for (const path of process.argv.slice(2)) attempt(path);
  process.stderr.write('tries');
`;

/** Loaded into the node: it does nothing for a while after it bound a socket of the file system, as on a busy machine. */
const SLOW_AFTER_BIND = `
  const { Server } = require('node:net');
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...given) {
    const server = listen.apply(this, given);
    if (typeof given[0] === 'string') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return server;
  };
`;

const mayBecomeNobody = process.getuid?.() === 0;

/** Needs the right to become another user. */
(mayBecomeNobody ? test : test.skip)(
  `of ${STARTS} starts without a umask, another user gets an answer at none`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mokka-strangers-'));
    chmodSync(directory, 0o755);
    const data = join(directory, 'node-0');
    // A directory that its user made, open as such a umask leaves it.
    mkdirSync(data);
    chmodSync(data, 0o777);
    // Also where it is made before it has its name.
    const names = ['commands.sock', 'commands.sock.new', 'commands.sock.new/commands.sock'];
    const sockets = names.map((name) => join(data, name));
    writeFileSync(join(directory, 'stranger.js'), STRANGER, { mode: 0o644 });
    writeFileSync(join(directory, 'slow.js'), SLOW_AFTER_BIND);
    const tries = [process.execPath, join(directory, 'stranger.js'), ...sockets];
    const stranger = new StartedProgram(tries, { uid: NOBODY, gid: NOBODY, cwd: '/' });
    try {
      await until(START_MS, 'the stranger tries', () => (stranger.stderr === 'tries' ? true : undefined));
      for (let count = 0; count < STARTS; count++) {
        const node = startNode(directory);
        await until(START_MS, 'its owner gets an answer', () =>
          ownerIsAnswered(node, join(data, 'commands.sock')),
        );
        await kill(node);
      }
      expect(stranger.printed).toBe('tries');
    } finally {
      await kill(stranger);
      rmSync(directory, { recursive: true });
    }
  },
);

function startNode(dataDirectory: string): StartedProgram {
  const start = 'umask 000; exec node -r "$DATA_DIR/slow.js" dist/cluster_node.js';
  const env = { ...process.env, INDEX: '0', START_PORT: String(PORT), DATA_DIR: dataDirectory };
  return new StartedProgram(['sh', '-c', start], { env });
}

/** At the socket: whoever connected before is answered before. */
async function ownerIsAnswered(node: StartedProgram, path: string): Promise<true | undefined> {
  if (node.child.exitCode !== null) throw new Error(`the node ended: ${node.printed}`);
  const socket = connect(path, () => socket.write('info\n'));
  try {
    await once(socket, 'data');
    return true;
  } catch {
    // It does not listen yet.
    return undefined;
  } finally {
    socket.destroy();
  }
}

async function kill({ child, ended }: StartedProgram): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
