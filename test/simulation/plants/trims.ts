import type { Plant } from '../simulator/Plant';
import { localLogOf, plantAroundReceive } from './inside';

export const trimBeforeCommit: Plant = {
  name: 'trim-before-commit',
  story: 'A node forgets what a trim in its log says before that trim is committed, and may be cut.',
  onStart(mokka) {
    const trims = localLogOf(mokka)['trims'];
    const committedTo = trims.committedTo.bind(trims);
    trims.committedTo = () => committedTo(Infinity);
  },
};

export const floorDropsMore: Plant = {
  name: 'floor-drops-more',
  story: 'A member that hears of its leader’s floor begins there, though it holds what stands behind it.',
  onStart(mokka) {
    const log = localLogOf(mokka);
    const isSameAt = log.isSameAt.bind(log);
    plantAroundReceive(mokka, (_from, message, receive) => {
      const begins = message.type === 'append' && message.floorLogNumber !== null;
      log.isSameAt = (index, hash) =>
        !(begins && index === message.previousIndex && index > log.commitIndex) && isSameAt(index, hash);
      receive();
    });
  },
};
