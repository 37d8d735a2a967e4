import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Hash } from '../../chain/types.ts';
import { nowMs } from '../clock.ts';
import type { Transfer } from './block.ts';
import { SyntheticChain } from './chain.ts';
import { runAt } from './delay.ts';
import { Meter } from './meter.ts';
import { RpcError } from './methods.ts';
import { answerMessage, type Subscriptions } from './rpc.ts';

export interface Mined {
  readonly number: number;
  readonly hash: Hash;
  /** When the first head notification was written, on the machine's monotonic clock. */
  readonly announcedAtMs: number;
}

/**
 * An EVM node without an EVM, HTTP and WebSocket on one port of loopback. Answers are computed when the
 * request is whole and written one round trip later, so that computing them costs a measurement nothing;
 * heads are written when they are mined.
 */
export class SyntheticNode {
  readonly meter = new Meter();
  rttMs = 0;
  readonly #chain: SyntheticChain;
  /** Sockets by the id of their newHeads subscription. */
  readonly #headSubscribers = new Map<string, WebSocket>();
  readonly #http = createServer((request, response) => this.#onRequest(request, response));
  #lastSubscription = 0;

  constructor(chainId: number) {
    this.#chain = new SyntheticChain(chainId);
  }

  async listen(): Promise<number> {
    const sockets = new WebSocketServer({ server: this.#http, perMessageDeflate: false });
    sockets.on('connection', (socket) => this.#onSocket(socket));
    this.#http.keepAliveTimeout = 0;
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return (this.#http.address() as AddressInfo).port;
  }

  mine(transfers: readonly Transfer[]): Mined {
    const { number, hash, headerJson } = this.#chain.mine(transfers);
    const announcedAtMs = nowMs();
    for (const [id, socket] of this.#headSubscribers) {
      const message = `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${headerJson}}}`;
      this.meter.notification(message.length);
      socket.send(message);
    }
    return { number, hash, announcedAtMs };
  }

  get headSubscribers(): number {
    return this.#headSubscribers.size;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const dueMs = nowMs() + this.rttMs;
      const answer = Buffer.from(answerMessage(this.#chain, this.meter, Buffer.concat(chunks).toString()));
      runAt(dueMs, () =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length })
          .end(answer),
      );
    });
  }

  #onSocket(socket: WebSocket): void {
    const subscriptions = this.#subscriptionsOf(socket);
    socket.on('message', (message) => {
      const dueMs = nowMs() + this.rttMs;
      const answer = answerMessage(this.#chain, this.meter, message.toString(), subscriptions);
      runAt(dueMs, () => socket.send(answer));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const [id, subscriber] of this.#headSubscribers)
        if (subscriber === socket) this.#headSubscribers.delete(id);
    });
  }

  #subscriptionsOf(socket: WebSocket): Subscriptions {
    return {
      subscribe: (kind) => {
        if (kind !== 'newHeads') throw new RpcError(-32602, `no "${kind}" subscription`);
        const id = `0x${(++this.#lastSubscription).toString(16)}`;
        this.#headSubscribers.set(id, socket);
        return id;
      },
      unsubscribe: (id) => this.#headSubscribers.delete(String(id)),
    };
  }
}
