import { z } from 'zod';
import { KEY_BYTES_MAX, LIST_ENTRIES_MAX, VALUE_BYTES_MAX } from '../../limits';
import { HTTP_PAGE_DEFAULT, HTTP_WAIT_S_MAX } from '../../httpLimits';

/** What requests bring and answers hold: it checks the first, and is what the OpenAPI document says of both. */

const index = z.int().min(1).describe('a log’s index: 1, 2, 3, … without gaps');

export const entrySchema = z
  .strictObject({
    index,
    term: z.int().min(1).describe('the term of the leader that made it'),
    hash: z.string().length(64).describe('covers this log and all before it; hex digits'),
    createdAt: z.int().describe('by its leader’s clock, ms since 1970'),
    log: z.strictObject({
      key: z.string(),
      value: z.strictObject({ value: z.string(), nonce: z.number().describe('that of the push') }),
    }),
  })
  .describe('A committed log. It never changes.');

export const pageSchema = z
  .strictObject({
    logs: z.array(entrySchema),
    next: index.describe('the index to go on from'),
    upToDate: z
      .boolean()
      .optional()
      .describe(
        'true: there were no more, as a quorum confirmed; false: there are more; not there on a full page',
      ),
  })
  .describe('Logs one after the other: at most `limit`, and 1 MiB of them.');

export const historySchema = z
  .strictObject({
    logs: z.array(entrySchema),
    next: index.nullable().describe('the `before` to go on with; null: there are no more'),
  })
  .describe('Logs of a key, the latest first: at most `limit`, and 1 MiB of them.');

export const trimSchema = z
  .strictObject({ index: z.int().min(1).describe('the last log to forget') })
  .describe('Up to where the log is forgotten.');

export const trimmedSchema = z
  .strictObject({ floor: z.int().min(1).describe('index of the last log that is forgotten') })
  .describe('The log begins behind it.');

export const appendSchema = z
  .strictObject({
    key: z.string().describe(`1 to ${KEY_BYTES_MAX} bytes of UTF-8`),
    value: z.string().describe(`at most ${VALUE_BYTES_MAX} bytes of UTF-8`),
  })
  .describe('A log to append.');

export const appendLineSchema = appendSchema
  .extend({
    session: z.string().optional().describe('16 hex digits; as Mokka-Session'),
    nonce: z.int().min(0).optional().describe('as Mokka-Nonce'),
    since: z.string().optional().describe('as Mokka-Since'),
    ifLast: z.int().min(0).optional().describe('as Mokka-If-Last'),
    ifKeyLast: z.int().min(0).optional().describe('as Mokka-If-Key-Last'),
  })
  .describe('One line: a log to append, and which push it is.');

export const answerLineSchema = z
  .union([
    z.strictObject({
      command: z.literal('add_log'),
      ok: z.literal(true),
      result: entrySchema,
      since: z.string().optional().describe('where the line named a session: as Mokka-Since'),
    }),
    z.strictObject({
      command: z.literal('add_log'),
      ok: z.literal(false),
      error: z.strictObject({
        code: z.string(),
        message: z.string(),
        lastIndex: z.int().optional().describe('with CONDITION_FAILED'),
        floor: z.int().optional().describe('with TRIMMED'),
      }),
    }),
  ])
  .describe('The answer to a line, in the order of the lines.');

const peerSchema = z.strictObject({
  node: z.int(),
  address: z.string(),
  connected: z.boolean(),
  reason: z.string().optional(),
  matchIndex: z.int().optional().describe('on the leader: index of the last log that it is known to hold'),
});

export const infoSchema = z.strictObject({
  index: z.int().describe('of the last log that this node holds; 0: none'),
  hash: z.string(),
  term: z.int(),
  createdAt: z.int(),
  committedIndex: z.int().describe('index of the last log that this node knows to be committed'),
  floor: z.int().describe('index of the last log that is forgotten: the log begins behind it; 0: none is'),
  node: z.int().describe('this node’s number'),
  state: z.enum(['leader', 'follower', 'candidate']),
  leader: z.int().nullable().describe('the leader’s number; null: none is known'),
  currentTerm: z.int(),
  membership: z.enum(['voter', 'rejoining', 'none']),
  peers: z.array(peerSchema),
  problem: z
    .string()
    .nullable()
    .describe('why nothing can be committed, or what this node lacks; null: all is well'),
});

export const statusSchema = z.strictObject({
  members: z.array(
    z.strictObject({
      node: z.int(),
      address: z.string(),
      role: z.enum(['leader', 'follower', 'candidate', 'unknown']),
      reachable: z.boolean(),
      reason: z.string().optional(),
      behind: z.int().nullable().describe('entries that it lacks; null: unknown'),
      clockOffset: z.number().nullable().describe('its clock less this node’s, ms'),
      http: z.string().nullable().describe('where its own door is, as far as the configuration tells'),
    }),
  ),
});

export const livenessSchema = z.strictObject({ status: z.enum(['live', 'not live']) });

export const readinessSchema = z.strictObject({
  status: z.enum(['ready', 'not ready']),
  checks: z
    .array(z.strictObject({ name: z.string(), ok: z.boolean() }))
    .optional()
    .describe('with ?verbose'),
  problem: z.string().nullable().optional().describe('with ?verbose'),
});

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('what happened'),
    code: z.string().describe('stable, as everywhere in mokka-cluster'),
    advice: z.string().describe('what to do'),
    lastIndex: z.int().optional().describe('with CONDITION_FAILED: index of the last log, or of the key’s'),
    floor: z.int().optional().describe('with TRIMMED: index of the last log that is forgotten'),
  })
  .describe('An error (RFC 9457).');

/** Digits; not each number of so many is safe. */
const WHOLE_NUMBER = /^(0|[1-9]\d{0,15})$/;

/** Whether a text is a whole number from 0 to 2^53 - 1. */
export function isWholeNumber(text: string): boolean {
  return WHOLE_NUMBER.test(text) && Number.isSafeInteger(Number(text));
}

/** A whole number in a query or path. */
function numberIn(min: number, max: number): z.ZodType<number, string> {
  const allowed = `is a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : max}`;
  return z
    .string()
    .regex(WHOLE_NUMBER, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed)
    .meta({ type: 'integer', minimum: min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }) });
}

export const entryPathSchema = z.strictObject({ index: numberIn(1, Number.MAX_SAFE_INTEGER) });

export const keyPathSchema = z.strictObject({
  key: z.string().describe('percent-encoded UTF-8; a / in it as %2F'),
});

export const historyQuerySchema = z.strictObject({
  limit: numberIn(1, LIST_ENTRIES_MAX)
    .optional()
    .describe(`at most so many logs; ${HTTP_PAGE_DEFAULT} by default`),
  before: numberIn(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('only logs before the one with this index'),
});

export const readQuerySchema = z.strictObject({
  from: numberIn(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('index of the first log; 1 by default. It need not exist yet'),
  limit: numberIn(1, LIST_ENTRIES_MAX)
    .optional()
    .describe(`at most so many logs; ${HTTP_PAGE_DEFAULT} by default`),
  wait: numberIn(0, HTTP_WAIT_S_MAX)
    .optional()
    .describe(
      'where there is no log yet: so many seconds for one to come; 503 where none did, and no leader confirms it',
    ),
  follow: z
    .enum(['sse', 'ndjson'], 'is sse or ndjson')
    .optional()
    .describe('all logs from there on, and those that come, until the connection is closed'),
});

export const readyQuerySchema = z.strictObject({
  verbose: z.string().optional().describe('lists the checks'),
});

export const noQuerySchema = z.strictObject({});
