import type { LogEntry } from '../storage/Entry';

/**
 * What JSON.stringify makes of a log, in half its time: it knows the fields, and which of them need no escaping. A log
 * is answered in JSON for every line that a program sends.
 */
export function entryJson({ index, term, hash, createdAt, log: { key, value } }: LogEntry): string {
  const log = `{"key":${JSON.stringify(key)},"value":{"value":${JSON.stringify(value.value)},"nonce":${value.nonce}}}`;
  return `{"index":${index},"term":${term},"hash":"${hash}","createdAt":${createdAt},"log":${log}}`;
}
