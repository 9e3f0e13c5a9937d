import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, helpOf } from '../../../../src/cli/commands/CommandTable';
import { parseErrorHelp, statusOfCode } from '../../../../src/cli/commands/errorHelp';
import { renderHelp } from '../../../../src/cli/render/render';
import {
  BackupError,
  StartError,
  type BackupErrorCode,
  type RequestErrorCode,
  type StartErrorCode,
} from '../../../../src/errors';

describe('errors', () => {
  const told = parseErrorHelp('errors') ?? [];

  /** The compiler sees to it that none is missing; null: no program sends a nonce of its own. */
  const requestCodes: Record<RequestErrorCode, number | null> = {
    BAD_COMMAND: 2,
    BAD_ARGUMENT: 2,
    TOO_LARGE: 2,
    NOT_FOUND: 3,
    TRIMMED: 15,
    NO_LEADER: 4,
    BUSY: 12,
    NODE_UNREACHABLE: 1,
    UNKNOWN_OUTCOME: 5,
    STALE_NONCE: null,
    NONCE_REUSED: null,
    HISTORIES_DIFFER: 13,
    UNAUTHENTICATED: null,
    FORBIDDEN: null,
    CONDITION_FAILED: 14,
    STORE_FULL: 16,
    INTERNAL: 6,
  };
  const startCodes: Record<StartErrorCode, true> = {
    BAD_CONFIG: true,
    BAD_KEY: true,
    PORT_TAKEN: true,
    CANNOT_LISTEN: true,
    DATA_LOCKED: true,
    DATA_DAMAGED: true,
    DATA_FOREIGN: true,
    STORE_FAILED: true,
  };
  const backupCodes: Record<BackupErrorCode, true> = {
    TARGET_EXISTS: true,
    BACKUP_DAMAGED: true,
    BACKUP_FOREIGN: true,
    SAME_CLUSTER: true,
    FILE_FAILED: true,
  };
  const codes = <T extends string>(known: Record<T, true>): T[] => Object.keys(known) as T[];
  const statuses = new Map<string, number | null>([
    ...Object.entries(requestCodes),
    ...codes(startCodes).map((code) => [code, new StartError(code, '').exitStatus] as const),
    ...codes(backupCodes).map((code) => [code, new BackupError(code, '').exitStatus] as const),
    ['INVARIANT', 6],
  ]);

  test('help errors tells of every code with its status, and of none that there is not', () => {
    expect(new Map(told.map(({ code, status }) => [code, status]))).toEqual(statuses);
    for (const [code, status] of statuses) expect(statusOfCode(code)).toBe(status ?? 1);
    for (const { happened, advice } of told) expect(happened.length * advice.length).toBeGreaterThan(0);
  });

  test('errors.ts has no code beside these; PROTOCOL never reaches a caller', () => {
    const written = readFileSync(
      join(__dirname, '..', '..', '..', '..', 'src', 'errors.ts'),
      'utf8',
    ).matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g);
    const known = [...statuses.keys(), 'PROTOCOL'];
    expect([...new Set([...written].map(([, code]) => code))].sort()).toEqual(known.sort());
  });
});

describe('help with a word', () => {
  const style = { columns: 80, color: false };

  test.each(['NO_LEADER', 'no_leader', ' NO_LEADER '])('%j: what happened and what to do', (word) => {
    const errors = parseErrorHelp(word) ?? [];
    expect(renderHelp({ errors }, style)).toBe(
      'NO_LEADER (status 4)\n  nothing was committed: try again; info says what is missing',
    );
  });

  test('errors: all of them; no word: the commands', () => {
    expect(parseErrorHelp('errors')?.length).toBeGreaterThan(20);
    expect(parseErrorHelp(' ')).toBeNull();
  });

  test('what is no code is told, with the one that was meant', () => {
    expect(() => helpOf('NO_LEDER')).toThrow('did you mean NO_LEADER?');
    expect(() => helpOf('me')).toThrow('help takes nothing, the name of a command or the code of an error');
    expect(() => helpOf('ad_log')).toThrow('did you mean add_log?');
    expect(() => helpOf('x'.repeat(5000))).toThrow('help errors lists the codes');
  });

  test('the name of a command: how it is typed, what it does, and what else is to know', () => {
    expect(renderHelp(helpOf('list'), style)).toBe(
      'list FROM [COUNT]\n  show the logs from this index on. COUNT is 10 where it is left out, at most\n  1000.',
    );
    expect(renderHelp(helpOf('quit'), style)).toBe(
      'exit\n  stop the node, when all lines before are answered.',
    );
    for (const { name } of COMMANDS) expect(helpOf(name).commands).toMatchObject([{ name }]);
  });
});
