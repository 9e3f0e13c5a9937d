import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasTerminals } from '../../../scripts/transcripts/Terminal';
import { freeStartPort, isFree } from '../cluster/Cluster';
import { unless } from '../cluster/disturbances';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** `npm start` as a person sees it: a real terminal, tmux's. */
jest.setTimeout(180_000);

const WITHIN_MS = 45_000;
unless(hasTerminals() ? null : 'the prompt of npm start, since tmux is not installed')(
  'a failover, watched: add, kill the node in use, use another, start it again',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mokka-prompt-'));
    const port = await freeStartPort();
    const socket = join(directory, 'tmux.sock');
    const tmux = (...given: string[]): string =>
      execFileSync('tmux', ['-S', socket, ...given], { encoding: 'utf8' });
    const screen = (): string => tmux('capture-pane', '-p', '-J', '-S', '-200');
    const type = (line: string): string => tmux('send-keys', line, 'Enter');
    const shows = (text: RegExp): Promise<true> =>
      until(WITHIN_MS, `${String(text)} on the screen`, () => (text.test(screen()) ? true : undefined));
    const command = `DATA_DIR=${directory}/data START_PORT=${port} npm start; echo ended with $?; sleep 60`;
    try {
      tmux('new-session', '-d', '-x', '120', '-y', '50', '-c', REPOSITORY, command);
      await shows(/enter command >/);
      // Typed while the nodes still start: it waits for them.
      type('add_log super test');
      await shows(/^index +1$[^]*^value +test$/m);
      type('kill 0');
      await shows(/node 0 was killed by SIGKILL, the others go on[^]*node 0 down, node 1/);
      type('add_log lost test');
      await shows(/NO_LEADER: the node of this prompt does not answer/);
      type('use 1');
      type('add_log after failover');
      await shows(/^index +2$[^]*^value +failover$/m);
      type('start 0');
      await shows(
        /node 0 follower, node 1 (leader|follower), node 2 (leader|follower)\n[^]*enter command > $/m,
      );
      type('use 0');
      type('list 1');
      await shows(/1 {2}\S+ \S+ {2}super {2}test\n2 {2}\S+ \S+ {2}after {2}failover/);
      type('exit');
      await shows(/ended with 0/);
      for (const offset of [0, 1, 2]) expect(await isFree(port + offset)).toBe(true);
    } finally {
      spawnSync('tmux', ['-S', socket, 'kill-server']);
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
