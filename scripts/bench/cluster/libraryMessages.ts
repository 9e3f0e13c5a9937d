import { z } from 'zod';
import type { Load, LoadResult } from '../load/load';

/** What the bench and a node with the load inside ({@link file://./libraryNode.ts}) tell each other over IPC. */

const count = z.number().int().nonnegative();

const loadSchema: z.ZodType<Load> = z.object({
  command: z.enum(['add_log', 'get_log']),
  inflight: count,
  length: z.union([z.object({ warmupMs: z.number(), measureMs: z.number() }), z.object({ requests: count })]),
  keyBytes: count,
  valueBytes: count,
  entries: count,
});

const resultSchema: z.ZodType<LoadResult> = z.object({
  operations: count,
  seconds: z.number(),
  rate: z.number(),
  p50_ms: z.number().nullable(),
  p99_ms: z.number().nullable(),
  max_ms: z.number().nullable(),
  client_cores: z.number().nullable(),
  sample: z.array(z.object({ index: count, hash: z.string(), key: z.string() })),
});

const progressSchema = z.object({ operations: count, elapsedMs: z.number() });

/** To the node: run this. */
export const toLibraryNode = z.object({ load: loadSchema });
export type ToLibraryNode = z.infer<typeof toLibraryNode>;

/** From the node: how far it is, what came out, or why nothing did. */
export const fromLibraryNode = z.union([
  z.object({ progress: progressSchema }),
  z.object({ result: resultSchema }),
  z.object({ failed: z.string() }),
]);
export type FromLibraryNode = z.infer<typeof fromLibraryNode>;
