import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { PromptHistory } from '../../../../src/cli/terminal/PromptHistory';
import { TerminalPrompt } from '../../../../src/cli/terminal/TerminalPrompt';
import { FakeNode } from '../FakeNode';
import { Screen } from './Screen';

/** The status line as it is seen under a prompt, on a screen of 40 columns and 12 rows. */
const COLUMNS = 40;
const ROWS = 12;
const CTRL_C = '\x03';
const HOME = '\x1b[H';
const UP = '\x1b[A';

let directory: string;
let input: PassThrough;
let screen: Screen;
let prompt: TerminalPrompt;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-status-'));
  const node = new FakeNode();
  input = new PassThrough();
  screen = new Screen(COLUMNS, ROWS);
  const history = new PromptHistory(join(directory, 'history'), (error) => {
    throw error;
  });
  prompt = new TerminalPrompt(
    { node },
    { input, output: screen, history, color: false, unexpected: () => undefined, look: () => null },
  );
  status('the status');
});
afterEach(async () => {
  await prompt.stop(0);
  rmSync(directory, { recursive: true });
});

function status(text: string): void {
  prompt.showStatus(() => text);
}

async function settled(): Promise<string[]> {
  for (let count = 0; count < 50; count++) await turn();
  return screen.shown;
}

/** Types a key at a time, as people do. */
async function type(keys: string): Promise<string[]> {
  for (const key of keys) {
    input.write(key);
    await turn();
  }
  return settled();
}

/** Gives all at once, as a paste does. */
async function paste(text: string): Promise<string[]> {
  input.write(text);
  return settled();
}

test('it stands under the line being typed, and the cursor in that line', async () => {
  expect(await type('get_log 12\x7f')).toEqual(['enter command > get_log 1|', 'the status']);
});

test('one that changes is drawn in the same row; one that does not is not drawn again', async () => {
  await type('get');
  status('another status');
  expect(await settled()).toEqual(['enter command > get|', 'another status']);
  const { length } = screen.written;
  status('another status');
  await settled();
  expect(screen.written).toHaveLength(length);
});

test('an answer and a notice stand above the line, and of the status nothing is left behind', async () => {
  await type('nonsense\rget_log 1');
  prompt.notify('node 1 was killed');
  expect(await settled()).toEqual([
    'enter command > nonsense',
    'BAD_COMMAND: there is no command',
    '"nonsense": use one of add_log, get_log,',
    'list, tail, get, history, add_log_if,',
    'add_log_if_key, trim, info, status,',
    'help, exit',
    '  help lists the commands',
    'node 1 was killed',
    'enter command > get_log 1|',
    'the status',
  ]);
});

test('at the end of the screen all goes up for it', async () => {
  for (let line = 1; line <= 2 * ROWS; line++) prompt.notify(`notice ${line}`);
  const shown = await type('x');
  expect(shown).toHaveLength(ROWS);
  expect(shown.slice(-3)).toEqual([`notice ${2 * ROWS}`, 'enter command > x|', 'the status']);
});

test.each([
  ['typed', type],
  ['pasted', paste],
])('it stands under all rows of a long line that is %s, wherever in it the cursor is', async (_how, give) => {
  const rows = [
    'enter command > add_log key a long line ',
    'that goes over three rows of a terminal ',
    'as narrow',
  ];
  const line = rows.join('').slice('enter command > '.length);
  expect(await give(line)).toEqual([rows[0], rows[1], `${rows[2]}|`, 'the status']);
  expect(await paste(HOME)).toEqual([rows[0]?.replace('> ', '> |'), rows[1], rows[2], 'the status']);
  prompt.notify('a notice');
  expect((await settled())[0]).toBe('a notice');
  expect(await type(CTRL_C)).toContain('enter command > |');
  expect(screen.shown.filter((row) => row === 'the status')).toHaveLength(1);
});

test.each([
  ['typed', type, 1],
  ['typed', type, 3],
  ['pasted', paste, 1],
  ['pasted', paste, 3],
])('a row that is just filled, %s: the next key stands in the next one', async (_how, give, rows) => {
  const text = 'x'.repeat(rows * COLUMNS - 'enter command > '.length);
  await give(text);
  const all = `enter command > ${text}`;
  const filled = Array.from({ length: rows }, (_, row) => all.slice(row * COLUMNS, (row + 1) * COLUMNS));
  expect(await type('y')).toEqual([...filled, 'y|', 'the status']);
  expect(await type('\x7f')).toEqual([...filled, '| ', 'the status']);
});

test('a key that comes at once with a paste that fills rows', async () => {
  const text = 'x'.repeat(2 * COLUMNS - 'enter command > '.length);
  prompt.notify('a notice');
  const [notice, ...shown] = await paste(`${text}${HOME}`);
  expect(notice).toBe('a notice');
  expect(shown[0]).toBe(`enter command > |${text.slice(0, COLUMNS - 'enter command > '.length)}`);
  expect(shown.slice(2)).toEqual([' ', 'the status']);
});

test('what is pasted inside a line stands where the cursor is', async () => {
  await type('get1');
  await paste('\x1b[D');
  expect(await paste('_log ')).toEqual(['enter command > get_log |1', 'the status']);
});

test('history and completion', async () => {
  await type('nonsense\r');
  expect((await paste(UP)).slice(-2)).toEqual(['enter command > nonsense|', 'the status']);
  await type(`${'\x7f'.repeat(8)}i`);
  expect((await type('\t')).slice(-2)).toEqual(['enter command > info |', 'the status']);
  await type('\x7f'.repeat(5));
  await paste('\t');
  await paste('\t');
  const shown = screen.shown.slice(screen.shown.indexOf('enter command > '));
  expect(shown[0]).toBe('enter command > ');
  expect(shown[1]).toMatch(/^add_log +get_log/);
  expect(shown.slice(-2)).toEqual(['enter command > |', 'the status']);
  expect(shown.filter((row) => row.includes('the status'))).toEqual(['the status']);
});

test('after a change of the width it is drawn for the new one', async () => {
  prompt.showStatus(({ columns }) => `${columns} columns`);
  await type('get');
  screen.resize(60);
  expect(await settled()).toEqual(['enter command > get|', '60 columns']);
});

test.each([
  ['exit', 'exit\r', 'enter command > exit'],
  ['Ctrl-C twice', `${CTRL_C}${CTRL_C}`, 'Ctrl-C again, Ctrl-D or exit stops the'],
])('%s takes it away for good', async (_name, keys, first) => {
  await type(keys);
  await expect(prompt.ended).resolves.toBe('exit');
  status('too late');
  prompt.notify('node 0 ended');
  const shown = await settled();
  expect(shown[0]).toBe(first);
  expect(shown.slice(-2)).toEqual(['node 0 ended', '|']);
  expect(shown.join('\n')).not.toMatch(/the status|too late/);
});
