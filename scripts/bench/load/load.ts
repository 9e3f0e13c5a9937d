import { ADD_LINE, AddRequests, GetRequests, JSON_LINE, Payloads, type Requests } from './requests';
import type { LoadLength, WindowResult } from './Window';

/** One level of a closed loop: so many requests are unanswered at any time. */
export interface Load {
  readonly command: 'add_log' | 'get_log';
  readonly inflight: number;
  readonly length: LoadLength;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Entries that are committed before: where gets find theirs, and adds of this load begin to number. */
  readonly entries: number;
  /** Whether an add is a line of JSON, as HTTP takes it, and not one of a prompt; not where it is left out. */
  readonly json?: boolean;
}

/** An entry that was acknowledged or read, to be compared with what other nodes hold. */
export interface SampledEntry {
  readonly index: number;
  readonly hash: string;
  readonly key: string;
}

/** What a load has shown. */
export interface LoadResult extends WindowResult {
  /** The part of one core that this process, the client, used; null where the load ran inside the node. */
  readonly client_cores: number | null;
  readonly sample: readonly SampledEntry[];
}

/** Told now and then how many requests were answered, and since when, ms. */
export type OnProgress = (progress: { readonly operations: number; readonly elapsedMs: number }) => void;

/** How often progress is told, ms. */
export const PROGRESS_MS = 250;

/** A load without any answer for so long is given up, ms: longer than a node tries a push by itself. */
export const SILENCE_MS_MAX = 30_000;

/** The requests of a load, as lines. */
export function requestsOf({ command, keyBytes, valueBytes, entries, json = false }: Load): Requests {
  return command === 'get_log'
    ? new GetRequests(entries)
    : new AddRequests(new Payloads(keyBytes, valueBytes), entries, json ? JSON_LINE : ADD_LINE);
}
