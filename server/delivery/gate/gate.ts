import type { IncomingMessage } from 'node:http';
import type { Config } from '../../config.ts';
import { FatalError, RetryLaterError } from '../../errors.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { createClientAddress } from './client-address.ts';
import { Keys, keyOf } from './keys.ts';
import { Rate } from './rate.ts';

/** What every door to data asks before it opens: who it is, how much they ask, and whether there is room. */
export interface Gate {
  /** Throws UNAUTHENTICATED where keys are asked for and none of them was sent. */
  admit(request: IncomingMessage): Caller;
  /** Takes so many requests of the caller's minute: a session write, a one-off read and a stream are one each. Throws RATE_LIMITED. */
  spend(caller: Caller, requests: number): Promise<void>;
  /** Room for one stream, until it is disposed of. Throws RATE_LIMITED for the address, CAPACITY_EXCEEDED for the process. */
  openStream(caller: Caller, door: string): Disposable;
}

export interface Caller {
  /** Key or client address, for limits that are per caller. */
  readonly id: string;
  readonly address: string;
}

export type GateConfig = Pick<
  Config,
  'apiKeys' | 'trustProxy' | 'rateLimitPerMinute' | 'maxStreams' | 'maxStreamsPerAddress'
>;

/** Streams end when their clients do: there is no telling when, but soon is as good as any. */
const RETRY_STREAM_SECONDS = 5;

export function createGate(config: GateConfig, metrics: Pick<Metrics, 'streams' | 'refusals'>): Gate {
  const keys = new Keys(config.apiKeys);
  const addressOf = createClientAddress(config.trustProxy);
  const rate = new Rate(config.rateLimitPerMinute);
  const streams = new Map<string, number>();
  let open = 0;

  return {
    admit(request) {
      const address = addressOf(request);
      if (!keys.areAsked) return { id: address, address };
      const key = keyOf(request);
      const name = key === undefined ? undefined : keys.nameOf(key);
      if (name !== undefined) return { id: `key ${name}`, address };
      metrics.refusals.inc({ reason: 'unauthenticated' });
      throw new FatalError(
        'UNAUTHENTICATED',
        key === undefined
          ? 'an API key is needed: send it as Authorization: Bearer, as X-API-Key or as ?api_key='
          : 'the API key is not known here',
      );
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
      const theirs = streams.get(address) ?? 0;
      if (theirs >= config.maxStreamsPerAddress) {
        metrics.refusals.inc({ reason: 'streams_per_address' });
        throw new RetryLaterError(
          'RATE_LIMITED',
          `${theirs} streams of this address are open, which is the limit: try again in ${RETRY_STREAM_SECONDS} s`,
          RETRY_STREAM_SECONDS,
        );
      }
      if (open >= config.maxStreams) {
        metrics.refusals.inc({ reason: 'streams' });
        throw new RetryLaterError(
          'CAPACITY_EXCEEDED',
          `${open} streams are open, which is all that this server takes: try again in ${RETRY_STREAM_SECONDS} s`,
          RETRY_STREAM_SECONDS,
        );
      }
      streams.set(address, theirs + 1);
      open += 1;
      metrics.streams.inc({ door });
      let isOpen = true;
      return {
        [Symbol.dispose]() {
          if (!isOpen) return;
          isOpen = false;
          open -= 1;
          metrics.streams.dec({ door });
          const left = (streams.get(address) ?? 1) - 1;
          if (left > 0) streams.set(address, left);
          else streams.delete(address);
        },
      };
    },
  };
}
