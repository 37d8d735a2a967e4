import { createBalancesClient } from '../client.ts';
import { type BalancesState, unknown, type WatchStatus } from '../state.ts';
import { Transport } from '../transport.ts';
import type { WatchArguments } from './arguments.ts';
import { firstChain } from './chains.ts';

/** How a wallet is shown, in a terminal or elsewhere. */
export interface Display {
  /** How the connection stands before there is a chain to watch. */
  connecting(status: WatchStatus): void;
  /** The chain is known. */
  chain(id: number): void;
  /** Every state, those included where only the status is new. */
  state(state: BalancesState): void;
  /** Nothing follows; what is shown stays. */
  close(): void;
}

/** Shows a wallet until the signal aborts. Throws BalancesError where the server refuses. */
export async function watch(
  { url, apiKey, owner, chainId, customTokens, tokensListsUrls }: WatchArguments,
  display: Display,
  signal: AbortSignal,
): Promise<void> {
  const { status } = unknown();
  const chain =
    chainId ??
    (await firstChain(
      new Transport({ url, apiKey }),
      (error, retries) => display.connecting({ ...status, error, retries }),
      signal,
    ));
  if (chain === undefined) return;
  display.chain(chain);
  const client = createBalancesClient({ url, apiKey });
  try {
    const balances = client.watchBalances({ chainId: chain, owner, customTokens, tokensListsUrls, signal });
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      balances.subscribe((state) => {
        display.state(state);
        if (state.status.state === 'failed') reject(state.status.error);
      });
    });
  } finally {
    client.dispose();
  }
}
