import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { BaseError } from '../../errors.ts';
import { withRequestId } from '../../lib/request-id.ts';
import type { Caller } from '../gate/gate.ts';
import { countSent } from '../sent.ts';
import { limitArrivals } from './arrivals.ts';
import type { WebSocketOptions } from './door.ts';
import { failure } from './events.ts';
import { answerPings, keepAlive } from './heartbeat.ts';
import { type Message, readMessage } from './messages.ts';
import { Subscriptions } from './subscriptions.ts';

/**
 * One WebSocket. Messages are obeyed one after the other, and while one is, nothing more is read: whoever sends faster
 * than it is answered is slowed down by its own kernel. Whoever reads slower than it is told gets fewer, fresher
 * updates. It ends when either side closes it, when the service stops, or when the peer is found dead.
 */
interface ConnectionOptions extends WebSocketOptions {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly requestId: string;
  /** Who sent a key at the start; undefined where messages have to bring one. */
  readonly caller: Caller | undefined;
  readonly stranger: Caller;
  readonly reserve: (address: string) => Disposable | undefined;
  readonly messageMs: number;
}

interface Arrived {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** That came at once, before the first of them was obeyed: of what is read together there may be thousands. */
const MOST_QUEUED = 1000;
/** Past it a message takes milliseconds to read, and tens of them where it means ill. */
const SMALL_BYTES = 16_384;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export class WebSocketConnection {
  readonly #options: ConnectionOptions;
  readonly #webSocket: WebSocket;
  readonly #subscriptions: Subscriptions;
  readonly #closing = new AbortController();
  readonly #queue: Arrived[] = [];
  #isBusy = false;
  /** Who sent the newest key that was one of ours. */
  #caller: Caller | undefined;

  constructor(options: ConnectionOptions) {
    const { webSocket, socket, config, metrics, requestId, stranger, reserve, messageMs } = options;
    this.#options = options;
    this.#webSocket = webSocket;
    this.#caller = options.caller;
    setMaxListeners(0, this.#closing.signal);
    this.#subscriptions = new Subscriptions({
      ...options,
      signal: this.#closing.signal,
      send: (texts) => this.#send(texts),
      sent: countSent(metrics, 'websocket'),
      ended: (subscriptionId, error) => {
        if (error === undefined) this.goAway();
        else void this.#send([failure(error, subscriptionId, options.log)]);
      },
    });
    webSocket.on('message', (data: Buffer, isBinary) =>
      withRequestId(requestId, () => this.#receive({ data, isBinary })),
    );
    // What was wrong is in the code that ws closes it with.
    webSocket.on('error', () => this.#leave());
    webSocket.once('close', () => this.#leave());
    answerPings(webSocket);
    keepAlive(webSocket, {
      everyMs: config.sseHeartbeatMs,
      timeoutMs: config.stalledClientTimeoutMs,
      dead: () => {
        metrics.stalledClients.inc({ door: 'websocket' });
        webSocket.terminate();
      },
    });
    limitArrivals(webSocket, {
      socket,
      reserve: () => reserve(stranger.address),
      timeoutMs: messageMs,
      refuse: (code, reason) => this.#close(code, reason),
    });
  }

  /** The server stops: the client is to connect again, elsewhere. */
  goAway(): void {
    this.#close(GOING_AWAY, 'the server is stopping: connect again');
  }

  #receive(arrived: Arrived): void {
    if (this.#closing.signal.aborted) return;
    if (this.#queue.length >= MOST_QUEUED) {
      this.#close(POLICY_VIOLATION, `more than ${MOST_QUEUED} messages at once`);
      return;
    }
    this.#queue.push(arrived);
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    this.#webSocket.pause();
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      let message: Message | undefined;
      try {
        if (next.data.length > SMALL_BYTES) await this.#payForReading();
        message = readMessage(next.data, next.isBinary);
        await this.#obey(message);
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        await this.#send([failure(error, message?.subscriptionId, this.#options.log)]);
      }
    }
    this.#isBusy = false;
    this.#webSocket.resume();
  }

  /** A large message counts twice, the first time before it is looked at; and others have their turn before each. */
  async #payForReading(): Promise<void> {
    const { gate, stranger } = this.#options;
    await turn();
    await gate.spend(this.#caller ?? stranger, 1);
  }

  async #obey(message: Message): Promise<void> {
    const { gate, service } = this.#options;
    const caller = await this.#admit(message);
    await gate.spend(caller, 1);
    const command = message.command(service.chains);
    if (command.type === 'balance') await this.#subscriptions.subscribe(command, caller);
    else await this.#subscriptions.unsubscribe(command);
  }

  /** Throws UNAUTHENTICATED, and counts it against the address, or RATE_LIMITED where that has had enough. */
  async #admit({ authorization }: Message): Promise<Caller> {
    const { gate, stranger, caller } = this.#options;
    const key = authorization?.trim().replace(/^bearer +/i, '') || undefined;
    if (key === undefined && this.#caller) return this.#caller;
    try {
      this.#caller = gate.admitKey(key, stranger.address);
      return this.#caller;
    } catch (error) {
      // Clients of the hosted service send a key of that one; the address that they were given has ours.
      if (caller) return caller;
      if (error instanceof BaseError) await gate.spend(stranger, 1);
      throw error;
    }
  }

  /** Resolves when the socket has taken it all, or is gone. */
  #send(texts: readonly string[]): Promise<void> {
    const { webSocket, socket } = this.#options;
    if (this.#closing.signal.aborted || texts.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      socket.cork();
      texts.forEach((text, index) => {
        if (index < texts.length - 1) webSocket.send(text);
        else webSocket.send(text, () => resolve());
      });
      socket.uncork();
    });
  }

  #close(code: number, reason: string): void {
    this.#leave();
    this.#webSocket.close(code, reason);
    // To hear that the other side has closed, too.
    this.#webSocket.resume();
  }

  #leave(): void {
    this.#closing.abort();
    this.#queue.length = 0;
    void this.#subscriptions.end();
  }
}
