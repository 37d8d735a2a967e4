import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../../chain/types.ts';
import { eventsOf } from '../../events.ts';
import type { Random } from '../random.ts';
import type { Weather } from '../weather.ts';
import type { ClientKind, SoakClient } from './client.ts';
import { Folded, type Told } from './folded.ts';
import type { Server, SoakSession } from './session.ts';
import { Malformed, Refused, SUBSCRIPTION, toldByGraphQL, toldByRest } from './told.ts';

export interface RawStreamOptions {
  readonly name: string;
  readonly kind: ClientKind;
  readonly door: 'graphql' | 'rest';
  readonly server: Server;
  readonly session: SoakSession;
  readonly mayHold: (token: Address) => boolean;
  readonly random: Random;
  /** Reads nothing for so long now and then. */
  readonly pausesMs?: readonly [least: number, most: number];
  /** Drops its connection after so long, and is away for so long. */
  readonly drops?: {
    readonly afterMs: readonly [least: number, most: number];
    readonly awayMs: readonly [least: number, most: number];
  };
  /** In a calm it neither drops nor pauses. */
  readonly weather: Weather;
}

const AGAIN_MS = [50, 500] as const;
/** How often it does not resume but begins anew. */
const FORGETS = 0.2;

/**
 * A stream on a plain HTTP connection of its own, parsed and folded by hand: slow, unreliable, or both. Goes on
 * from the cursor it has, makes the session where there is none, and never gives up.
 */
export class RawStream implements SoakClient {
  readonly name: string;
  readonly kind: ClientKind;
  readonly owner: Address;
  readonly #options: RawStreamOptions;
  readonly #folded: Folded;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #cursor: string | undefined;
  connections = 0;

  constructor(options: RawStreamOptions) {
    this.name = options.name;
    this.kind = options.kind;
    this.owner = options.session.owner;
    this.#options = options;
    this.#folded = new Folded(options.mayHold);
    this.#done = this.#follow();
  }

  async #follow(): Promise<void> {
    const { session, random, drops, weather } = this.#options;
    const { signal } = this.#stop;
    let isMade = false;
    while (!signal.aborted) {
      const connection = new AbortController();
      let drop: NodeJS.Timeout | undefined;
      const dropLater = (afterMs: readonly [number, number]) => {
        drop = setTimeout(
          () => {
            if (weather.isCalm) dropLater(afterMs);
            else connection.abort();
          },
          random.between(...afterMs),
        );
      };
      if (drops) dropLater(drops.afterMs);
      try {
        if (!isMade) await session.create();
        isMade = true;
        await this.#read(AbortSignal.any([signal, connection.signal]));
      } catch (error) {
        if (error instanceof Malformed || (error instanceof Refused && !isNoSession(error)))
          this.#folded.complain(error.message);
      }
      clearTimeout(drop);
      const isAway = drops && connection.signal.aborted;
      // Whoever was cut off cannot know what the server still has of the session: it asks for all of it again.
      if (!isAway) isMade = false;
      await sleep(random.between(...(isAway ? drops.awayMs : AGAIN_MS)), undefined, {
        signal: AbortSignal.any([signal, ...(isAway ? [weather.calm] : [])]),
      }).catch(() => {});
      if (isAway && random.chance(FORGETS)) this.#cursor = undefined;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { pausesMs, random, weather } = this.#options;
    const after = this.#cursor;
    const required = this.#options.session.tokens;
    const response = await this.#open(after, signal);
    this.connections += 1;
    let first = true;
    for await (const { id, event, data } of eventsOf(response)) {
      if (event === 'complete') return;
      if (event === 'error') throw new Malformed(`the stream cannot go on: ${data}`);
      if (data === undefined || event === undefined) continue;
      const told = event === 'next' ? toldByGraphQL(data) : toldByRest(id ?? '', data);
      this.#folded.fold(told);
      if (event === 'next' && id !== told.cursor)
        this.#folded.complain(`an event named ${id} with the cursor ${told.cursor}`);
      if (first) this.#checkFirst(told, after, required);
      first = false;
      this.#cursor = told.cursor;
      if (pausesMs && !weather.isCalm && random.chance(0.1))
        await sleep(random.between(...pausesMs), undefined, {
          signal: AbortSignal.any([signal, weather.calm]),
        }).catch(() => signal.throwIfAborted());
    }
  }

  /** Everything is there after a snapshot; by REST unreadable tokens are left out. */
  #checkFirst({ kind }: Told, after: string | undefined, required: ReadonlySet<Address>): void {
    if (after === undefined && kind === 'DIFF') this.#folded.complain('a DIFF where a SNAPSHOT was due');
    // What is on its way to being another list cannot be held against it.
    if (kind !== 'SNAPSHOT' || this.kind === 'list set anew (PUT)') return;
    const missing = [...required].filter((token) => this.#folded.get(token) === undefined);
    if (missing.length > 0) this.#folded.complain(`a SNAPSHOT without ${missing}`);
  }

  async #open(after: string | undefined, signal: AbortSignal): Promise<Response> {
    const { door, server, session } = this.#options;
    const { chainId, owner, clientId } = session;
    if (door === 'graphql') {
      const variables = { chainId, owner, clientId, after };
      return await exchange(`${server.url}/graphql`, signal, {
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: SUBSCRIPTION, variables }),
      });
    }
    return await exchange(`${server.url}/sse/${chainId}/balances/${owner}`, signal, {
      headers: {
        accept: 'text/event-stream',
        ...(clientId !== undefined && { 'x-client-id': clientId }),
        ...(after !== undefined && { 'last-event-id': after }),
      },
    });
  }

  holds(token: Address): bigint | null | undefined {
    return this.#folded.get(token);
  }

  get tokens(): ReadonlySet<Address> {
    return this.#options.session.tokens;
  }

  get held(): Iterable<Address> | undefined {
    return this.#options.door === 'graphql' ? this.#folded.tokens : undefined;
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

function isNoSession(error: unknown): boolean {
  return error instanceof Refused && error.code === 'SESSION_NOT_FOUND';
}

/** A request on a socket of its own, which is read only as fast as its events are taken. */
async function exchange(
  url: string,
  signal: AbortSignal,
  { headers, body }: { headers: Record<string, string>; body?: string },
): Promise<Response> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(url, { method, headers, signal, agent: false }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
  message.on('error', () => {});
  const text = Readable.toWeb(message) as ReadableStream<Uint8Array>;
  const response = new Response(text, { status: message.statusCode ?? 500 });
  if (response.status === 404) throw new Refused('SESSION_NOT_FOUND', await response.text());
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
