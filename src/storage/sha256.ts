import { createHash, hash } from 'node:crypto';

/** Inputs up to this length, bytes, are hashed in one call; copying longer ones would cost more than it saves. */
const ONE_CALL_BYTES_MAX = 4096;

const oneCallBytes = Buffer.alloc(ONE_CALL_BYTES_MAX);

/** A third faster than a Hash object on small inputs; Node.js has it from 20.12 on. */
const hashInOneCall = hash as typeof hash | undefined;

/**
 * SHA-256 over `first` and then the bytes of `second` from `start` to `end`, as 32 characters of latin1 (which
 * node:crypto calls binary): to make a Buffer for it takes twice as long as to hash an entry.
 */
export function sha256(first: Buffer, second: Buffer, start: number, end: number): string {
  const length = first.length + end - start;
  if (hashInOneCall === undefined || length > ONE_CALL_BYTES_MAX)
    return createHash('sha256').update(first).update(second.subarray(start, end)).digest('binary');
  first.copy(oneCallBytes);
  second.copy(oneCallBytes, first.length, start, end);
  return hashInOneCall('sha256', oneCallBytes.subarray(0, length), 'binary');
}
