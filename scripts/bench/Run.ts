import type { BenchOptions } from './options';
import type { ProgressLine } from '../../src/cli/process/ProgressLine';
import type { RunLife } from './RunLife';

/** The name under which this product's rows stand beside those of peers. */
export const OURS = 'mokka-cluster';

/** What one column of a row holds. */
export type Cell = string | number | boolean | null | readonly number[];

/** One line of what was measured: a JSON object, or a row of the table of its measure. Units end the columns' names. */
export interface Row {
  readonly measure:
    | 'add'
    | 'get'
    | 'nodes'
    | 'failover'
    | 'catch-up'
    | 'restart'
    | 'grow'
    | 'ratio'
    | 'http'
    | 'followers'
    | 'idle';
  readonly [column: string]: Cell;
}

/** What each measure works with. */
export interface Run {
  readonly options: BenchOptions;
  /** Where clusters make their data directories. */
  readonly directory: string;
  readonly life: RunLife;
  readonly progress: ProgressLine;
  /** Takes a row that is done. */
  readonly report: (row: Row) => void;
}
