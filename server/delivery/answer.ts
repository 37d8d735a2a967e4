import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** One of the things that stand on the HTTP server and answer what is routed to them. */
export type Door = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The shape of every error outside GraphQL: `code` is the HTTP status. */
export interface Problem {
  readonly code: number;
  readonly message: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  413: 'Payload too large',
  426: 'Upgrade required',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal server error',
  503: 'Service unavailable',
};

/** Messages begin with the status in words. */
export function problem(code: number, detail?: string): Problem {
  const title = TITLES[code] ?? 'Error';
  return { code, message: detail === undefined ? title : `${title}: ${detail}` };
}

/** Answers at once with a whole body; without it where the method is HEAD. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: OutgoingHttpHeaders,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  send(request, response, status, JSON.stringify(body), {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
}

/** Answers 405 and says false where the method is neither GET nor HEAD. */
export function readsOnly(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  sendJson(request, response, 405, problem(405, `${request.method} is not possible here`), {
    allow: 'GET, HEAD',
  });
  return false;
}

/** A target without scheme and authority, where it has them (RFC 9112, section 3.2.2); what is malformed stays. */
export function originForm(target = '/'): string {
  if (!/^https?:\/\//i.test(target)) return target;
  const url = URL.parse(target);
  return url ? url.pathname + url.search : target;
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
