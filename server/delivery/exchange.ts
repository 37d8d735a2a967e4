import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { HTTP_DOORS, type HttpDoor, type Metrics } from '../lib/metrics.ts';
import { withRequestId } from '../lib/request-id.ts';
import { pathOf } from './answer.ts';

/**
 * What is around every request, whatever door answers it: its id, which goes into the answer and into every line
 * logged on its behalf, and one line and one count when it is over. A stream is over when it ends, and a connection
 * that became a WebSocket when that is closed.
 */
export interface Exchange {
  answer(request: IncomingMessage, response: ServerResponse, run: () => Promise<void>): Promise<void>;
  upgrade(request: IncomingMessage, open: (requestId: string) => Upgraded): void;
}

export interface Upgraded {
  /** Once it is: with which code. Never rejects. https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5 */
  readonly closed: Promise<number>;
}

interface ExchangeOptions {
  readonly log: Pick<Logger, 'info' | 'debug'>;
  readonly metrics: Pick<Metrics, 'httpRequests' | 'httpRequestDuration'>;
}

export const REQUEST_ID_HEADER = 'x-request-id';
const SWITCHING_PROTOCOLS = 101;
/** Of a connection that was cut off, without a word. */
export const ABNORMAL_CLOSURE = 1006;

export function createExchange({ log, metrics }: ExchangeOptions): Exchange {
  const durations = new Map(HTTP_DOORS.map((door) => [door, metrics.httpRequestDuration.labels({ door })]));

  /** When it is over: the fields of every line about a request. */
  function begin(request: IncomingMessage) {
    const startedMs = performance.now();
    const { socket, method } = request;
    const writtenBefore = socket.bytesWritten;
    return (status: number | null) => {
      const durationMs = performance.now() - startedMs;
      const door = doorOf(pathOf(request), request.headers.upgrade);
      metrics.httpRequests.inc({ door, status: status ?? 'none' });
      return {
        method,
        path: shownPath(request.url ?? ''),
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        bytes: socket.bytesWritten - writtenBefore,
        door,
      };
    };
  }

  return {
    async answer(request, response, run) {
      const requestId = requestIdOf(request.headers[REQUEST_ID_HEADER]);
      const end = begin(request);
      response.setHeader(REQUEST_ID_HEADER, requestId);
      response.once('close', () => {
        const isStream = String(response.getHeader('content-type')).startsWith('text/event-stream');
        const fields = end(response.headersSent ? response.statusCode : null);
        if (!isStream) durations.get(fields.door)?.observe(fields.durationMs / 1000);
        const cutOff = !response.writableFinished && { cutOff: true };
        // Whoever closes it does so outside of the request.
        withRequestId(requestId, () => {
          const message = isStream ? 'stream ended' : 'answered';
          if (fields.door === 'operations') log.debug({ ...fields, ...cutOff }, message);
          else log.info({ ...fields, ...cutOff }, message);
        });
      });
      await withRequestId(requestId, run);
    },

    upgrade(request, open) {
      const requestId = requestIdOf(request.headers[REQUEST_ID_HEADER]);
      const end = begin(request);
      const { closed } = withRequestId(requestId, () => open(requestId));
      void closed.then((closeCode) => {
        const cutOff = closeCode === ABNORMAL_CLOSURE && { cutOff: true };
        const fields = { ...end(SWITCHING_PROTOCOLS), closeCode, ...cutOff };
        withRequestId(requestId, () => log.info(fields, 'connection ended'));
      });
    },
  };
}

/** As it was sent, so that it can be followed through what stands before us; a new one where it is none. */
export function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
}

const PAGES = /^\/(|assets\/.*|openapi\.json|docs(\/.*)?)$/;

/** For metrics and log: a few words that nobody outside chooses. */
export function doorOf(path: string, upgrade?: string): HttpDoor {
  if (path === '/ws' || upgrade?.toLowerCase() === 'websocket') return 'websocket';
  if (path === '/graphql') return 'graphql';
  if (path === '/livez' || path === '/metrics' || /^\/health(\/|$)/.test(path)) return 'operations';
  return PAGES.test(path) ? 'page' : 'rest';
}

/**
 * A path for the log: as far as it is made of what our paths are made of, and not for long. The rest may be anything:
 * a key whose question mark was encoded, user-info before a host.
 */
export function shownPath(url: string): string {
  const [shown = ''] = /^\/[\w./~-]{0,199}/.exec(url) ?? [];
  return shown.length < url.length && url[shown.length] !== '?' ? `${shown}…` : shown;
}
