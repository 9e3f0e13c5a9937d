import type { LogStore } from '../storage/LogStore';

/** Where a node's records go. */
interface Records {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** Says in the node's log when what a log forgets cannot be archived, once until it can again. */
export class ArchiveLog {
  private isFailing = false;

  constructor(
    private readonly store: Pick<LogStore, 'archiveProblem'>,
    private readonly records: Records,
  ) {}

  /** Called every few ms. */
  tick(): void {
    const { archiveProblem: problem } = this.store;
    if ((problem !== null) === this.isFailing) return;
    this.isFailing = problem !== null;
    if (problem !== null) this.records.warn({ event: 'archive_fails' }, problem);
    else
      this.records.info({ event: 'archive_works' }, 'files of the log that was trimmed are archived again');
  }
}
