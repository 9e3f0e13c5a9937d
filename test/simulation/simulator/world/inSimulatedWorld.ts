import { replaceGlobals } from './hostGlobals';
import { memberKeys, type SimulatedCluster } from '../SimulatedCluster';
import { rememberArithmetic, replaceArithmetic } from './votingArithmetic';

/** Runs work while clocks, timers, randomness and Mokka's arithmetic are the simulated ones. */
export function inSimulatedWorld(
  cluster: SimulatedCluster,
  { realArithmetic }: { readonly realArithmetic: boolean },
  work: () => void,
): void {
  const keys = new Map(memberKeys.map(({ publicKey, votingKey }) => [publicKey, votingKey]));
  const undo = [
    replaceGlobals(() => cluster.current),
    realArithmetic ? rememberArithmetic() : replaceArithmetic(keys),
  ];
  try {
    work();
  } finally {
    for (const step of undo.reverse()) step();
  }
}
