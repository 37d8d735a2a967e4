import { AddressMap, keyOf } from './address-map.ts';
import { type AllowanceKey, type Allowances, eitherChanged, foldAllowances } from './allowances.ts';
import { toBalance, toBlock } from './decode.ts';
import type { WatchBalancesSubscription } from './gql/graphql.ts';
import type { Address, Block, UpdateCause, UpdateKind, WatchedBalance } from './types.ts';
import { fromBoth } from './unread.ts';

/** What a stream delivers, as it comes over the wire. */
export type BalancesUpdate = WatchBalancesSubscription['balances'];

/** Everything known of one watched wallet, after an update. */
export interface BalancesState {
  /** By token address, lower-case; `get` and `has` take any case, and `"native"`. */
  readonly balances: ReadonlyMap<Address | 'native', WatchedBalance>;
  /** Tokens whose balance is new or that left the session since the state before, lower-case. */
  readonly changed: readonly Address[];
  /** Of every watched token to every spender of the session. */
  readonly allowances: Allowances;
  /** Allowances that are new or that left the session since the state before. */
  readonly changedAllowances: readonly AllowanceKey[];
  /** As of which all of this is true. */
  readonly block: Block;
  /** Of the update; resumes behind it. */
  readonly cursor: string;
  /** `SNAPSHOT` where everything was replaced. */
  readonly kind: UpdateKind;
  readonly cause: UpdateCause;
}

/** Folds an update into what is known. Pure: no state is ever changed, only followed by another. */
export function fold(state: BalancesState | undefined, update: BalancesUpdate): BalancesState {
  const { kind, cause, cursor } = update;
  const known = state?.balances ?? new AddressMap<WatchedBalance>();
  const balances = new AddressMap<WatchedBalance>(kind === 'SNAPSHOT' ? [] : known);
  const changed = new Set<Address>(
    kind === 'SNAPSHOT' ? [...known.values()].map(({ token }) => keyOf(token.address)) : [],
  );
  for (const token of update.removed) {
    balances.delete(token);
    changed.add(keyOf(token));
  }
  for (const balance of update.balances) {
    balances.set(balance.token.address, toBalance(balance));
    changed.add(keyOf(balance.token.address));
  }
  const { allowances, changed: changedAllowances } = foldAllowances(state?.allowances, update);
  const block = toBlock(update.block);
  return { balances, changed: [...changed], allowances, changedAllowances, block, cursor, kind, cause };
}

/** Whether a snapshot leaves out something that was known before. */
export function lacks({ kind, balances, allowances }: BalancesUpdate, known: BalancesState): boolean {
  if (kind !== 'SNAPSHOT') return false;
  const tokens = new Set(balances.map(({ token }) => keyOf(token.address)));
  const isGone = ({ token }: { token: { address: Address } }) => !tokens.has(keyOf(token.address));
  const spenders = new Set(allowances.map(({ spender }) => keyOf(spender)));
  return (
    [...known.balances.values()].some(isGone) ||
    [...known.allowances].some(({ spender }) => !spenders.has(keyOf(spender)))
  );
}

/**
 * The newer of two states, for a reader who has seen neither: what changed in either has changed, and what changed in
 * both names the transactions of both.
 */
export function mergeUnread(older: BalancesState, newer: BalancesState): BalancesState {
  const { kind, cause } = newer;
  const balances = new AddressMap(newer.balances);
  const twice = kind === 'DIFF' ? newer.changed.filter((token) => older.changed.includes(token)) : [];
  for (const token of twice) {
    const [before, now] = [older.balances.get(token), balances.get(token)];
    if (before && now) balances.set(token, fromBoth(before, now, cause));
  }
  return {
    ...newer,
    balances: twice.length > 0 ? balances : newer.balances,
    changed: [...new Set([...older.changed, ...newer.changed])],
    changedAllowances: eitherChanged(older.changedAllowances, newer.changedAllowances),
    kind: older.kind === 'SNAPSHOT' ? 'SNAPSHOT' : kind,
  };
}
