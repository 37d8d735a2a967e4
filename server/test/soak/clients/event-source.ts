import { setTimeout as sleep } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import type { Address } from '../../../chain/types.ts';
import type { ClientKind, SoakClient } from './client.ts';
import { Folded } from './folded.ts';
import type { Server, SoakSession } from './session.ts';
import { toldByRest } from './told.ts';

const AGAIN_MS = 200;

interface Options {
  readonly name: string;
  readonly server: Server;
  readonly session: SoakSession;
  readonly asks: readonly Address[];
  readonly mayHold: (token: Address) => boolean;
}

/**
 * A page with an EventSource, which reconnects and resumes by itself. Where it is told for good that there is no
 * session (404: the server was restarted), the page makes one and opens another.
 */
export class EventSourceClient implements SoakClient {
  readonly kind: ClientKind = 'EventSource';
  readonly name: string;
  readonly owner: Address;
  readonly #options: Options;
  readonly #folded: Folded;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  connections = 0;

  constructor(options: Options) {
    this.name = options.name;
    this.owner = options.session.owner;
    this.#options = options;
    this.#folded = new Folded(options.mayHold);
    options.session.include(options.asks);
    this.#done = this.#follow();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#options.session.create();
        await this.#listen(signal);
      } catch {
        // The server is away.
      }
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Settles when the EventSource has given up, or is to end. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { server, session } = this.#options;
    const source = new EventSource(`${server.url}/sse/${session.chainId}/balances/${session.owner}`);
    try {
      source.addEventListener('open', () => {
        this.connections += 1;
      });
      source.addEventListener('balance_update', ({ data, lastEventId }) => {
        this.#folded.fold(toldByRest(lastEventId, data));
      });
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        source.addEventListener('error', () => {
          if (source.readyState === source.CLOSED) resolve();
        });
      });
    } finally {
      source.close();
    }
  }

  holds(token: Address): bigint | null | undefined {
    return this.#folded.get(token);
  }

  get tokens(): ReadonlySet<Address> {
    return this.#options.session.tokens;
  }

  get held(): undefined {
    return undefined;
  }

  get updates(): number {
    return this.#folded.updates;
  }

  get problems(): readonly string[] {
    return this.#folded.problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}
