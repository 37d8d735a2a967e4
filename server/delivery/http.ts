import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Door, originForm, pathOf, problem, sendJson } from './answer.ts';
import { createCors } from './cors.ts';
import { createDocs } from './docs.ts';
import type { Exchange } from './exchange.ts';
import type { Health } from './health.ts';
import { listen } from './listen.ts';
import type { RestApp } from './rest/context.ts';

/**
 * The one HTTP server, and which door stands at which path. It ends when it is closed: it hears no new
 * connection, lets what is being answered finish (streams are ended by the service behind them), drops idle
 * connections, and after the grace what is left.
 */
export interface HttpServer extends AsyncDisposable {
  /** Throws CONFIG_INVALID, naming HTTP_BIND, where the address cannot be had. */
  listen(): Promise<{ readonly url: string }>;
  /** Stops accepting; connections go as they fall idle. `close` does this first. */
  drain(): void;
  /** Drains, and resolves once the last connection is gone, which after the grace it is. */
  close(graceMs?: number): Promise<void>;
}

export interface HttpOptions {
  readonly config: Pick<Config, 'http' | 'allowedOrigins' | 'shutdownGraceMs'>;
  readonly graphql: Door;
  readonly rest: Pick<RestApp, 'fetch'>;
  readonly health: Health;
  /** Undefined where metrics are served elsewhere. */
  readonly metrics: Door | undefined;
  readonly page: Door;
  readonly exchange: Exchange;
  readonly log: Pick<Logger, 'error'>;
}

const TIMEOUTS = {
  /** A client that dribbles its headers or its body is cut off. */
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  /** Longer than the minute for which balancers keep theirs, so that it is never us who close first. */
  keepAliveTimeout: 65_000,
};

export function createHttp(options: HttpOptions): HttpServer {
  const { config, exchange, log } = options;
  const cors = createCors(config.allowedOrigins);
  const doorAt = router(options);
  /** How many requests are being answered on each connection. */
  const connections = new Map<Socket, number>();
  let isDraining = false;

  const server = createServer(TIMEOUTS, (request, response) =>
    exchange(request, response, () => answer(request, response)),
  );
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    request.url = originForm(request.url);
    connections.set(socket, (connections.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (connections.get(socket) ?? 1) - 1;
      if (connections.has(socket)) connections.set(socket, left);
      if (isDraining && left === 0) socket.destroySoon();
    });
    response.setHeader('x-content-type-options', 'nosniff');
    if (isDraining) response.setHeader('connection', 'close');
    const { host } = request.headers;
    if (host !== undefined && !URL.canParse(`http://${host}`)) {
      sendJson(request, response, 400, problem(400, 'the Host header is malformed'));
      return;
    }
    try {
      if (!cors(request, response)) await doorAt(pathOf(request))(request, response);
    } catch (error) {
      log.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else sendJson(request, response, 500, problem(500));
    }
  }
  server.on('connection', (socket) => {
    connections.set(socket, 0);
    socket.once('close', () => connections.delete(socket));
  });

  let closed: Promise<void> | undefined;
  function drain(): Promise<void> {
    if (closed) return closed;
    isDraining = true;
    // An error here says only that it was not listening.
    closed = new Promise((resolve) => server.close(() => resolve()));
    for (const [socket, requests] of connections) if (requests === 0) socket.destroySoon();
    return closed;
  }

  async function close(graceMs = config.shutdownGraceMs): Promise<void> {
    const gone = drain();
    const timer = setTimeout(() => {
      for (const socket of connections.keys()) socket.destroy();
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  return {
    listen: () => listen(server, config.http, 'HTTP_BIND'),
    drain() {
      drain();
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
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
    return (
      doors.get(path) ??
      ((request: IncomingMessage, response: ServerResponse) => compatibility(request, response))
    );
  };
}
