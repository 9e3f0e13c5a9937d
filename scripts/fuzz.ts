/** `npm run fuzz -- --frames 1000000 --seed S`: a live cluster under frames with a stolen key and from strangers. */
import { fuzz } from '../test/fuzz/fuzz';
import { runTrial } from './trial';

const inMiB = (bytes: readonly number[]): string =>
  bytes.map((each) => (each / 1024 / 1024).toFixed(1)).join(', ');

runTrial({
  name: 'fuzz',
  unit: 'frames',
  least: 1000,
  most: 100_000_000,
  usual: 1_000_000,
  run: async ({ amount, ...options }) => {
    const { fault, memoryBefore, memoryAfter, ...counts } = await fuzz({ frames: amount, ...options });
    const words = `resident MiB warmed up ${inMiB(memoryBefore)}; at the end ${inMiB(memoryAfter)}`;
    return { fault, counts: Object.entries(counts), words };
  },
});
