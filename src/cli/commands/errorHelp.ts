import { RequestError, type BackupErrorCode, type RequestErrorCode, type StartErrorCode } from '../../errors';
import type { ErrorHelp } from '../render/render';
import { nearestName } from './nearestName';

/** Each code that a caller can meet: the status of a program that ends with it, what happened, and what to do. */
type Rows = Readonly<
  Record<
    RequestErrorCode | StartErrorCode | BackupErrorCode | 'INVARIANT',
    readonly [number | null, string, string]
  >
>;

const ROWS: Rows = {
  BAD_COMMAND: [2, 'there is no such command', 'help lists them'],
  BAD_ARGUMENT: [2, 'an argument is missing or malformed', 'the message says what is allowed'],
  TOO_LARGE: [
    2,
    'a key over 1 KiB, a value over 1 MiB, or a line over 2 MiB; nothing was stored',
    'split it into several logs',
  ],
  NOT_FOUND: [3, 'a quorum confirmed that there is no such log', 'info shows the last index'],
  TRIMMED: [
    15,
    'the log begins later: what was asked for was forgotten on every node',
    'the message says where it begins; backups and archives may hold what came before',
  ],
  NO_LEADER: [4, 'nothing was committed', 'try again; info says what is missing'],
  UNKNOWN_OUTCOME: [
    5,
    'no answer came in time: it may have been committed',
    'look for it before you try again',
  ],
  CONDITION_FAILED: [
    14,
    'the log, or the key’s, does not end where the push wants it to; nothing was stored',
    'read what came, then try again behind it',
  ],
  STORE_FULL: [
    16,
    'no quorum of the nodes has room on its disk for more logs; nothing was stored',
    'trim the log, or make room on the disks; info says which are full',
  ],
  INTERNAL: [6, 'a bug (a node ends with 1)', 'report it, with the log of the node'],
  INVARIANT: [
    6,
    'a rule of the algorithm does not hold: a bug (a node ends with 1)',
    'report it, with the log of the node',
  ],
  BUSY: [
    12,
    'more waits than a node takes at once: 16,384 adds or 64 MiB of them, 16,384 reads; nothing was stored',
    'try again when some are answered',
  ],
  HISTORIES_DIFFER: [
    13,
    'the members that are needed hold other logs for committed; nothing was stored or told',
    'info says what to do',
  ],
  STALE_NONCE: [
    null,
    'library only: this push is too old to know its outcome',
    'look for it; give another log a higher nonce',
  ],
  NONCE_REUSED: [
    null,
    'library only: the session used this nonce for another log',
    'give each log a nonce of its own',
  ],
  UNAUTHENTICATED: [
    null,
    'HTTP only: the request has no token, or one that the node does not know',
    'mokka-cluster token create makes one',
  ],
  FORBIDDEN: [
    null,
    'HTTP only: the token has not the scope for it, or the Host of the request is another machine',
    'the detail says which',
  ],
  NODE_UNREACHABLE: [
    1,
    'no node runs there, it is not connected, has stopped, or does not answer',
    'start it, or name its directory by DATA_DIR and --node',
  ],
  BAD_CONFIG: [
    2,
    'environment, options or cluster.json cannot be used, or Node.js or packages are missing',
    'the message names each fault and what is allowed',
  ],
  BAD_KEY: [2, 'a key file is missing, open to others or no key', 'the message says how to mend it'],
  PORT_TAKEN: [
    1,
    'another process listens on the address of the node',
    'stop what listens there, or choose another port',
  ],
  CANNOT_LISTEN: [1, 'the node cannot listen on its address', 'the message says why'],
  DATA_LOCKED: [1, 'another process uses the data directory', 'stop that process, or name another directory'],
  DATA_DAMAGED: [
    1,
    'the store is not what was written',
    'remove the directory of the node and start it: it rejoins',
  ],
  DATA_FOREIGN: [1, 'the directory is of another node, cluster or version', 'name the right DATA_DIR'],
  STORE_FAILED: [
    1,
    'the disk is full, read-only or broken, holds no data of a node, or something stands in the place of the socket for commands',
    'mend it, then start again',
  ],
  TARGET_EXISTS: [7, 'a backup or restore would overwrite something', 'name another file or directory'],
  BACKUP_DAMAGED: [8, 'the backup is not what was written', 'take another copy, or an older backup'],
  BACKUP_FOREIGN: [
    9,
    'the file is no backup, or of another version',
    'name one that the command backup wrote',
  ],
  SAME_CLUSTER: [
    10,
    'the backup is of this very cluster',
    'a single member rejoins by itself; if all lost their data, restore each with --same-cluster',
  ],
  FILE_FAILED: [11, 'a file cannot be read or written', 'see that the disk has space and the user the right'],
};

const ERRORS: readonly ErrorHelp[] = Object.entries(ROWS).map(([code, [status, happened, advice]]) => ({
  code,
  status,
  happened,
  advice,
}));

/** A longer word is like no code. */
const CODE_LENGTH_MAX = 32;

/** The status that a program ends with after an error with this code; 1 for a code that is not here, or of the library alone. */
export function statusOfCode(code: string): number {
  return ERRORS.find((error) => error.code === code)?.status ?? 1;
}

/** The word after `help` for all codes. */
const ALL = 'errors';

/**
 * What `help CODE` and `help errors` tell; null for `help` alone. `names`: what else may stand after it.
 *
 * @throws RequestError BAD_ARGUMENT for what is no code.
 */
export function parseErrorHelp(text: string, names: readonly string[] = []): readonly ErrorHelp[] | null {
  const word = text.trim();
  if (word === '') return null;
  if (word === ALL) return ERRORS;
  const found = ERRORS.filter(({ code }) => code === word.toUpperCase());
  if (found.length > 0) return found;
  const codes = ERRORS.map(({ code }) => code.toLowerCase());
  const nearest = word.length <= CODE_LENGTH_MAX ? nearestName(word, [...names, ...codes]) : null;
  const meant = nearest !== null && codes.includes(nearest) ? nearest.toUpperCase() : nearest;
  const advice = meant === null ? `help ${ALL} lists the codes` : `did you mean ${meant}?`;
  throw new RequestError(
    'BAD_ARGUMENT',
    `help takes nothing, the name of a command or the code of an error: ${advice}`,
  );
}
