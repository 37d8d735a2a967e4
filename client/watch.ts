import { WatchBalances, WatchWallets } from './documents.ts';
import { BalancesError } from './errors.ts';
import { follow } from './follow.ts';
import type { Sessions } from './sessions.ts';
import { type BalancesState, type BalancesUpdate, fold, lacks } from './store.ts';
import type { Transport } from './transport.ts';
import type { SessionInput, WalletItem } from './types.ts';
import { foldWallets, type WalletsState } from './wallets.ts';

/**
 * Follows a wallet's stream. Makes the session first where something is said of it, and again where it was lost, though
 * somebody else who shares it may have been quicker: of what that one watches.
 */
export async function followBalances(
  { transport, sessions }: { transport: Transport; sessions: Sessions },
  input: SessionInput,
  publish: (state: BalancesState) => void,
  signal: AbortSignal,
): Promise<void> {
  const { chainId, owner, clientId } = input;
  const saysWhat = [input.tokensListsUrls, input.customTokens, input.spenders].some((given) => given?.length);
  let toMake = saysWhat ? input : undefined;
  /** It is shared, was made, and nothing has come of it yet. */
  let isUnseen = false;
  const isShared = clientId === undefined;
  await follow(
    {
      async open(state, next) {
        if (toMake) {
          await sessions.create(toMake, signal);
          toMake = undefined;
          isUnseen = isShared;
        }
        let isFirst = true;
        const take = (update: BalancesUpdate) => {
          if (isFirst && !isUnseen && isShared && state && lacks(update, state) && sessions.madeOf(input))
            throw new BalancesError('SESSION_NOT_FOUND', 'it was made again by somebody else, of less');
          isFirst = false;
          isUnseen = false;
          next(update);
        };
        const variables = { chainId, owner, clientId, after: state?.cursor };
        await transport.stream(WatchBalances, variables, ({ balances }) => take(balances), signal);
      },
      fold,
      publish,
      isPassing(error, state) {
        // Whether it is still there nobody can tell.
        if (isUnseen) toMake = sessions.madeOf(input);
        if (error.code === 'SESSION_NOT_FOUND') {
          toMake = sessions.madeOf(input);
          return toMake !== undefined;
        }
        // A list that never could be had is a mistake of the asker; one that could is having an outage.
        if (error.code === 'TOKEN_LIST_UNAVAILABLE') return state !== undefined;
        return error.retryable;
      },
    },
    signal,
  );
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
      isPassing: ({ retryable }) => retryable,
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
