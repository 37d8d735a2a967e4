import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { Config } from '../../config.ts';
import { BaseError } from '../../errors.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Service } from '../../watch/service.ts';
import { sendJson } from '../answer.ts';
import type { Bodies } from '../bodies.ts';
import type { Connection } from '../connections.ts';
import { originMatcher } from '../cors.ts';
import { ABNORMAL_CLOSURE, REQUEST_ID_HEADER, type Upgraded } from '../exchange.ts';
import type { Caller, Gate } from '../gate/gate.ts';
import { keyOf } from '../gate/keys.ts';
import { WebSocketConnection } from './connection.ts';
import { flawOf, isHandshake, isOfWebSockets, noHandshake, type Refusal, refusal } from './handshake.ts';

/**
 * The WebSocket door, for clients written against a hosted service: which requests become one, and which are told
 * why not. Those go the way of every other request, so that they are counted, logged and answered alike.
 */
export interface WebSocketDoor {
  /** Whether the request becomes a WebSocket. What does not is answered by `refuse`, where it wanted to. */
  accepts(request: IncomingMessage, connection: Connection | undefined): boolean;
  /** Says true where that was the whole answer. */
  refuse(request: IncomingMessage, response: ServerResponse): boolean;
  /** What was accepted, from now on no HTTP any more. */
  open(options: Opening): Upgraded;
}

interface Opening {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly requestId: string;
  readonly connection: Connection | undefined;
  /** Room for what has not arrived whole. */
  readonly bodies: Pick<Bodies, 'reserve'>;
  /** How long it may take to arrive. */
  readonly messageMs: number;
}

export interface WebSocketOptions {
  readonly service: Service;
  readonly config: Pick<
    Config,
    'allowedOrigins' | 'maxBodyBytes' | 'maxPairsPerConnection' | 'sseHeartbeatMs' | 'stalledClientTimeoutMs'
  >;
  readonly gate: Gate;
  readonly metrics: Pick<Metrics, 'updatesSent' | 'blockToSend' | 'stalledClients'>;
  readonly log: Pick<Logger, 'error'>;
}

/** How long the other side may take to say that it has closed, too. */
const CLOSE_TIMEOUT_MS = 2000;
/** Of one message. In bytes they may be few, but each takes memory of its own. */
const MOST_FRAGMENTS = 1024;
const MOST_CHUNKS = 4096;

export function createWebSocketDoor(options: WebSocketOptions): WebSocketDoor {
  const { config, gate } = options;
  const isAllowedOrigin = originMatcher(config.allowedOrigins);
  const refusals = new WeakMap<IncomingMessage, Refusal>();
  const callers = new WeakMap<IncomingMessage, Caller>();

  const settings: ServerOptions &
    Readonly<Record<'closeTimeout' | 'maxFragments' | 'maxBufferedChunks', number>> = {
    noServer: true,
    clientTracking: false,
    // What is small would be sent larger, and a few bytes from a stranger could grow to megabytes.
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: config.maxBodyBytes,
    closeTimeout: CLOSE_TIMEOUT_MS,
    maxFragments: MOST_FRAGMENTS,
    maxBufferedChunks: MOST_CHUNKS,
  };
  const server = new WebSocketServer(settings);

  function flaw(request: IncomingMessage, connection: Connection | undefined): Refusal | undefined {
    const found = flawOf(request, isAllowedOrigin);
    if (found) return found;
    // Its answer would stand in the middle of another.
    if (connection && connection.answers.size > 0)
      return refusal(400, 'a request for a WebSocket waits for the answers to those before it');
    try {
      // Who has no key here may send it with every message.
      if (!gate.wantsKeys || keyOf(request) !== undefined) callers.set(request, gate.admit(request));
      return undefined;
    } catch (error) {
      if (!(error instanceof BaseError) || error.code !== 'UNAUTHENTICATED') throw error;
      return refusal(401, error.message, { 'www-authenticate': 'Bearer' });
    }
  }

  return {
    accepts(request, connection) {
      if (!isHandshake(request)) return false;
      const found = flaw(request, connection);
      if (found) refusals.set(request, found);
      return found === undefined;
    },

    refuse(request, response) {
      const found = isHandshake(request)
        ? (refusals.get(request) ??
          flawOf(request, isAllowedOrigin) ??
          refusal(400, 'expected Connection: Upgrade'))
        : isOfWebSockets(request)
          ? noHandshake(request)
          : undefined;
      if (!found) return false;
      sendJson(request, response, found.status, found.body, found.headers);
      return true;
    },

    open({ request, socket, head, requestId, connection, bodies, messageMs }) {
      const closed = Promise.withResolvers<number>();
      let isOpen = false;
      const named = (headers: string[]) => void headers.push(`${REQUEST_ID_HEADER}: ${requestId}`);
      server.once('headers', named);
      server.handleUpgrade(request, socket as Duplex, head, (webSocket) => {
        const opened = new WebSocketConnection({
          ...options,
          webSocket,
          socket,
          requestId,
          messageMs,
          caller: callers.get(request),
          stranger: gate.stranger(request),
          reserve: bodies.reserve,
        });
        if (connection) connection.goAway = () => opened.goAway();
        webSocket.once('close', closed.resolve);
        isOpen = true;
      });
      server.off('headers', named);
      // Where the client left in the meantime, there is none.
      if (!isOpen) closed.resolve(ABNORMAL_CLOSURE);
      return { closed: closed.promise };
    },
  };
}
