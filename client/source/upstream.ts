import { toWalletUpdate } from '../decode.ts';
import { BalancesError } from '../errors.ts';
import { follow } from '../follow.ts';
import type { WatchBalancesSubscription } from '../gql/graphql.ts';
import { WatchBalancesDocument as WatchBalances } from '../gql/graphql.ts';
import type { Sessions } from '../sessions.ts';
import type { Transport } from '../transport.ts';
import type { Demand, Follower, Source } from './source.ts';

interface UpstreamOptions {
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly clientId: string;
}

/** The connection to the server. */
export class Upstream implements Source {
  readonly #options: UpstreamOptions;
  readonly #open = new Set<AbortController>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  follow(demand: Demand, follower: Follower): () => void {
    const control = new AbortController();
    this.#open.add(control);
    this.#run(demand, follower, control.signal).catch((error: unknown) => {
      if (control.signal.aborted || !(error instanceof BalancesError)) return;
      follower.connection({ state: 'failed', retries: 0, error, via: 'service' });
    });
    return () => {
      this.#open.delete(control);
      control.abort();
    };
  }

  dispose(): void {
    for (const control of this.#open) control.abort();
  }

  async #run(demand: Demand, follower: Follower, signal: AbortSignal): Promise<void> {
    const { transport, sessions, clientId } = this.#options;
    const { chainId, owner } = demand;
    let cursor: string | undefined;
    let retries = 0;
    await follow<WatchBalancesSubscription['balances'], undefined>(
      {
        async open(_, next) {
          if (!cursor) await sessions.create({ ...demand, clientId }, signal);
          const variables = { chainId, owner, clientId, after: cursor };
          await transport.stream(WatchBalances, variables, ({ balances }) => next(balances), signal);
        },
        fold: (_, update) => {
          cursor = update.cursor;
          retries = 0;
          follower.update(toWalletUpdate(update));
          return undefined;
        },
        publish() {},
        isPassing(error) {
          retries += 1;
          if (error.code === 'SESSION_NOT_FOUND') cursor = undefined;
          const isPassing = error.retryable || error.code === 'SESSION_NOT_FOUND';
          if (isPassing) {
            const state = retries === 1 && !cursor ? 'connecting' : 'stale';
            follower.connection({ state, retries, error, via: 'service' });
          }
          return isPassing;
        },
      },
      signal,
    );
  }
}
