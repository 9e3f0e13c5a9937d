import { z } from 'zod';
import type { Retain } from '../api';
import { strictFields } from './faults';

/** The least that `bytes` and `storeBytesMax` may be: the file that grows, one before it, and as much again. */
const RETAIN_BYTES_MIN = 64 * 1024 * 1024;

/** `settings.retain` of a cluster.json. */
export const retainSchema = strictFields({
  logs: atLeast(1).optional(),
  bytes: atLeast(RETAIN_BYTES_MIN).optional(),
  days: z.number('must be a number of days').positive('must be more than 0 days').optional(),
}).refine((retain) => Object.values(retain).some((value) => value !== undefined), {
  error: 'must have logs, bytes or days, or more of them; without settings.retain every log is kept',
});

/** `settings.storeBytesMax` of a cluster.json. */
export const storeBytesMaxSchema = atLeast(RETAIN_BYTES_MIN);

/** What is told where {@link leavesRoomToTrim} is false. */
export const RETAIN_BELOW_MAX = {
  path: ['retain', 'bytes'],
  error: 'must be less than settings.storeBytesMax: else adds are refused before anything is trimmed',
};

/** Whether what is retained is less than what a store may have. */
export function leavesRoomToTrim({
  retain,
  storeBytesMax = Infinity,
}: {
  readonly retain?: z.infer<typeof retainSchema> | undefined;
  readonly storeBytesMax?: number | undefined;
}): boolean {
  return (retain?.bytes ?? 0) < storeBytesMax;
}

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
