import type { LogPoint } from '../../entry/LogPoint';

interface SomeLogs {
  readonly floor: Pick<LogPoint, 'logNumber'>;
  readonly logs: number;
}

/** Which of some entries are logs: `floor` is what the first entry follows on, `logs` how many there are. */
export function logsInWords({ floor, logs }: SomeLogs): string {
  if (floor.logNumber === 0) return `${logs} of them logs`;
  const range = logs === 0 ? '' : `${floor.logNumber + 1} to ${floor.logNumber + logs}, `;
  return `${logs} of them logs (${range}trimmed up to ${floor.logNumber})`;
}
