import { AddressMap, keyOf } from './address-map.ts';
import {
  type AllowanceKey,
  type Allowances,
  eitherChanged,
  foldAllowances,
  NO_ALLOWANCES,
} from './allowances.ts';
import type { BalancesError } from './errors.ts';
import type { Via, WalletUpdate } from './source/source.ts';
import type { Address, Block, Hash, Token, UpdateCause, UpdateKind, WatchedBalance } from './types.ts';
import { transactionsOfBoth } from './unread.ts';

/** Everything known of one watched wallet. */
export interface BalancesState {
  /** By token address, lower-case; `get` and `has` take any case, and `"native"`. */
  readonly balances: ReadonlyMap<Address | 'native', WatchedBalance>;
  /** What is new since the state before; empty where only the status is. */
  readonly changes: readonly BalanceChange[];
  /** Of every watched token to every spender that was named. */
  readonly allowances: Allowances;
  /** Allowances that are new or gone since the state before. */
  readonly changedAllowances: readonly AllowanceKey[];
  /** As of which all of this is true; null until something is known. */
  readonly block: Block | null;
  /** Of the newest update: `SNAPSHOT` where everything was replaced; null until there is one. */
  readonly kind: UpdateKind | null;
  readonly cause: UpdateCause | null;
  readonly status: WatchStatus;
}

/** What became of a token. */
export interface BalanceChange {
  readonly token: Token;
  /** What was known before; undefined where nothing was. */
  readonly previous: WatchedBalance | undefined;
  /** What is known now; undefined where the token is no longer watched. */
  readonly now: WatchedBalance | undefined;
  /** Where it was first seen. */
  readonly block: Block;
  /** That led to it, where they are known. */
  readonly transactions: readonly Hash[];
}

/** How far what is known can be relied on. */
export interface WatchStatus {
  /**
   * `connecting`: nothing is known yet. `live`: what is known is true. `stale`: it was true at `head`; the server is
   * out of reach, and tried again. `failed`: refused, as `error` says, and not tried again.
   */
  readonly state: 'connecting' | 'live' | 'stale' | 'failed';
  /** When this state of things began. */
  readonly since: Date;
  /** The newest block that the server told anything of; it is silent where nothing moves. */
  readonly head: Block | null;
  /** When the newest update arrived. */
  readonly lastUpdate: Date | null;
  /** Attempts that failed since it was last live. */
  readonly retries: number;
  /** What the last of them died of, or why it was refused; null while live. */
  readonly error: BalancesError | null;
  /** `rpc` while the service is away and balances are polled from a node. */
  readonly via: Via;
}

/** Before anything is known. */
export function unknown(): BalancesState {
  const status = { head: null, lastUpdate: null, retries: 0, error: null, via: 'service' } as const;
  return {
    balances: new AddressMap(),
    changes: [],
    allowances: NO_ALLOWANCES,
    changedAllowances: [],
    block: null,
    kind: null,
    cause: null,
    status: { state: 'connecting', since: new Date(), ...status },
  };
}

/**
 * Folds an update into what is known. Pure: no state is ever changed, only followed by another. A balance that stayed
 * what it was stays the same object.
 */
export function fold(state: BalancesState, update: WalletUpdate): BalancesState {
  const { kind, cause, block } = update;
  const known = state.balances;
  const balances = new AddressMap<WatchedBalance>(kind === 'SNAPSHOT' ? [] : known);
  const changes: BalanceChange[] = [];
  const leave = (previous: WatchedBalance) =>
    changes.push({ token: previous.token, previous, now: undefined, block, transactions: [] });
  for (const token of update.removed) {
    const previous = balances.get(token);
    if (!previous) continue;
    balances.delete(token);
    leave(previous);
  }
  for (const balance of update.balances) {
    const { token, block, transactions } = balance;
    const previous = known.get(token.address);
    const isSame = kind === 'SNAPSHOT' && previous !== undefined && isEqual(previous, balance);
    const now = isSame ? previous : balance;
    balances.set(token.address, now);
    if (!isSame) changes.push({ token, previous, now, block, transactions });
  }
  if (kind === 'SNAPSHOT') for (const [token, previous] of known) if (!balances.has(token)) leave(previous);
  const { allowances, changed: changedAllowances } = foldAllowances(state.allowances, update);
  return { ...state, balances, changes, allowances, changedAllowances, block, kind, cause };
}

/**
 * The newer of two states, for a reader who has seen neither: what changed in either has changed, and what changed in
 * both names the transactions of both.
 */
export function mergeUnread(older: BalancesState, newer: BalancesState): BalancesState {
  const changes = new Map(older.changes.map((change) => [keyOf(change.token.address), change]));
  for (const change of newer.changes) {
    const key = keyOf(change.token.address);
    const before = changes.get(key);
    if (!before) changes.set(key, change);
    else
      changes.set(key, {
        ...change,
        previous: before.previous,
        transactions:
          newer.kind === 'DIFF' ? transactionsOfBoth(before, change, newer.cause) : change.transactions,
      });
  }
  return {
    ...newer,
    changes: [...changes.values()],
    changedAllowances: eitherChanged(older.changedAllowances, newer.changedAllowances),
    kind: older.kind === 'SNAPSHOT' ? 'SNAPSHOT' : newer.kind,
  };
}

/** All of a state, for a reader who has seen none before. */
export function fromScratch(state: BalancesState): BalancesState {
  const changes = [...state.balances.values()].map((now) => ({
    token: now.token,
    previous: undefined,
    now,
    block: now.block,
    transactions: now.transactions,
  }));
  const changedAllowances = [...state.allowances].map(({ token, spender }) => ({
    token: keyOf(token.address),
    spender: keyOf(spender),
  }));
  return { ...state, changes, changedAllowances, kind: state.block && 'SNAPSHOT' };
}

/** Whether there is nothing to tell of it: a snapshot may know less of what led to an amount than was told before. */
function isEqual(one: WatchedBalance, other: WatchedBalance): boolean {
  return (
    one.amount === other.amount &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.block.hash === other.block.hash &&
    one.token.symbol === other.token.symbol &&
    one.token.name === other.token.name &&
    one.token.decimals === other.token.decimals &&
    one.token.logoURI === other.token.logoURI
  );
}
