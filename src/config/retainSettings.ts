import { z } from 'zod';
import type { Retain } from '../api';
import { strictFields } from './faults';

/** The least that `bytes` may be: the file that grows, one before it, and as much again. */
const RETAIN_BYTES_MIN = 64 * 1024 * 1024;

/** `settings.retain` of a cluster.json. */
export const retainSchema = strictFields({
  logs: atLeast(1).optional(),
  bytes: atLeast(RETAIN_BYTES_MIN).optional(),
  days: z.number('must be a number of days').positive('must be more than 0 days').optional(),
}).refine((retain) => Object.values(retain).some((value) => value !== undefined), {
  error: 'must have logs, bytes or days, or more of them; without settings.retain every log is kept',
});

/** What it says, without the fields that are not there. */
export function retainOf({ logs, bytes, days }: z.infer<typeof retainSchema>): Retain {
  return {
    ...(logs === undefined ? {} : { logs }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(days === undefined ? {} : { days }),
  };
}

function atLeast(min: number): z.ZodType<number> {
  const allowed = `must be a whole number of at least ${min}`;
  return z.int(allowed).min(min, allowed);
}
