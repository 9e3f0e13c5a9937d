import { Mokka } from 'mokka';

/** Stands in for src/mokka/ReplicatedMokka: a cluster's members without elections and logs, only their links. */
export abstract class ReplicatedMokka extends Mokka {
  override connect(): void {
    // Mokka's own would start to elect.
  }

  override disconnect(): Promise<void> {
    return Promise.resolve();
  }
}
