import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { Mokka } from 'mokka';

/** Stands in for src/mokka/ReplicatedMokka: a cluster's members without elections and logs, only their links. */
export abstract class ReplicatedMokka extends Mokka {
  /** Links read of it which cluster the node is of. */
  protected readonly store = new MemoryLogStore();

  protected readonly mayConnect = true;

  override connect(): void {
    // Mokka's own would start to elect.
  }

  protected emitFatal(error: Error): void {
    this.emit('fatal', error);
  }

  override disconnect(): Promise<void> {
    return Promise.resolve();
  }
}
