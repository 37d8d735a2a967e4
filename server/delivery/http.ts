import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Shares } from '../lib/shares.ts';
import { type Door, originForm, pathOf, problem, sendJson } from './answer.ts';
import { limitBodies, refuseForBodies } from './bodies.ts';
import { Connections } from './connections.ts';
import { createCors } from './cors.ts';
import { cutOff, MAX_HEADER_BYTES, MAX_HEADERS } from './cut-off.ts';
import { createDocs } from './docs.ts';
import { doorOf, type Exchange } from './exchange.ts';
import { createClientAddress, createIsProxy, networkOf } from './gate/client-address.ts';
import type { Health } from './health.ts';
import { type HttpLimits, LIMITS } from './http-limits.ts';
import { listen } from './listen.ts';
import type { RestApp } from './rest/context.ts';
import { watchStalled } from './stalled.ts';
import type { WebSocketDoor } from './ws/door.ts';

/**
 * The one HTTP server, and which door stands at which path. It ends when it is closed: it hears no new
 * connection, lets what is being answered finish (streams are ended by the service behind them), drops idle
 * connections and those that do not drain, and towards the end of the grace what is left.
 */
export interface HttpServer extends AsyncDisposable {
  /** Throws CONFIG_INVALID, naming HTTP_BIND, where the address cannot be had. */
  listen(): Promise<{ readonly url: string }>;
  /** Serves on, but every answer asks its client to open another connection for the next: the grace begins. */
  retire(): void;
  /** Stops accepting; connections go as they fall idle. `close` does this first. */
  drain(): void;
  /** Drains, and resolves once the last connection is gone, which within the grace it is. */
  close(graceMs?: number): Promise<void>;
}

export interface HttpOptions {
  readonly config: Pick<
    Config,
    | 'http'
    | 'allowedOrigins'
    | 'maxBodyBytes'
    | 'maxStreams'
    | 'maxStreamsPerAddress'
    | 'trustProxy'
    | 'stalledClientTimeoutMs'
    | 'shutdownGraceMs'
  >;
  readonly graphql: Door;
  readonly rest: Pick<RestApp, 'fetch'>;
  readonly health: Health;
  /** Undefined where metrics are served elsewhere. */
  readonly metrics: Door | undefined;
  readonly page: Door;
  readonly webSocket: WebSocketDoor;
  readonly exchange: Exchange;
  readonly stalledClients: Metrics['stalledClients'];
  readonly log: Pick<Logger, 'error'>;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** Beside those of the streams there is room for: whoever listens asks as well, and some only ask. */
const FURTHER_CONNECTIONS = 10_000;
const FURTHER_CONNECTIONS_PER_ADDRESS = 1000;
/** Of the grace: when what is left is cut off, so that there is time to end what stands behind. */
const CUT_OFF_AFTER = 0.9;
/** Of the grace: for how long a client may drain nothing while all others wait for it. */
const STALLED_AFTER = 0.2;

export function createHttp(options: HttpOptions): HttpServer {
  const { config, exchange, webSocket, log } = options;
  const limits = {
    ...LIMITS,
    connections: config.maxStreams + FURTHER_CONNECTIONS,
    connectionsPerAddress: config.maxStreamsPerAddress + FURTHER_CONNECTIONS_PER_ADDRESS,
    ...options.limits,
  };
  const cors = createCors(config.allowedOrigins);
  const doorAt = router(options);
  const connections = new Connections();
  const bodies = limitBodies({
    maxBodyBytes: config.maxBodyBytes,
    budgetBytes: limits.bodyBytes,
    budgetPerAddressBytes: limits.bodyBytesPerAddress,
    addressOf: createClientAddress(config.trustProxy),
  });
  const stalled = watchStalled({
    connections,
    timeoutMs: config.stalledClientTimeoutMs,
    budgetBytes: limits.unsentBytes,
    dropped: (door) => options.stalledClients.inc({ door }),
  });
  let retiredAtMs: number | undefined;
  let isDraining = false;

  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    // We refuse it too, in our own words.
    requireHostHeader: false,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: limits.keepAliveMs,
    shouldUpgradeCallback: (request: IncomingMessage) =>
      !refusalOf(request) && webSocket.accepts(request, connections.of(request.socket)),
  };
  const server = createServer(settings, (request, response) =>
    exchange.answer(request, response, () => answer(request, response)),
  );
  server.on('upgrade', (request, socket: Socket, head) => {
    const connection = connections.of(socket);
    if (connection) connection.door = 'websocket';
    const messageMs = limits.requestMs;
    exchange.upgrade(request, (requestId) =>
      webSocket.open({ request, socket, head, requestId, connection, bodies, messageMs }),
    );
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    request.url = originForm(request.url);
    const path = pathOf(request);
    const connection = connections.of(socket);
    if (connection) connection.door = doorOf(path, request.headers.upgrade);
    connection?.answers.add(response);
    response.once('close', () => {
      connection?.answers.delete(response);
      if (isDraining && connection?.answers.size === 0) socket.destroySoon();
    });
    response.setHeader('x-content-type-options', 'nosniff');
    // Whoever may keep it says so; what a key has opened no cache hands to others.
    response.setHeader('cache-control', 'no-store');
    if (retiredAtMs !== undefined) response.setHeader('connection', 'close');
    const refusal = refusalOf(request);
    if (refusal) {
      sendJson(request, response, refusal.code, refusal);
      return;
    }
    try {
      if (cors(request, response) || webSocket.refuse(request, response)) return;
      if (!bodies.admit(request, response)) refuseForBodies(request, response);
      else await doorAt(path)(request, response);
    } catch (error) {
      log.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else sendJson(request, response, 500, problem(500));
    }
  }
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.connections;
  const perAddress = new Shares({ most: Number.POSITIVE_INFINITY, mostEach: limits.connectionsPerAddress });
  const isProxy = createIsProxy(config.trustProxy);
  server.on('connection', (socket) => {
    if (!isProxy(socket.remoteAddress)) {
      const place = perAddress.take(networkOf(socket.remoteAddress), 1);
      if (typeof place === 'string') return void socket.destroy();
      socket.once('close', () => place[Symbol.dispose]());
    }
    connections.open(socket);
  });
  server.on('clientError', (error, socket: Socket) => cutOff(error, socket, connections.of(socket)));

  let closed: Promise<void> | undefined;
  function retire(): void {
    retiredAtMs ??= performance.now();
  }

  function drain(): Promise<void> {
    if (closed) return closed;
    retire();
    isDraining = true;
    // An error here says only that it was not listening.
    closed = new Promise((resolve) => server.close(() => resolve()));
    for (const { socket, answers, goAway } of connections)
      if (goAway) goAway();
      else if (answers.size === 0) socket.destroySoon();
    return closed;
  }

  async function close(graceMs = config.shutdownGraceMs): Promise<void> {
    const gone = drain();
    stalled.hurry(graceMs * STALLED_AFTER);
    const spentMs = performance.now() - (retiredAtMs ?? 0);
    const timer = setTimeout(
      () => {
        for (const { socket } of connections) socket.destroy();
      },
      Math.max(0, graceMs * CUT_OFF_AFTER - spentMs),
    );
    await gone;
    clearTimeout(timer);
    stalled[Symbol.dispose]();
  }

  return {
    listen: () => listen(server, config.http, 'HTTP_BIND'),
    retire,
    drain() {
      drain();
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** What is wrong with a request's head, whatever it asks for. */
function refusalOf({ headers, httpVersion }: IncomingMessage) {
  const { host } = headers;
  if (host === undefined && httpVersion === '1.1') return problem(400, 'the Host header is missing');
  if (host !== undefined && (/[/?#@\\]/.test(host) || !URL.canParse(`http://${host}`)))
    return problem(400, 'the Host header is malformed');
  return undefined;
}

function router({ graphql, rest, health, metrics, page }: HttpOptions): (path: string) => Door {
  const compatibility = getRequestListener(rest.fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      const code = error instanceof RequestError ? 400 : 500;
      return Response.json(problem(code, code === 400 ? 'the request is malformed' : undefined), {
        status: code,
      });
    },
  });
  const docs = createDocs();
  const doors = new Map<string, Door>([
    ['/', page],
    ['/docs', docs],
    ['/graphql', graphql],
    ['/health', health.health],
    ['/livez', health.livez],
  ]);
  if (metrics) doors.set('/metrics', metrics);
  return (path) => {
    if (path.startsWith('/health/')) return health.health;
    if (path.startsWith('/docs/')) return docs;
    if (path.startsWith('/assets/')) return page;
    return (
      doors.get(path) ??
      ((request: IncomingMessage, response: ServerResponse) => compatibility(request, response))
    );
  };
}
