import type { WatchedBalance } from '@balance-stream/client';
import type { Story } from '../story.ts';
import { nameOf } from '../words.ts';

export type Column = 'symbol' | 'amount' | 'change';

export interface Order {
  readonly by: Column;
  readonly direction: 'ascending' | 'descending';
}

/** What somebody wants to find first: names from A on, what is most, what is newest. */
export const FIRST: Readonly<Record<Column, Order['direction']>> = {
  symbol: 'ascending',
  amount: 'descending',
  change: 'descending',
};

export interface View {
  readonly search: string;
  readonly hideZeros: boolean;
  readonly order: Order;
}

/** What is shown of the balances, in its order. */
export function viewed(balances: Iterable<WatchedBalance>, { newest }: Story, view: View): WatchedBalance[] {
  const search = view.search.trim().toLowerCase();
  const { by, direction } = view.order;
  const sign = direction === 'ascending' ? 1 : -1;
  const compare = {
    symbol: bySymbol,
    amount: (one: WatchedBalance, other: WatchedBalance) => worthOf(one) - worthOf(other),
    change: (one: WatchedBalance, other: WatchedBalance) => lastOf(one) - lastOf(other),
  }[by];
  const lastOf = ({ token }: WatchedBalance) => newest.get(token.address)?.id ?? 0;
  return [...balances]
    .filter(({ amount }) => !view.hideZeros || amount !== 0n)
    .filter(({ token }) => search === '' || textOf(token).includes(search))
    .sort((one, other) => sign * compare(one, other) || bySymbol(one, other));
}

/** A double is near enough for an order. What cannot be read is less than nothing. */
function worthOf({ amount, formatted }: WatchedBalance): number {
  return amount === null ? -1 : Number(formatted ?? amount);
}

/** The chain's own coin first, and last what has no symbol. */
function bySymbol(one: WatchedBalance, other: WatchedBalance): number {
  return (
    rankOf(one.token) - rankOf(other.token) ||
    collator.compare(nameOf(one.token), nameOf(other.token)) ||
    (one.token.address < other.token.address ? -1 : 1)
  );
}

function rankOf({ native, symbol }: WatchedBalance['token']): number {
  if (native) return 0;
  return symbol === null ? 2 : 1;
}

const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

function textOf({ symbol, name, address }: WatchedBalance['token']): string {
  return `${symbol ?? ''} ${name ?? ''} ${address}`.toLowerCase();
}
