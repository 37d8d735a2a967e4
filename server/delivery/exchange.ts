import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { HTTP_DOORS, type HttpDoor, type Metrics } from '../lib/metrics.ts';
import { withRequestId } from '../lib/request-id.ts';
import { pathOf } from './answer.ts';

/**
 * What is around every request, whatever door answers it: its id, which goes into the answer and into every line
 * logged on its behalf, and one line and one count when it is over. A stream is over when it ends.
 */
export type Exchange = (
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void>,
) => Promise<void>;

interface ExchangeOptions {
  readonly log: Pick<Logger, 'info' | 'debug'>;
  readonly metrics: Pick<Metrics, 'httpRequests' | 'httpRequestDuration'>;
}

export const REQUEST_ID_HEADER = 'x-request-id';

export function createExchange({ log, metrics }: ExchangeOptions): Exchange {
  const durations = new Map(HTTP_DOORS.map((door) => [door, metrics.httpRequestDuration.labels({ door })]));
  return async (request, response, answer) => {
    const requestId = requestIdOf(request.headers[REQUEST_ID_HEADER]);
    const startedMs = performance.now();
    const { socket, method } = request;
    const writtenBefore = socket.bytesWritten;
    response.setHeader(REQUEST_ID_HEADER, requestId);
    response.once('close', () => {
      const door = doorOf(pathOf(request));
      const durationMs = performance.now() - startedMs;
      const status = response.headersSent ? response.statusCode : null;
      const isStream = String(response.getHeader('content-type')).startsWith('text/event-stream');
      metrics.httpRequests.inc({ door, status: status ?? 'none' });
      if (!isStream) durations.get(door)?.observe(durationMs / 1000);
      const fields = {
        method,
        path: shownPath(request.url ?? ''),
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        bytes: socket.bytesWritten - writtenBefore,
        door,
        ...(!response.writableFinished && { cutOff: true }),
      };
      // Whoever closes it does so outside of the request.
      withRequestId(requestId, () => {
        const message = isStream ? 'stream ended' : 'answered';
        if (door === 'operations') log.debug(fields, message);
        else log.info(fields, message);
      });
    });
    await withRequestId(requestId, answer);
  };
}

/** As it was sent, so that it can be followed through what stands before us; a new one where it is none. */
export function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
}

const PAGES = /^\/(|openapi\.json|docs(\/.*)?)$/;

/** For metrics and log: a few words that nobody outside chooses. */
export function doorOf(path: string): HttpDoor {
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
