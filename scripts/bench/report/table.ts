import type { Cell, Row } from '../Run';

const COLUMN_GAP = '  ';

/** All rows as text: one table for each stretch of rows of one measure with the same columns. */
export function formatTables(rows: readonly Row[]): string {
  const tables: Row[][] = [];
  for (const row of rows) {
    const last = tables.at(-1);
    if (last?.[0] !== undefined && headOf(last[0]) === headOf(row)) last.push(row);
    else tables.push([row]);
  }
  return tables.map(formatTable).join('\n');
}

function formatTable(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const columns = Object.keys(first);
  const lines = [
    columns.map(heading),
    ...rows.map((row) => columns.map((name) => formatCell(row[name] ?? null))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const isText = columns.map((name) => typeof first[name] === 'string');
  const format = (line: readonly string[]): string =>
    line
      .map((text, at) =>
        isText[at] === true ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0),
      )
      .join(COLUMN_GAP)
      .trimEnd();
  return `${lines.map(format).join('\n')}\n`;
}

/** What tells one kind of table from another. */
function headOf(row: Row): string {
  return [row.measure, ...Object.keys(row)].join(' ');
}

function heading(column: string): string {
  return column.replaceAll('_', ' ');
}

function formatCell(cell: Cell): string {
  if (cell === null) return '-';
  if (typeof cell === 'number') return cell.toLocaleString('en', { maximumFractionDigits: 3 });
  if (typeof cell === 'object') return cell.map(formatCell).join(' ');
  return String(cell);
}
