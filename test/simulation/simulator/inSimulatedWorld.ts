import { replaceGlobals } from './hostGlobals';
import { overrideLimits, type LimitsOverride } from './limitsOverride';
import { memberKeys, type SimulatedCluster } from './SimulatedCluster';
import { rememberArithmetic, replaceArithmetic } from './votingArithmetic';

/** Runs work while clocks, timers, randomness, limits and Mokka's arithmetic are the simulated ones. */
export function inSimulatedWorld(
  cluster: SimulatedCluster,
  { limits, realArithmetic }: { readonly limits: LimitsOverride; readonly realArithmetic: boolean },
  work: () => void,
): void {
  const keys = new Map(memberKeys.map(({ publicKey, votingKey }) => [publicKey, votingKey]));
  const undo = [
    replaceGlobals(() => cluster.current),
    overrideLimits(limits),
    realArithmetic ? rememberArithmetic() : replaceArithmetic(keys),
  ];
  try {
    work();
  } finally {
    for (const step of undo.reverse()) step();
  }
}
