import { AddressMap, keyOf } from './address-map.ts';
import { toBalance, toBlock } from './decode.ts';
import { follow } from './follow.ts';
import type { WatchWalletsSubscription } from './gql/graphql.ts';
import { WatchWalletsDocument as WatchWallets } from './gql/graphql.ts';
import type { Transport } from './transport.ts';
import type {
  Address,
  Block,
  ConditionKind,
  UpdateCause,
  UpdateKind,
  WalletItem,
  WatchedBalance,
} from './types.ts';
import { fromBoth } from './unread.ts';

/** What a stream of many wallets delivers, as it comes over the wire: of one chain each. */
export type WalletsUpdate = WatchWalletsSubscription['walletBalances'];

type Tokens = ReadonlyMap<Address | 'native', WatchedBalance>;
type Owners = ReadonlyMap<Address | 'native', Tokens>;

/** Everything known of many wallets on many chains, after an update. */
export interface WalletsState {
  /**
   * What a wallet holds of a token on a chain; addresses in any case. Undefined until it has been read. Of an item
   * with conditions it is what was last told: what crosses none is not.
   */
  balance(chainId: number, owner: Address, token: Address | 'native'): WatchedBalance | undefined;
  /** All of them by chain id, wallet and token; keys are lower-case, and `get` and `has` take any case. */
  readonly balances: ReadonlyMap<number, Owners>;
  /** What the state before did not have, the newest of each; after a snapshot all of its chain. */
  readonly changed: readonly ChangedBalance[];
  /** As of which the balances of each chain are true. */
  readonly blocks: ReadonlyMap<number, Block>;
  /** Of all chains; resumes behind the newest update. */
  readonly cursor: string;
  /** The chain that the newest update is of, which all that follows is of, too. */
  readonly chainId: number;
  /** `SNAPSHOT` where everything of the chain was replaced. */
  readonly kind: UpdateKind;
  readonly cause: UpdateCause;
}

export interface ChangedBalance extends WatchedBalance {
  /** Conditions that were crossed since the state before; in a snapshot those that hold. */
  readonly crossed: readonly ConditionKind[];
}

/** Folds an update of one chain into what is known of all. Pure, and it copies no wallet that it says nothing of. */
export function foldWallets(state: WalletsState | undefined, update: WalletsUpdate): WalletsState {
  const { chainId, kind, cause, cursor } = update;
  const owners = new AddressMap<Tokens>(kind === 'SNAPSHOT' ? [] : state?.balances.get(chainId));
  const touched = new AddressMap<AddressMap<WatchedBalance>>();
  const changed: ChangedBalance[] = [];
  for (const { crossed, ...sent } of update.balances) {
    const balance = toBalance(sent);
    let tokens = touched.get(balance.owner);
    if (!tokens) {
      tokens = new AddressMap(owners.get(balance.owner));
      touched.set(balance.owner, tokens);
      owners.set(balance.owner, tokens);
    }
    tokens.set(balance.token.address, balance);
    changed.push({ ...balance, crossed });
  }
  const balances = new Map(state?.balances).set(chainId, owners);
  const blocks = new Map(state?.blocks).set(chainId, toBlock(update.block));
  return {
    balance: (id, owner, token) => balances.get(id)?.get(owner)?.get(token),
    balances,
    changed,
    blocks,
    cursor,
    chainId,
    kind,
    cause,
  };
}

/** The newer of two states, for a reader who has seen neither: no change, crossing or transaction is lost. */
export function mergeUnreadWallets(older: WalletsState, newer: WalletsState): WalletsState {
  const changed = new Map(older.changed.map((balance) => [nameOf(balance), balance]));
  for (const balance of newer.changed) {
    const before = changed.get(nameOf(balance));
    const crossed = [...new Set([...(before?.crossed ?? []), ...balance.crossed])];
    const isDiff = before !== undefined && newer.kind === 'DIFF';
    const now = isDiff ? fromBoth(before, balance, newer.cause) : balance;
    changed.set(nameOf(balance), { ...now, crossed });
  }
  return { ...newer, changed: [...changed.values()] };
}

function nameOf({ chainId, owner, token }: WatchedBalance): string {
  return `${chainId} ${keyOf(owner)} ${keyOf(token.address)}`;
}

/** Follows many wallets' stream, which needs no session. */
export async function followWallets(
  transport: Transport,
  wallets: readonly WalletItem[],
  publish: (state: WalletsState) => void,
  signal: AbortSignal,
): Promise<void> {
  const items = wallets.map(toVariable);
  await follow(
    {
      open: (state, next) =>
        transport.stream(
          WatchWallets,
          { items, after: state?.cursor },
          ({ walletBalances }) => next(walletBalances),
          signal,
        ),
      fold: foldWallets,
      publish,
    },
    signal,
  );
}

function toVariable({ chainId, owner, tokens, conditions }: WalletItem) {
  return {
    chainId,
    owner,
    tokens: [...tokens],
    conditions: conditions?.map(({ token, below, above, changeOver }) => ({
      token,
      below: below?.toString(),
      above: above?.toString(),
      changeOver: changeOver?.toString(),
    })),
  };
}
