import type { Random } from '../simulation/simulator/world/Random';

/** Numbers at which readers of numbers go wrong. */
const EDGES = [
  '-1',
  '0',
  '1.5',
  '1e308',
  '281474976710655',
  '281474976710656',
  '9007199254740993',
  'null',
  '""',
];

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const changed = Buffer.from(bytes);
    for (let n = random.between(1, 4); n > 0 && changed.length > 0; n--) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    }
    return changed;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function extend(bytes, random) {
    return Buffer.concat([bytes, random.bytes(random.between(1, 20))]);
  },
  function overwrite(bytes, random) {
    const changed = Buffer.from(bytes);
    const at = random.below(changed.length + 1);
    return changed.fill(
      random.pick([0x00, 0x7f, 0x80, 0xff]),
      at,
      Math.min(changed.length, at + random.between(1, 8)),
    );
  },
  function drop(bytes, random) {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 8))]);
  },
  function splice(bytes, random, others) {
    const other = others.length === 0 ? bytes : random.pick(others);
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  function exchangeNumber(bytes, random) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { 0: found, index } = random.pick(numbers);
    return Buffer.from(
      text.slice(0, index) + random.pick(EDGES) + text.slice(index + found.length),
      'latin1',
    );
  },
];

/** Bytes that were well-formed, changed in one of several ways. */
export function mutate(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  return random.pick(mutations)(bytes, random, others);
}
