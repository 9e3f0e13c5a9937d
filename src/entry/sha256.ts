import { createHash, hash } from 'node:crypto';

/** Inputs up to this length, bytes, are hashed in one call; copying longer ones would cost more than it saves. */
const ONE_CALL_BYTES_MAX = 4096;

const oneCallBytes = Buffer.alloc(ONE_CALL_BYTES_MAX);

/** By its length, the view of the beginning of those bytes: to make one takes a third as long as to hash an entry. */
const views: (Buffer | undefined)[] = [];

/** A third faster than a Hash object on small inputs; Node.js has it from 20.12 on. */
const hashInOneCall = hash as typeof hash | undefined;

/**
 * SHA-256 over `first` from `from` on and then `second` up to `to`, as 32 characters of latin1 (which node:crypto calls
 * binary): to make a Buffer for it takes twice as long as to hash an entry.
 */
export function sha256(first: Buffer, from: number, second: Buffer, to: number): string {
  const firstBytes = first.length - from;
  if (hashInOneCall === undefined || firstBytes + second.length > ONE_CALL_BYTES_MAX)
    return createHash('sha256').update(first.subarray(from)).update(second.subarray(0, to)).digest('binary');
  // In a loop: to copy a part of a buffer, Node.js makes a view of it first.
  for (let at = 0; at < firstBytes; at++) oneCallBytes[at] = first[from + at] ?? 0;
  oneCallBytes.set(second, firstBytes);
  const length = firstBytes + to;
  return hashInOneCall('sha256', (views[length] ??= oneCallBytes.subarray(0, length)), 'binary');
}
