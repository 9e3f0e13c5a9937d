import type { Plant } from '../simulator/Plant';
import * as election from './election';
import * as log from './log';

/** Every planted bug, by name. */
export const plants: ReadonlyMap<string, Plant> = new Map(
  [...Object.values(election), ...Object.values(log)].map((plant) => [plant.name, plant]),
);
