import { describe } from '../../errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { AnswerTooLarge, EndpointError } from './errors.ts';
import type { RpcRequest } from './message.ts';
import { RpcSocket } from './socket.ts';

interface SocketTransportOptions {
  readonly connectTimeoutMs: number;
  /** A connection that stood is gone: who is at the other end of the next one is to be seen. */
  readonly lost: () => void;
}

/** JSON-RPC over one WebSocket that is opened when it is needed and opened anew once it has closed. */
export class SocketTransport implements AsyncDisposable {
  readonly #url: string;
  readonly #options: SocketTransportOptions;
  readonly #stop = new AbortController();
  #socket: Promise<RpcSocket> | undefined;

  constructor(url: string, options: SocketTransportOptions) {
    this.#url = url;
    this.#options = options;
  }

  async request(call: RpcRequest, signal: AbortSignal): Promise<unknown> {
    this.#socket ??= this.#open();
    let socket: RpcSocket;
    try {
      socket = await abortable(this.#socket, signal);
    } catch (error) {
      throw error instanceof EndpointError ? error : new EndpointError(`WebSocket: ${describe(error)}`);
    }
    try {
      return await socket.request(call, signal);
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || socket.isOpen) throw error;
    }
    // An answer that was too large has closed the socket. On one of its own it is clear whether it was this one's.
    using own = await RpcSocket.open(this.#url, signal);
    return await own.request(call, signal);
  }

  async #open(): Promise<RpcSocket> {
    const { connectTimeoutMs, lost } = this.#options;
    try {
      const socket = await withDeadline(connectTimeoutMs, this.#stop.signal, (signal) =>
        RpcSocket.open(this.#url, signal),
      );
      void socket.closed.then(() => {
        this.#socket = undefined;
        lost();
      });
      return socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const socket = await this.#socket?.catch(() => undefined);
    socket?.[Symbol.dispose]();
  }
}
