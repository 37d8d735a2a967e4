import { setMaxListeners } from 'node:events';
import { setTimeout as timeout } from 'node:timers/promises';
import type { Caller, Service } from '../../watch/service.ts';
import type { Update } from '../../watch/update.ts';
import { data } from './events.ts';
import { Gathering } from './gathering.ts';
import { changedItemOf, itemOf } from './items.ts';
import { keyOf, type Pair, walletItems } from './pairs.ts';

/**
 * One stream of the service on its way to the socket. The next update is asked for when the socket has taken the
 * last, so that what a slow client has not read waits in the stream's mailbox, where it is conflated. Ends when it is
 * stopped, or with the stream.
 */
export interface FeedOptions {
  readonly service: Pick<Service, 'wallets' | 'chains'>;
  readonly subscriptionId: string;
  readonly caller: Caller;
  /** By key, in the order in which a snapshot has them. */
  readonly pairs: ReadonlyMap<string, Pair>;
  /** Resolves when the socket has taken it all, or is gone. */
  readonly send: (texts: readonly string[]) => Promise<void>;
  readonly sent: (update: Update) => void;
}

/** How long snapshots wait for those of slower chains. */
export const PATIENCE_MS = 2000;

export class Feed {
  readonly #options: FeedOptions;
  readonly #stopping: AbortController;
  readonly #updates: AsyncIterableIterator<Update>;
  #running: Promise<void> = Promise.resolve();

  private constructor(
    options: FeedOptions,
    updates: AsyncIterableIterator<Update>,
    stopping: AbortController,
  ) {
    this.#options = options;
    this.#updates = updates;
    this.#stopping = stopping;
  }

  /** Throws as the service does. Stopped when the signal aborts. */
  static async open(options: FeedOptions, signal: AbortSignal): Promise<Feed> {
    const stopping = new AbortController();
    setMaxListeners(0, stopping.signal);
    const stop = () => stopping.abort();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true, signal: stopping.signal });
    try {
      const items = walletItems(options.pairs.values());
      const { caller, service } = options;
      const updates = await service.wallets.stream(items, { caller, signal: stopping.signal });
      return new Feed(options, updates, stopping);
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** `ended`: by itself; without an error the service is stopping. */
  start(ended: (error?: unknown) => void): void {
    const { signal } = this.#stopping;
    this.#running = this.#run().then(
      () => {
        if (!signal.aborted) ended();
      },
      (error: unknown) => {
        if (!signal.aborted) ended(error);
      },
    );
  }

  /** Resolves when nothing more will be said. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const gathering = new Gathering(new Set([...this.#options.pairs.values()].map(({ chainId }) => chainId)));
    let lateAtMs: number | undefined;
    if (signal.aborted) return;
    let next = this.#pull();
    while (!signal.aborted) {
      if (!gathering.isWaiting) lateAtMs = undefined;
      else lateAtMs ??= performance.now() + PATIENCE_MS;
      const result = await before(lateAtMs, next);
      if (result === 'late') {
        await this.#say(gathering.flush());
        continue;
      }
      if (result.done) return;
      await this.#say(gathering.take(result.value));
      next = this.#pull();
    }
  }

  #pull(): Promise<IteratorResult<Update>> {
    const next = this.#updates.next();
    // Where it is stopped nobody waits for it any more.
    next.catch(() => {});
    return next;
  }

  async #say(lists: readonly (readonly Update[])[]): Promise<void> {
    const { send, sent } = this.#options;
    for (const updates of lists) {
      const texts = await this.#encode(updates);
      if (this.#stopping.signal.aborted) return;
      if (texts.length === 0) continue;
      const taken = send(texts);
      for (const update of updates) sent(update);
      await taken;
    }
  }

  /** Snapshots as one list, a diff as one item for each of its balances. */
  async #encode(updates: readonly Update[]): Promise<string[]> {
    const { pairs, service, subscriptionId } = this.#options;
    const told = updates.flatMap((update) =>
      update.balances.flatMap((balance) => {
        const pair = pairs.get(keyOf({ chainId: update.chainId, ...balance }));
        const metadata = service.chains.get(update.chainId)?.metadata(balance.token);
        return pair && metadata ? [{ update, balance, pair, metadata }] : [];
      }),
    );
    const items = await Promise.all(
      told.map(async ({ update, balance, pair, metadata }) => {
        const known = await metadata;
        const item =
          update.kind === 'SNAPSHOT'
            ? itemOf(pair, balance, known)
            : changedItemOf(pair, balance, known, update);
        return [pair, item] as const;
      }),
    );
    const readable = new Map(items.flatMap(([pair, item]) => (item ? [[keyOf(pair), item] as const] : [])));
    // In the order of the client's items.
    const ordered = [...pairs.keys()].flatMap((key) => readable.get(key) ?? []);
    if (updates[0]?.kind === 'SNAPSHOT') return [data(subscriptionId, ordered)];
    return ordered.map((item) => data(subscriptionId, item));
  }
}

/** What comes of the promise, or that it was not there in time. */
async function before<T>(deadlineMs: number | undefined, promise: Promise<T>): Promise<T | 'late'> {
  if (deadlineMs === undefined) return await promise;
  const over = new AbortController();
  const late = timeout(Math.max(0, deadlineMs - performance.now()), 'late' as const, { signal: over.signal });
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}
