import { UnfitPlantError } from '../simulator/Plant';
import type { SimulatedMokka } from '../simulator/SimulatedMokka';

/** A method of an object, whatever its visibility, for bugs to be planted in; it must exist. */
export function methodOf(owner: object, name: string): (...parameters: unknown[]) => unknown {
  const method: unknown = Reflect.get(owner, name);
  if (typeof method !== 'function') throw new UnfitPlantError(`method ${name}`);
  return method.bind(owner) as (...parameters: unknown[]) => unknown;
}

/** A part of an object, whatever its visibility; it must exist. */
export function partOf(owner: object, name: string): object {
  const part: unknown = Reflect.get(owner, name);
  if (typeof part !== 'object' || part === null) throw new UnfitPlantError(`part ${name}`);
  return part;
}

/** Puts a method in the place of another. */
export function plantMethod(owner: object, name: string, method: unknown): void {
  methodOf(owner, name);
  Reflect.set(owner, name, method);
}

/** The log of a node. */
export function localLogOf(mokka: SimulatedMokka): object {
  return partOf(partOf(mokka, 'replicatedLog'), 'log');
}

/** Plants a bug in the leader's half of replication, each time that a node comes to lead. */
export function plantInLeaders(mokka: SimulatedMokka, plant: (replication: object) => void): void {
  const log = partOf(mokka, 'replicatedLog');
  const lead = methodOf(log, 'lead');
  plantMethod(log, 'lead', (term: number, peers: string[]) => {
    lead(term, peers);
    plant(partOf(log, 'replication'));
  });
}

/** Plants a bug in what a leader hears of its followers, each time that a node comes to lead. */
export function plantInContacts(mokka: SimulatedMokka, plant: (contact: object) => void): void {
  const stateChanged = methodOf(mokka, 'stateChanged');
  plantMethod(mokka, 'stateChanged', () => {
    stateChanged();
    const contact: unknown = Reflect.get(mokka, 'contact');
    if (typeof contact === 'object' && contact !== null) plant(contact);
  });
}
