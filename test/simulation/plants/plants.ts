import type { Plant } from '../simulator/Plant';
import * as commits from './commits';
import * as conditions from './conditions';
import * as election from './election';
import * as log from './log';
import * as members from './members';
import * as rooms from './rooms';
import * as store from './store';
import * as trims from './trims';

/** Every planted bug, by name. */
export const plants: ReadonlyMap<string, Plant> = new Map(
  [election, log, commits, conditions, members, store, trims, rooms]
    .flatMap((file) => Object.values(file))
    .map((plant) => [plant.name, plant]),
);
