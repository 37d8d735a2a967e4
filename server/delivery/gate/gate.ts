import type { IncomingMessage } from 'node:http';
import type { Config } from '../../config.ts';
import { FatalError, RetryLaterError } from '../../errors.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { Shares } from '../../lib/shares.ts';
import type { Caller } from '../../watch/service.ts';
import { createClientAddress } from './client-address.ts';
import { Keys, keyOf } from './keys.ts';
import { Rate } from './rate.ts';

/** What every door to data asks before it opens: who it is, how much they ask, and whether there is room. */
export interface Gate {
  /** Throws UNAUTHENTICATED where keys are asked for and none of them was sent. */
  admit(request: IncomingMessage): Caller;
  /** As admit, with a key that came after the request: in a message, from whoever is at that address. */
  admitKey(key: string | undefined, address: string): Caller;
  /** Who has not been admitted, for what they are refused counts as well. */
  stranger(request: IncomingMessage): Caller;
  /** Whether nobody is admitted without a key. */
  readonly wantsKeys: boolean;
  /** Takes so many requests of the caller's minute: a session write, a one-off read and a stream are one each. Throws RATE_LIMITED. */
  spend(caller: Caller, requests: number): Promise<void>;
  /** Room for one stream, until it is disposed of. Throws RATE_LIMITED for the address, CAPACITY_EXCEEDED for the process. */
  openStream(caller: Caller, door: string): Disposable;
  /** Room for so many balances that are read once, until it is disposed of. Throws RATE_LIMITED, CAPACITY_EXCEEDED. */
  read(caller: Caller, balances: number): Disposable;
}

export type { Caller };

export type GateConfig = Pick<
  Config,
  'apiKeys' | 'trustProxy' | 'rateLimitPerMinute' | 'maxStreams' | 'maxStreamsPerAddress'
>;

/** Balances of one-off reads under way, from the asking until the answer is written. */
export const READS = { most: 100_000, mostEach: 20_000 } as const;
/** Streams end when their clients do: there is no telling when, but soon is as good as any. */
const RETRY_SECONDS = 5;

export function createGate(config: GateConfig, metrics: Pick<Metrics, 'streams' | 'refusals'>): Gate {
  const keys = new Keys(config.apiKeys);
  const addressOf = createClientAddress(config.trustProxy);
  const rate = new Rate(config.rateLimitPerMinute);
  const streams = new Shares({ most: config.maxStreams, mostEach: config.maxStreamsPerAddress });
  const reads = new Shares(READS);

  return {
    wantsKeys: keys.areAsked,

    admit: (request) => admitKey(keyOf(request), addressOf(request)),

    admitKey,

    stranger(request) {
      const address = addressOf(request);
      return { id: address, address };
    },

    async spend(caller, requests) {
      const waitSeconds = await rate.take(caller.id, requests);
      if (waitSeconds === undefined) return;
      metrics.refusals.inc({ reason: 'rate' });
      throw new RetryLaterError(
        'RATE_LIMITED',
        requests > config.rateLimitPerMinute
          ? `${requests} requests at once, of ${config.rateLimitPerMinute} in a minute: ask for fewer together`
          : `more than ${config.rateLimitPerMinute} requests in a minute: try again in ${waitSeconds} s`,
        waitSeconds,
      );
    },

    openStream({ address }, door) {
      const place = taken(streams.take(address, 1), {
        each: [
          'streams_per_address',
          `${config.maxStreamsPerAddress} streams of this address are open, which is the limit`,
        ],
        all: ['streams', `${config.maxStreams} streams are open, which is all that this server takes`],
      });
      const open = new DisposableStack();
      open.use(place);
      metrics.streams.inc({ door });
      open.defer(() => metrics.streams.dec({ door }));
      return open;
    },

    read(caller, balances) {
      return taken(reads.take(caller.id, balances), {
        each: ['reads_per_caller', `${READS.mostEach} balances are being read for you, which is the limit`],
        all: ['reads', `${READS.most} balances are being read, which is all that this server takes`],
      });
    },
  };

  function admitKey(key: string | undefined, address: string): Caller {
    if (!keys.areAsked) return { id: address, address };
    const name = key === undefined ? undefined : keys.nameOf(key);
    if (name !== undefined) return { id: `key ${name}`, address };
    metrics.refusals.inc({ reason: 'unauthenticated' });
    throw new FatalError(
      'UNAUTHENTICATED',
      key === undefined
        ? "an API key is needed: send it as Authorization: Bearer, as X-API-Key, as ?api_key= or as a WebSocket message's authorization"
        : 'the API key is not known here',
    );
  }

  /** What was taken; throws where nothing was, with the reason for metrics and for the caller. */
  function taken(
    place: ReturnType<Shares['take']>,
    refusals: Readonly<Record<'each' | 'all', readonly [reason: string, message: string]>>,
  ): Disposable {
    if (typeof place !== 'string') return place;
    const [reason, message] = refusals[place];
    metrics.refusals.inc({ reason });
    throw new RetryLaterError(
      place === 'each' ? 'RATE_LIMITED' : 'CAPACITY_EXCEEDED',
      `${message}: try again in ${RETRY_SECONDS} s`,
      RETRY_SECONDS,
    );
  }
}
