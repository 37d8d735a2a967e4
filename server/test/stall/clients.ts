import type { Address } from '../../chain/types.ts';
import { eventually } from '../app.ts';
import { eventsOf } from '../events.ts';
import { getRequest, postRequest, RawClient } from '../raw.ts';
import { Folded, type Told } from '../soak/clients/folded.ts';
import { SUBSCRIPTION, toldByGraphQL, toldByRest } from '../soak/clients/told.ts';

export const DOORS = ['graphql', 'rest'] as const;
export type StreamDoor = (typeof DOORS)[number];

interface ClientOptions {
  readonly url: string;
  readonly chainId: number;
  readonly owner: Address;
  readonly door: StreamDoor;
}

/** Of the amount alone: few to ask for, many to send. */
const ALIASES = 10;
const BULKY = SUBSCRIPTION.replace(
  'amount status',
  `amount status ${Array.from({ length: ALIASES }, (_, index) => `a${index}: amount`).join(' ')}`,
);

/** It reads its snapshot, and nothing after. */
export class StalledClient implements Disposable {
  readonly #options: ClientOptions;
  readonly #client: RawClient;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#client = new RawClient(options.url, requestOf(options)).read();
  }

  /** What it was told before it stalled. */
  async snapshot(): Promise<{ cursor: string }> {
    const cursor = await eventually(() => {
      const id = /(?:^|\n)id: (\S+)\nevent: (?:next|balance_update)\ndata: [^\n]*/.exec(
        this.#client.text,
      )?.[1];
      if (id === undefined) throw new Error(`no snapshot: ${this.#client.text.slice(0, 500)}`);
      return id;
    });
    this.#client.socket.pause();
    return { cursor };
  }

  /** The same client once more, who reads from now on. */
  resume(cursor: string): HealthyClient {
    return new HealthyClient(this.#options, cursor);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** It reads all that it is told, and complains of what is not right: no amount here ever falls. */
export class HealthyClient implements AsyncDisposable {
  readonly door: StreamDoor;
  readonly owner: Address;
  readonly folded = new Folded(() => true);
  /** How it began: a door that does not say what an update is says `part`. */
  first: Told | undefined;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: ClientOptions, after?: string) {
    this.door = options.door;
    this.owner = options.owner;
    this.#done = this.#follow(options, after).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.folded.complain(`the stream broke: ${error}`);
    });
  }

  async #follow(options: ClientOptions, after: string | undefined): Promise<void> {
    const { signal } = this.#stop;
    for await (const { id, event, data } of eventsOf(await open(options, after, signal))) {
      if (event === undefined || data === undefined) continue;
      const told = event === 'next' ? toldByGraphQL(data) : toldByRest(id ?? '', data);
      this.first ??= told;
      for (const { token, amount } of told.balances) {
        const held = this.folded.get(token);
        if (amount === null || (typeof held === 'bigint' && amount < held))
          this.folded.complain(`${token}: ${amount} after ${held}, told of block ${told.block?.number}`);
      }
      this.folded.fold(told);
    }
    if (!signal.aborted) this.folded.complain('the stream ended');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

function open({ url, chainId, owner, door }: ClientOptions, after: string | undefined, signal: AbortSignal) {
  if (door === 'rest')
    return fetch(`${url}/sse/${chainId}/balances/${owner}`, {
      signal,
      headers: after === undefined ? {} : { 'last-event-id': after },
    });
  return fetch(`${url}/graphql`, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: SUBSCRIPTION, variables: { chainId, owner, after } }),
  });
}

function requestOf({ chainId, owner, door }: ClientOptions): string {
  if (door === 'rest') return getRequest(`/sse/${chainId}/balances/${owner}`);
  return postRequest(
    '/graphql',
    { query: BULKY, variables: { chainId, owner } },
    { Accept: 'text/event-stream' },
  );
}
