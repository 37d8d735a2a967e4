import { WebSocket } from 'ws';
import type { Address } from '../chain/types.ts';
import type { WalletItem } from '../watch/service.ts';
import type { Update } from '../watch/update.ts';
import { eventually } from './app.ts';
import { balanceOf, type ScriptedService, type ScriptedStream, updateOf } from './service.ts';

/** Whatever a server may send. */
export interface Said {
  readonly event?: string;
  readonly type?: string;
  readonly message?: string;
  readonly code?: string;
  readonly retryAfter?: number;
  readonly details?: readonly { code: string; path: (string | number)[]; message: string }[];
  readonly subscriptionId?: string;
  readonly pairs?: number;
  readonly data?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
}

/** A client that keeps all it is told. */
export class SocketClient implements Disposable {
  readonly socket: WebSocket;
  readonly said: Said[] = [];
  readonly opened: Promise<void>;
  /** With which code and words it was closed. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
  /** The status, where it became no WebSocket. */
  readonly refused: Promise<number>;

  constructor(url: string, path = '/ws', options: WebSocket.ClientOptions = {}) {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, options);
    this.socket.on('error', () => {});
    this.socket.on('message', (text) => this.said.push(JSON.parse(String(text))));
    this.opened = new Promise((resolve) => this.socket.once('open', () => resolve()));
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => resolve([code, String(reason)])),
    );
    this.refused = new Promise((resolve) =>
      this.socket.once('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0);
        this.socket.terminate();
      }),
    );
  }

  /** As it is where it is text, else as JSON. */
  async send(message: unknown): Promise<void> {
    await this.opened;
    this.socket.send(
      typeof message === 'string' || message instanceof Buffer ? message : JSON.stringify(message),
    );
  }

  /** That many messages, all there are. */
  async heard(count: number): Promise<readonly Said[]> {
    return await eventually(() => {
      if (this.said.length !== count)
        throw new Error(`expected ${count} messages, and there are ${JSON.stringify(this.said)}`);
      return this.said;
    });
  }

  /** The answer to a message that gets exactly one. */
  async ask(message: unknown): Promise<Said> {
    const before = this.said.length;
    await this.send(message);
    return (await this.heard(before + 1))[before] ?? {};
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

export const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
export const WALLET = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
export const DAI: Address = '0x6b175474e89094c44da98b954eedeac495271d0f';
export const DAI_SHOWN = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
export const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
export const USDC_SHOWN = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';

export const item = (token: string, blockchain = 'evm:1', wallet: string = OWNER) => ({
  wallet,
  token,
  blockchain,
});

export const subscribe = (
  items: readonly unknown[],
  subscriptionId?: string,
  rest: Readonly<Record<string, unknown>> = {},
) => ({ type: 'balance', payload: { items, subscriptionId, ...rest } });

export const unsubscribe = (subscriptionId: string, subscriptionTracking?: boolean) => ({
  type: 'unsubscribe',
  payload: { subscriptionId, subscriptionTracking },
});

export type WalletStream = ScriptedStream<readonly WalletItem[]>;

/** The service's ends of that many streams, oldest first. */
export const walletStreams = (service: ScriptedService, count: number): Promise<WalletStream[]> =>
  eventually(() => {
    if (service.walletStreams.size !== count)
      throw new Error(`expected ${count} streams, and there are ${service.walletStreams.size}`);
    return [...service.walletStreams];
  });

type Amounts = Readonly<Record<Address, bigint | null>>;
const of = (chainId: number) => ({ chainId, owner: OWNER });

export const snapshot = (amounts: Amounts, chainId = 1): Update =>
  updateOf(of(chainId), 'cursor', amounts, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });

export const diff = (amounts: Amounts, rest: Partial<Update> = {}): Update =>
  updateOf(of(rest.chainId ?? 1), 'cursor', amounts, rest);

/** A diff of one balance with all that is known of it. */
export const movement = (
  token: Address,
  amount: bigint | null,
  rest: Partial<ReturnType<typeof balanceOf>>,
): Update => ({
  ...diff({}),
  balances: [{ ...balanceOf(OWNER, token, amount), ...rest }],
});
