/** One line of the table: a value, and a yardstick that was measured in the same run on the same machine. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against, and what that is. */
  readonly yardstick: number;
  readonly yardstickName: string;
  /** The largest ratio of value to yardstick that is as it should be; none where the row only informs. */
  readonly limit?: number;
  /**
   * Counts are the same on every machine: a count past its limit fails the run. A time past its limit may be
   * the machine's noise, and is only marked.
   */
  readonly counted?: boolean;
  /** What helps to understand a value that is past its limit. */
  readonly detail?: string;
}

export type Verdict = 'ok' | 'slow' | 'wrong' | '';

export function ratioOf(row: Row): number {
  return row.value / row.yardstick;
}

export function verdictOf(row: Row): Verdict {
  if (row.limit === undefined) return '';
  // A value that could not be measured is NaN, and within no limit.
  if (ratioOf(row) <= row.limit) return 'ok';
  return row.counted || Number.isNaN(ratioOf(row)) ? 'wrong' : 'slow';
}

const COLUMNS = ['row', 'value', 'yardstick', '', 'ratio', 'limit', ''] as const;
const RIGHT_ALIGNED = new Set([1, 2, 4, 5]);

/** The rows as one aligned table, with the details of what is past its limit below it. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [[...COLUMNS] as string[], ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const table = lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return RIGHT_ALIGNED.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const details = rows
    .filter((row) => row.detail && ['slow', 'wrong'].includes(verdictOf(row)))
    .map((row) => `${row.name}: ${row.detail}`);
  return [...table, ...details].join('\n');
}

function cellsOf(row: Row): string[] {
  return [
    row.name,
    `${figures(row.value)} ${row.unit}`,
    `${figures(row.yardstick)} ${row.unit}`,
    row.yardstickName,
    figures(ratioOf(row)),
    row.limit === undefined ? '' : `≤ ${row.limit}`,
    verdictOf(row),
  ];
}

function figures(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toString();
}
