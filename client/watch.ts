import { Backoff } from './backoff.ts';
import { WatchBalances } from './documents.ts';
import { BalancesError } from './errors.ts';
import type { Sessions } from './sessions.ts';
import { type BalancesState, fold } from './store.ts';
import type { Transport } from './transport.ts';
import type { SessionInput } from './types.ts';

/**
 * Follows a wallet's stream for as long as the signal lets it: makes the session where tokens are given, opens
 * the stream, and after whatever breaks it goes on from the last cursor. Throws what trying again cannot mend.
 */
export async function followBalances(
  { transport, sessions }: { transport: Transport; sessions: Sessions },
  input: SessionInput,
  publish: (state: BalancesState) => void,
  signal: AbortSignal,
): Promise<void> {
  const { chainId, owner, clientId } = input;
  const backoff = new Backoff();
  const namesTokens = [input.tokensListsUrls, input.customTokens].some((given) => given && given.length > 0);
  let toMake = namesTokens ? input : undefined;
  let state: BalancesState | undefined;
  for (;;) {
    try {
      if (toMake) await sessions.create(toMake, signal);
      toMake = undefined;
      const variables = { chainId, owner, clientId, after: state?.cursor };
      await transport.stream(
        WatchBalances,
        variables,
        ({ balances: update }) => {
          backoff.reset();
          state = fold(state, update);
          publish(state);
        },
        signal,
      );
      return;
    } catch (error) {
      if (signal.aborted) return;
      const lost = error instanceof BalancesError && error.code === 'SESSION_NOT_FOUND';
      if (lost) toMake = sessions.madeOf(input);
      if (lost ? !toMake : !isPassing(error, state)) throw error;
    }
    await backoff.pause(signal);
  }
}

function isPassing(error: unknown, state: BalancesState | undefined): boolean {
  if (!(error instanceof BalancesError)) return false;
  // A list that never could be had is a mistake of the asker; one that could is having an outage.
  if (error.code === 'TOKEN_LIST_UNAVAILABLE') return state !== undefined;
  return error.retryable;
}
