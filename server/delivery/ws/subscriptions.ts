import type { Config } from '../../config.ts';
import { FatalError } from '../../errors.ts';
import type { Caller, Gate } from '../gate/gate.ts';
import { acknowledgement } from './events.ts';
import { Feed, type FeedOptions } from './feed.ts';
import type { Subscribe, Unsubscribe } from './messages.ts';
import type { Pair } from './pairs.ts';

/**
 * What one connection is subscribed to. A subscription is fed by a stream for the pairs that it began with, and one
 * for each addition, each of which counts as one. Asked for again it is fed by a new one for all of them, which begins
 * with all they hold and takes the place of those before. Told by the connection, one message after the other; ends
 * with it.
 */
interface SubscriptionsOptions extends Omit<FeedOptions, 'subscriptionId' | 'pairs' | 'caller'> {
  readonly config: Pick<Config, 'maxPairsPerConnection'>;
  readonly gate: Pick<Gate, 'openStream'>;
  /** The connection's. */
  readonly signal: AbortSignal;
  /** Of one of them, by itself; without an error the service is stopping. */
  readonly ended: (subscriptionId: string, error?: unknown) => void;
}

interface Subscription {
  readonly pairs: Map<string, Pair>;
  feeds: Feed[];
  /** Of its feeds among all open streams. */
  readonly places: Disposable[];
  isTracked: boolean;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #byId = new Map<string, Subscription>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Over all of them: a pair of two subscriptions counts in both. */
  get #pairs(): number {
    return [...this.#byId.values()].reduce((sum, { pairs }) => sum + pairs.size, 0);
  }

  /** Throws TOKEN_LIMIT_EXCEEDED, RATE_LIMITED, CAPACITY_EXCEEDED; then all is as it was. */
  async subscribe({ subscriptionId, pairs, tracking }: Subscribe, caller: Caller): Promise<void> {
    const known = this.#byId.get(subscriptionId);
    const added = new Map([...pairs].filter(([key]) => !known?.pairs.has(key)));
    const { config, gate, send, signal } = this.#options;
    const most = config.maxPairsPerConnection;
    const sum = this.#pairs + added.size;
    if (sum > most)
      throw new FatalError(
        'TOKEN_LIMIT_EXCEEDED',
        `${sum} pairs of a wallet and a token exceed the limit of ${most} a connection`,
      );

    using opening = new DisposableStack();
    const isReplay = known !== undefined && added.size === 0;
    const places = isReplay ? [] : [opening.use(gate.openStream(caller, 'websocket'))];
    const feed = await this.#open({ subscriptionId, caller, pairs: isReplay ? known.pairs : added });
    // The connection may have ended meanwhile, or what was to be added to.
    if (signal.aborted || this.#byId.get(subscriptionId) !== known) return await feed.stop();
    opening.move();

    const subscription: Subscription = known ?? { pairs: new Map(), feeds: [], places: [], isTracked: false };
    const replaced = isReplay ? subscription.feeds.splice(0) : [];
    subscription.feeds.push(feed);
    subscription.places.push(...places);
    if (isReplay) for (const place of subscription.places.splice(1)) place[Symbol.dispose]();
    for (const [key, pair] of added) subscription.pairs.set(key, pair);
    subscription.isTracked = tracking ?? subscription.isTracked;
    this.#byId.set(subscriptionId, subscription);
    await Promise.all(replaced.map((old) => old.stop()));
    if (subscription.isTracked)
      await send([acknowledgement('subscribed', subscriptionId, subscription.pairs.size)]);
    feed.start((error) => {
      void this.#end(subscriptionId);
      this.#options.ended(subscriptionId, error);
    });
  }

  /** Throws BAD_USER_INPUT where there is no such subscription. */
  async unsubscribe({ subscriptionId, tracking }: Unsubscribe): Promise<void> {
    const subscription = this.#byId.get(subscriptionId);
    if (!subscription)
      throw new FatalError('BAD_USER_INPUT', `There is no subscription ${subscriptionId} on this connection`);
    await this.#end(subscriptionId);
    if (tracking ?? subscription.isTracked)
      await this.#options.send([acknowledgement('unsubscribed', subscriptionId, 0)]);
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    await Promise.all([...this.#byId.keys()].map((id) => this.#end(id)));
  }

  async #open(asked: Pick<FeedOptions, 'subscriptionId' | 'caller' | 'pairs'>): Promise<Feed> {
    const { service, send, sent, signal } = this.#options;
    // Its own: what the subscription gets later is another feed's.
    const pairs = new Map(asked.pairs);
    return await Feed.open({ ...asked, pairs, service, send, sent }, signal);
  }

  async #end(subscriptionId: string): Promise<void> {
    const subscription = this.#byId.get(subscriptionId);
    if (!subscription) return;
    this.#byId.delete(subscriptionId);
    for (const place of subscription.places) place[Symbol.dispose]();
    await Promise.all(subscription.feeds.map((feed) => feed.stop()));
  }
}
