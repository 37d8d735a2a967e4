import type { WatchStatus } from '../../state.ts';
import type { Address } from '../../types.ts';
import { readable } from './amounts.ts';
import { foremost, type Row, type Rows } from './rows.ts';
import { cut, fit, harmless, type Line, type Paint, pad, type Span, widthOf } from './text.ts';

/** All that the table shows. */
export interface View {
  readonly owner: Address;
  /** Undefined until the server has said which is its first. */
  readonly chainId: number | undefined;
  readonly server: string;
  readonly rows: Rows;
  readonly status: WatchStatus;
  /** What was told since the snapshot. */
  readonly updates: number;
  readonly startedAt: Date;
  readonly now: Date;
  /** What is being waited for before there is a first balance. */
  readonly waitingFor: string;
  /** Nothing follows. */
  readonly ended: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Column {
  readonly title: string;
  readonly side: 'left' | 'right';
  readonly cell: (row: Row, view: View) => Span;
  /** Where not all columns fit the highest goes first; 0 stays. */
  readonly dispensable: number;
}

const MINUTE_MS = 60_000;
const GAP = '   ';
/** How long a row stands out after it has moved. */
const FRESH_MS = 3_000;
const LONGEST_SYMBOL = 16;
const LONGEST_REASON = 40;

const COLUMNS: readonly Column[] = [
  { title: 'TOKEN', side: 'left', cell: token, dispensable: 0 },
  { title: 'ADDRESS', side: 'left', cell: address, dispensable: 4 },
  { title: 'BALANCE', side: 'right', cell: balance, dispensable: 0 },
  { title: 'SINCE START', side: 'right', cell: sinceStart, dispensable: 1 },
  { title: 'LAST CHANGE', side: 'right', cell: lastChange, dispensable: 2 },
  { title: 'BLOCK', side: 'right', cell: block, dispensable: 3 },
];

/** The table as lines that fit into the terminal. Pure. */
export function render(view: View, { columns, rows }: Size): readonly Line[] {
  const header: Line[] = [heading(view), []];
  const footer: Line[] = [[], statusOf(view)];
  const room = rows - header.length - footer.length;
  const body = view.rows.size === 0 ? waiting(view) : table(view, { columns, rows: Math.max(2, room) });
  return [...header, ...body, ...footer].map((line) => fit(line, columns)).slice(-rows);
}

function heading({ owner, chainId }: View): Line {
  return [
    { text: owner, paint: 'bold' },
    { text: chainId === undefined ? '' : `   chain ${chainId}`, paint: 'dim' },
  ];
}

function waiting({ startedAt, now, waitingFor, status }: View): Line[] {
  const { error, retries } = status;
  return [
    [{ text: `${waitingFor} … ` }, { text: lasting(startedAt, now), paint: 'dim' }],
    ...(error
      ? [[{ text: `${failed(retries)}: ${harmless(error.message)}`, paint: 'yellow' as const }]]
      : []),
  ];
}

/** Titles, as many rows as there is room for, and how many more there are. */
function table(view: View, { columns: width, rows: room }: Size): Line[] {
  const fits = view.rows.size < room;
  const shown = foremost(view.rows, fits ? view.rows.size : Math.max(1, room - 2));
  const cells = shown.map((row) => new Map(COLUMNS.map((column) => [column, column.cell(row, view)])));
  const textOf = (column: Column, row: ReadonlyMap<Column, Span>) => row.get(column)?.text ?? '';
  const widths = new Map(
    COLUMNS.map((column) => {
      const texts = [column.title, ...cells.map((row) => textOf(column, row))];
      return [column, Math.max(...texts.map(widthOf))];
    }),
  );
  const columns = within(width, widths);
  const line = (spanOf: (column: Column) => Span): Line =>
    columns.flatMap((column, index) => {
      const { text, paint } = spanOf(column);
      return [
        { text: index === 0 ? '' : GAP },
        { text: pad(text, widths.get(column) ?? 0, column.side), paint },
      ];
    });
  const titles = line(({ title }) => ({ text: title, paint: 'dim' }));
  const lines = cells.map((row) => line((column) => row.get(column) ?? { text: '' }));
  const hidden = view.rows.size - shown.length;
  const more: Line[] = hidden > 0 ? [[{ text: `… and ${hidden} more`, paint: 'dim' }]] : [];
  return [titles, ...lines, ...more];
}

/** The columns that there is room for. */
function within(width: number, widths: ReadonlyMap<Column, number>): readonly Column[] {
  const needed = (columns: readonly Column[]) =>
    columns.reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP.length, -GAP.length);
  let columns = COLUMNS;
  for (let rank = 4; rank > 0 && needed(columns) > width; rank--)
    columns = columns.filter(({ dispensable }) => dispensable !== rank);
  return columns;
}

function token({ balance, changedAt }: Row, { now }: View): Span {
  const isFresh = changedAt !== null && now.getTime() - changedAt.getTime() < FRESH_MS;
  const symbol = harmless(balance.token.symbol ?? '') || short(balance.token.address);
  return { text: cut(symbol, LONGEST_SYMBOL), paint: isFresh ? 'bold' : undefined };
}

function address({ balance: { token } }: Row): Span {
  return { text: token.native ? '' : short(token.address), paint: 'dim' };
}

function balance({ balance: { amount, token, reason } }: Row, { status }: View): Span {
  const paint = status.state === 'live' ? undefined : 'dim';
  if (amount !== null) return { text: readable(amount, token.decimals), paint };
  return { text: cut(`unreadable: ${harmless(reason ?? '')}`, LONGEST_REASON), paint: 'yellow' };
}

function sinceStart({ balance: { amount, token }, first }: Row): Span {
  if (amount === null || first === null || amount === first) return { text: '' };
  const isUp = amount > first;
  const by = readable(isUp ? amount - first : first - amount, token.decimals);
  return { text: `${isUp ? '▲' : '▼'} ${by}`, paint: isUp ? 'green' : 'red' };
}

function lastChange({ changedAt, went }: Row, { now }: View): Span {
  if (changedAt === null) return { text: '' };
  return { text: `${went === 'up' ? '▲' : '▼'} ${ago(changedAt, now)}`, paint: 'dim' };
}

function block({ balance }: Row): Span {
  return { text: `${balance.block.number}`, paint: 'dim' };
}

function statusOf(view: View): Line {
  const { status, server, updates, ended } = view;
  const [dot, paint, words] = stateOf(view);
  const facts = [
    ...(status.head ? [`block ${status.head.number}`] : []),
    `${updates} update${updates === 1 ? '' : 's'}`,
    // Before the server's address, which may be longer than there is room for.
    ...(ended ? [] : ['q ends']),
    server,
  ];
  return [
    { text: `${dot} ${words}`, paint },
    { text: `   ${facts.join('   ')}`, paint: 'dim' },
  ];
}

function stateOf({ status, now, ended }: View): [dot: string, paint: Paint, words: string] {
  const { state, since, retries, error } = status;
  if (ended && state === 'live') return ['○', 'dim', 'ended'];
  switch (state) {
    case 'live':
      return ['●', 'green', 'live'];
    case 'connecting':
      return ['○', 'yellow', retries === 0 ? 'connecting' : `connecting, ${failed(retries)}`];
    case 'stale':
      return ['●', 'yellow', `stale for ${lasting(since, now)}, ${failed(retries)}`];
    case 'failed':
      return ['●', 'red', `refused: ${harmless(error?.message ?? '')}`];
  }
}

const failed = (retries: number) => `${retries} attempt${retries === 1 ? '' : 's'} failed`;

const short = (address: Address) => `${address.slice(0, 6)}…${address.slice(-4)}`;

function lasting(since: Date, now: Date): string {
  const ms = Math.max(0, now.getTime() - since.getTime());
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1_000)} s`;
  return `${Math.floor(ms / MINUTE_MS)} min`;
}

/** How long ago, and what the clock showed once that is an hour or more. */
function ago(then: Date, now: Date): string {
  if (now.getTime() - then.getTime() < 60 * MINUTE_MS) return `${lasting(then, now)} ago`;
  return then.toTimeString().slice(0, 8);
}
