import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../../../src/cli/commands/CommandTable';
import { complete, RecentKeys } from '../../../../src/cli/terminal/completion';
import { PromptHistory } from '../../../../src/cli/terminal/PromptHistory';
import { HISTORY_LINES_MAX, HISTORY_LINE_LENGTH_MAX, RECENT_KEYS_MAX } from '../../../../src/limits';

const unexpected = (error: Error): never => {
  throw error;
};

describe('PromptHistory', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mokka-history-'));
    file = join(directory, 'prompt_history');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('keeps lines for the next run, newest first, for the owner alone', () => {
    const history = new PromptHistory(file, unexpected);
    expect(history.load()).toEqual([]);
    history.add('add_log super test');
    history.add('info');
    expect(new PromptHistory(file, unexpected).load()).toEqual(['info', 'add_log super test']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('takes back a mode that lets others read', () => {
    writeFileSync(file, 'info\n', { mode: 0o644 });
    new PromptHistory(file, unexpected).load();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is cut to its newest lines, and keeps no giant', () => {
    writeFileSync(file, Array.from({ length: HISTORY_LINES_MAX + 5 }, (_, at) => `line ${at}\n`).join(''));
    const history = new PromptHistory(file, unexpected);
    expect(history.load()).toHaveLength(HISTORY_LINES_MAX);
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('line 5');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    history.add('x'.repeat(HISTORY_LINE_LENGTH_MAX + 1));
    expect(readFileSync(file, 'utf8')).not.toContain('xx');
  });

  test('a file that cannot be written costs only the history, and is told once', () => {
    const failures: Error[] = [];
    const history = new PromptHistory(join(directory, 'missing', 'history'), (error) => failures.push(error));
    expect(history.load()).toEqual([]);
    history.add('info');
    history.add('info');
    expect(failures).toHaveLength(1);
  });
});

describe('completion', () => {
  test('commands, then the keys of recent adds, newest first', () => {
    const keys = new RecentKeys();
    for (const line of [
      'add_log super 1',
      'add_log sum 2',
      'get_log 3',
      'add_log super 3',
      'add_log  other x',
    ])
      keys.note(line);
    expect(complete('a', keys)).toEqual([['add_log ', 'add_log_if ', 'add_log_if_key '], 'a']);
    expect(complete('', keys)[0]).toEqual(COMMANDS.map(({ name }) => `${name} `));
    expect(complete('add_log su', keys)).toEqual([['super ', 'sum '], 'su']);
    expect(complete('add_log super v', keys)).toEqual([[], 'add_log super v']);
    expect(complete('get_log 1', keys)).toEqual([[], 'get_log 1']);
  });

  test('a bounded number of keys', () => {
    const keys = new RecentKeys();
    for (let count = 0; count < 2 * RECENT_KEYS_MAX; count++) keys.note(`add_log k${count} v`);
    expect(keys.startingWith('')).toHaveLength(RECENT_KEYS_MAX);
  });
});
