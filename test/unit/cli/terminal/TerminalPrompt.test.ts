import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { PromptHistory } from '../../../../src/cli/terminal/PromptHistory';
import { TerminalPrompt } from '../../../../src/cli/terminal/TerminalPrompt';
import { FOLLOW_LOOK_MS } from '../../../../src/limits';
import { FakeNode, noLeader } from '../FakeNode';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_Z = '\x1a';

/** A prompt at a terminal of 80 columns that remembers what was written to it. */
class Terminal {
  readonly node = new FakeNode();
  /** What became of the terminal's mode and of the job in it. */
  readonly job: string[] = [];
  readonly input = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => this.job.push(raw ? 'raw' : 'cooked'),
  });
  readonly output = Object.assign(new PassThrough({ encoding: 'utf8' }), { columns: 80 });
  readonly prompt: TerminalPrompt;
  #text = '';

  constructor(directory: string) {
    this.output.on('data', (text: string) => (this.#text += text));
    this.prompt = new TerminalPrompt(
      { node: this.node },
      {
        input: this.input,
        output: this.output,
        history: new PromptHistory(join(directory, 'history'), (error) => {
          throw error;
        }),
        color: false,
        unexpected: () => undefined,
        stopJob: () => this.job.push('stopped'),
      },
    );
  }

  /** Types, and gives what is written meanwhile and after it, as one text. */
  async type(keys: string): Promise<string> {
    this.input.write(keys);
    for (let count = 0; count < 50; count++) await turn();
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

async function until(look: () => Promise<string>, found: (text: string) => boolean): Promise<string> {
  for (let text = ''; ; text += await look()) if (found(text)) return text;
}

describe('TerminalPrompt', () => {
  let directory: string;
  let terminal: Terminal;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mokka-terminal-'));
    terminal = new Terminal(directory);
  });
  afterEach(async () => {
    terminal.node.letGo();
    await terminal.prompt.stop(0);
    rmSync(directory, { recursive: true });
  });

  test('a line is answered for people, above the next prompt', async () => {
    const text = await terminal.type('add_log super two words\r');
    expect(text).toMatch(/index +1\nkey +super\nvalue +two words\n[^]*enter command > /);
  });

  test('Ctrl-Z gives the terminal back and stops the job; then the line being typed is there again', async () => {
    await terminal.type('get_log 7');
    terminal.job.length = 0;
    await terminal.type(CTRL_Z);
    // What comes after it is on a timer of the prompt's.
    expect(terminal.job.slice(0, 2)).toEqual(['cooked', 'stopped']);
    await until(
      () => terminal.type(''),
      (text) => text.includes('enter command > get_log 7'),
    );
    expect(terminal.job).toEqual(['cooked', 'stopped', 'raw']);
  });

  test('an answer, a notice and a log record leave the line being typed as it was', async () => {
    terminal.node.hold();
    await terminal.type('add_log a 1\rget_log 7');
    terminal.node.letGo();
    const text = await terminal.type('');
    expect(text).toContain('index      1\n');
    expect(text.endsWith('enter command > get_log 7\x1b[26G')).toBe(true);
    terminal.prompt.notify('node 1 was killed');
    expect(await terminal.type('')).toMatch(/node 1 was killed\n[^]*enter command > get_log 7/);
    expect(terminal.node.calls.filter((call) => call.startsWith('get'))).toEqual([]);
  });

  test('lines that are pasted together are all answered, in order', async () => {
    const lines = Array.from({ length: 300 }, (_, at) => `add_log k${at} v\r`).join('');
    const text = await terminal.type(`${lines}get_log 300\r`);
    const keys = [...text.matchAll(/^key +(\S+)$/gm)].map(([, key]) => key);
    expect(keys).toEqual([...Array.from({ length: 300 }, (_, at) => `k${at}`), 'k299']);
  });

  test('an error says what to do', async () => {
    terminal.node.failure = noLeader();
    expect(await terminal.type('add_log a 1\r')).toContain(
      'NO_LEADER: no leader was found: try again\n  nothing',
    );
  });

  test('the leader and its changes are told in one line each', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      const watched = new Terminal(directory);
      const look = async (): Promise<string> => {
        jest.advanceTimersByTime(300);
        return watched.type('');
      };
      expect(await look()).toContain('node 0 leads, term 1\n');
      expect(await look()).toBe('');
      watched.node.info = { ...watched.node.info, leader: null };
      expect(await look()).toContain('no leader\n');
      watched.node.info = { ...watched.node.info, leader: 2, currentTerm: 5 };
      expect(await look()).toContain('node 2 leads, term 5\n');
      watched.input.end();
      await watched.prompt.ended;
    } finally {
      jest.useRealTimers();
    }
  });

  test('Ctrl-C clears the line; a key after it, and the next one clears again', async () => {
    await terminal.type(`add_log a 1${CTRL_C}`);
    await terminal.type(`x${CTRL_C}`);
    const text = await terminal.type('get_log 1\r');
    expect(text).toContain('NOT_FOUND');
    expect(terminal.node.calls).toEqual(['get 1']);
  });

  test('tail shows what follows until a key is pressed, which does nothing else', async () => {
    await terminal.type('add_log old 1\rtail\r');
    const shown = async (key: string): Promise<string> => {
      await terminal.node.logApi.push(key, { value: 'v' });
      return until(
        async () => terminal.type(''),
        (text) => text.includes(`${key}  v\n`),
      );
    };
    expect(await shown('first')).toMatch(/2 {2}.*first {2}v\n/);
    expect(await shown('second')).toMatch(/3 {2}.*second {2}v\n/);
    await terminal.type('g');
    await terminal.node.logApi.push('third', { value: 'v' });
    await new Promise((done) => setTimeout(done, 3 * FOLLOW_LOOK_MS));
    const text = await terminal.type('get_log 1\r');
    expect(text).not.toContain('third');
    expect(text).toContain('key        old\n');
  });

  test.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
    ['the arrow up', '\x1b[A'],
    ['return', '\r'],
    ['a euro sign', '€'],
  ])('%s that ends a tail ends nothing else, and is not typed', async (_name, key) => {
    await terminal.type('tail\r');
    await terminal.type(key);
    await terminal.type(CTRL_C);
    const text = await terminal.type('add_log a 1\r');
    expect(text).toContain('index      1\n');
    expect(terminal.node.calls.at(-1)).toBe('push a');
  });

  test('a separator of lines in a paste is part of its line, on every version of Node.js', async () => {
    await terminal.type('add_log k a\u2028b\u2029c\r');
    expect(terminal.node.entries.map(({ log }) => log.value.value)).toEqual(['a\u2028b\u2029c']);
  });

  test('a key may stand in quotes; quotes around a value are stored, and that is told', async () => {
    expect(await terminal.type('add_log "my key" "my value"\r')).toMatch(
      /key +my key\nvalue +"my value"\n[^]*the quotes are part of the value/,
    );
    expect(await terminal.type('add_log k {"a": "b"}\r')).not.toContain('the quotes are part');
  });

  test('Ctrl-C ends the wait for an add, and not the node', async () => {
    terminal.node.hold();
    await terminal.type('add_log a 1\r');
    expect(await terminal.type(CTRL_C)).toContain('UNKNOWN_OUTCOME: you ended the wait');
    terminal.node.letGo();
    await terminal.type('get_log 1\r');
    terminal.node.letGo();
    expect(await terminal.type('')).toContain('value      1\n');
    await terminal.type(CTRL_C);
    await terminal.type(CTRL_C);
    await expect(terminal.prompt.ended).resolves.toBe('exit');
  });

  test('a tail with more lines behind it does not follow', async () => {
    expect(await terminal.type('tail\rinfo\r')).not.toContain('press any key');
  });

  test('Ctrl-C twice ends the prompt', async () => {
    await terminal.type(`add_log a 1${CTRL_C}${CTRL_C}`);
    await expect(terminal.prompt.ended).resolves.toBe('exit');
    expect(terminal.node.calls).toEqual([]);
  });

  test.each([
    ['Ctrl-D on an empty line', CTRL_D],
    ['exit', 'exit\r'],
  ])('%s ends the prompt when the lines before are answered', async (_name, keys) => {
    terminal.node.hold();
    let ended = false;
    void terminal.prompt.ended.then(() => (ended = true));
    await terminal.type(`add_log a 1\r${keys}`);
    expect(ended).toBe(false);
    terminal.node.letGo();
    expect(await terminal.type('')).toContain('index      1\n');
    await expect(terminal.prompt.ended).resolves.toBe('exit');
  });

  test('a terminal that goes away ends the prompt', async () => {
    terminal.input.destroy(new Error('read EIO'));
    await expect(terminal.prompt.ended).resolves.toBe('exit');
  });

  test('lines are kept for the next run, and keys completed', async () => {
    await terminal.type('add_log super test\rinfo\r');
    expect(readFileSync(join(directory, 'history'), 'utf8')).toBe('add_log super test\ninfo\n');
    const next = new Terminal(directory);
    await next.type('add_log su');
    await next.type('\t');
    await next.type('again\r');
    expect(next.node.calls).toEqual(['push super']);
    expect(next.node.entries[0]?.log.value.value).toBe('again');
    await next.prompt.stop(0);
  });

  test('a key in quotes is completed with them', async () => {
    await terminal.type('add_log "my own key" 1\r');
    await terminal.type('add_log "my o');
    await terminal.type('\t');
    await terminal.type('2\r');
    expect(terminal.node.calls).toEqual(['push my own key', 'push my own key']);
  });

  test('quit is exit, and ? is help', async () => {
    expect(await terminal.type('?\r')).toContain('add_log KEY VALUE…');
    await terminal.type('quit\r');
    await expect(terminal.prompt.ended).resolves.toBe('exit');
  });
});
