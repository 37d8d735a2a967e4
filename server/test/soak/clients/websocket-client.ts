import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Address, NATIVE } from '../../../chain/types.ts';
import type { ClientKind, SoakClient } from './client.ts';
import { Folded } from './folded.ts';
import type { Server } from './session.ts';

const AGAIN_MS = 200;
/** The server pings more often than this: who hears nothing for so long is cut off without knowing. */
const SILENCE_MS = 20_000;

interface Options {
  readonly name: string;
  readonly server: Server;
  readonly chainId: number;
  readonly owner: Address;
  readonly asks: readonly Address[];
}

interface Item {
  readonly token: string;
  readonly rawBalance: string;
}

interface Message {
  readonly event?: string;
  readonly message?: string;
  readonly data?: Item | readonly Item[];
}

/** A WebSocket of a client written for another service: it opens another one when it is closed, and asks again. */
export class WebSocketClient implements SoakClient {
  readonly kind: ClientKind = 'WebSocket';
  readonly name: string;
  readonly owner: Address;
  readonly tokens: ReadonlySet<Address>;
  readonly #options: Options;
  readonly #folded: Folded;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  connections = 0;

  constructor(options: Options) {
    this.name = options.name;
    this.owner = options.owner;
    this.tokens = new Set(options.asks);
    this.#options = options;
    this.#folded = new Folded((token) => this.tokens.has(token));
    this.#done = this.#follow();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // An error is a close as well.
      await this.#listen(signal).catch(() => {});
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { server, chainId, owner, asks } = this.#options;
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    const end = () => socket.terminate();
    let silence = setTimeout(end, SILENCE_MS);
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      socket.on('error', end);
      socket.on('ping', heard);
      socket.on('open', () => {
        this.connections += 1;
        const items = asks.map((token) => ({
          wallet: owner,
          token: token === NATIVE ? 'native' : token,
          blockchain: `evm:${chainId}`,
        }));
        socket.send(JSON.stringify({ type: 'balance', payload: { items } }));
      });
      socket.on('message', (text) => {
        heard();
        this.#hear(JSON.parse(String(text)));
      });
      await once(socket, 'close');
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', end);
    }
  }

  #hear({ event, message, data }: Message): void {
    if (event === 'error') this.#folded.complain(`the server objects: ${message}`);
    if (!data) return;
    const isSnapshot = Array.isArray(data);
    this.#folded.fold({
      kind: isSnapshot ? 'SNAPSHOT' : 'DIFF',
      // This door has none: who comes back asks again.
      cursor: 'none',
      balances: [data].flat().map(({ token, rawBalance }: Item) => ({
        token: token === 'native' ? NATIVE : (token.toLowerCase() as Address),
        amount: BigInt(rawBalance),
      })),
      removed: [],
    });
  }

  holds(token: Address): bigint | null | undefined {
    return this.#folded.get(token);
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
