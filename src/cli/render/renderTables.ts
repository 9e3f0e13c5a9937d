import { escapeControls } from '../../escapeControls';
import type { MemberStatus } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import { fitColumns, hostAndPort, localTime, paint, wrap, type Style } from './render';

/** Below this width a log's time is left out, columns. */
const TIME_COLUMNS_MIN = 60;

/** What `list` and `tail` answer. */
export interface LogList {
  readonly logs: readonly LogEntry[];
  /** From which index to list on: the one after these logs, whether it exists yet or not. */
  readonly next: number;
}

/** Logs, a line each. */
export function renderList({ logs, next }: LogList, style: Style): string {
  return logs.length === 0 ? `no log ${next} yet` : renderLogs(logs, style);
}

/** Logs, a line each: index, time, key and value; one that is too long ends with "…". */
export function renderLogs(logs: readonly LogEntry[], style: Style): string {
  const width = String(Math.max(logs[0]?.index ?? 0, logs.at(-1)?.index ?? 0)).length;
  return logs.map((entry) => renderLog(entry, width, style)).join('\n');
}

function renderLog({ index, createdAt, log }: LogEntry, width: number, style: Style): string {
  const time = style.columns < TIME_COLUMNS_MIN ? '' : `  ${localTime(createdAt)}`;
  const start = `${String(index).padStart(width)}${time}`;
  // Only what may be shown is looked at: a value may have a million characters.
  const shown = `${log.key}  ${log.value.value.slice(0, style.columns + 1)}`;
  return `${paint(start, 'dim', style)}  ${fitColumns(escapeControls(shown), style.columns - start.length - 2)}`;
}

/** The members, a line each; why one cannot be reached stands below it where the line has no room. */
export function renderStatus(members: readonly MemberStatus[], style: Style): string {
  const rows = members.map((member) => [
    `node ${member.node}`,
    member.role,
    member.reachable ? 'reachable' : 'unreachable',
    describeBehind(member),
    describeClock(member),
    hostAndPort(member.address),
  ]);
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row, at) => {
      const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
      const reason = escapeControls(members[at]?.reason ?? '');
      const line = escapeControls(cells).trimEnd();
      const whole = `${escapeControls(cells)}  ${reason}`.trimEnd();
      const lines =
        whole.length <= style.columns
          ? whole
          : [fitColumns(line, style.columns), wrap(reason, style.columns, '  ')];
      return paint(
        [lines].flat().join('\n').trimEnd(),
        members[at]?.reachable === true ? 'green' : 'red',
        style,
      );
    })
    .join('\n');
}

function describeBehind({ behind }: MemberStatus): string {
  if (behind === null) return 'lag unknown';
  return behind === 0 ? 'up to date' : `${behind} behind`;
}

function describeClock({ clockOffset }: MemberStatus): string {
  if (clockOffset === null) return 'clock unknown';
  return `clock ${clockOffset < 0 ? '' : '+'}${clockOffset} ms`;
}
