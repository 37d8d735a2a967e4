import type { BalancesState } from '../../state.ts';
import type { Address, WatchedBalance } from '../../types.ts';

/** What the table knows of a token. */
export interface Row {
  readonly balance: WatchedBalance;
  /** What it was when it was first read; null until it could be. */
  readonly first: bigint | null;
  /** When it last became another amount, as far as was seen here. */
  readonly changedAt: Date | null;
  /** Which way it went then. */
  readonly went: 'up' | 'down' | null;
}

export type Rows = ReadonlyMap<Address, Row>;

/** The rows after a state that was told at a time. Pure. */
export function nextRows(rows: Rows, { changes }: BalancesState, at: Date): Rows {
  const next = new Map(rows);
  for (const { token, now } of changes) {
    if (!now) {
      next.delete(token.address);
      continue;
    }
    const before = next.get(token.address);
    const from = before?.balance.amount ?? null;
    const isMove = from !== null && now.amount !== null && now.amount !== from;
    next.set(token.address, {
      balance: now,
      first: before?.first ?? now.amount,
      changedAt: isMove ? at : (before?.changedAt ?? null),
      went: isMove ? (now.amount > from ? 'up' : 'down') : (before?.went ?? null),
    });
  }
  return next;
}

/** Of rows that do not all fit, those that somebody would want to see: what moved last, then what is held most of. */
export function foremost(rows: Rows, count: number): readonly Row[] {
  const all = [...rows.values()];
  if (all.length <= count) return all;
  return all.sort((one, other) => movedAt(other) - movedAt(one) || held(other) - held(one)).slice(0, count);
}

const movedAt = ({ changedAt }: Row) => changedAt?.getTime() ?? 0;

/** In whole tokens. */
const held = ({ balance: { amount, token } }: Row) => Number(amount ?? 0n) / 10 ** (token.decimals ?? 0);
