import type { LogHistory } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import { RequestError } from '../../errors';
import { LIST_ENTRIES_DEFAULT, LIST_ENTRIES_MAX } from '../../limits';
import { renderEntry } from '../render/render';
import { renderLogs } from '../render/renderTables';
import type { Command } from './CommandTable';
import { entryJson, listJson } from './entryJson';
import { parseExactGet, parseExactHistory, parseGet, parseHistory, type HistoryWords } from './keyWords';

/** Shows the last log of a key. */
export const get: Command<string, LogEntry> = {
  name: 'get',
  usage: 'get KEY',
  summary: 'show the last log of this key',
  details: 'KEY may stand in double quotes. A quorum has confirmed that there is no later one.',
  effect: 'read',
  parse: parseGet,
  run: async ({ node }, key) => {
    const entry = await node.getDb().getEntry().latest(key);
    if (entry === null)
      throw new RequestError(
        'NOT_FOUND',
        'there is no log of this key yet: get_log shows a log by its index',
      );
    return entry;
  },
  json: entryJson,
  render: renderEntry,
};

/** Shows the last logs of a key. */
export const history: Command<HistoryWords, LogHistory> = {
  name: 'history',
  usage: 'history KEY [COUNT] [--before INDEX]',
  summary: 'show the last logs of this key, the latest first',
  details: `COUNT is ${LIST_ENTRIES_DEFAULT} where it is left out, at most ${LIST_ENTRIES_MAX}. --before INDEX shows older ones only, to go on from those shown.`,
  effect: 'read',
  parse: parseHistory,
  run: ({ node }, { key, count, before }) =>
    node
      .getDb()
      .getEntry()
      .history(key, { limit: count, ...(before === null ? {} : { before }) }),
  json: listJson,
  render: ({ logs }, style) => (logs.length === 0 ? 'no log of this key there' : renderLogs(logs, style)),
  note: ({ next }) => (next === null ? null : `older ones: --before ${next}`),
};

/** The same for keys that a line cannot hold as they are. */
export const exactKeyCommands: readonly Command[] = [
  { ...get, name: 'get_base64', usage: 'get_base64 KEY', internal: true, parse: parseExactGet },
  {
    ...history,
    name: 'history_base64',
    usage: 'history_base64 KEY [COUNT] [--before INDEX]',
    internal: true,
    parse: parseExactHistory,
  },
];
