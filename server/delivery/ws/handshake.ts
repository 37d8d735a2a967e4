import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { originForm, pathOf, problem } from '../answer.ts';

/**
 * Whether a request may become a WebSocket, and what is wrong with it where it may not.
 * https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
 */
export interface Refusal {
  readonly status: number;
  readonly body: ReturnType<typeof problem>;
  readonly headers: OutgoingHttpHeaders;
}

const PATHS: ReadonlySet<string> = new Set(['/', '/ws']);
const VERSION = '13';
/** Sixteen bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const TOKENS = /^[!#$%&'*+.^_`|~\w-]+(\s*,\s*[!#$%&'*+.^_`|~\w-]+)*$/;

export function isHandshake({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Whether nothing else but WebSockets is at the path. */
export function isOfWebSockets(request: IncomingMessage): boolean {
  return pathOf(request) === '/ws';
}

/** What is wrong with a handshake; undefined: nothing. */
export function flawOf(
  request: IncomingMessage,
  isAllowedOrigin: (origin: string) => boolean,
): Refusal | undefined {
  const { headers, method } = request;
  const path = pathOf({ url: originForm(request.url) } as IncomingMessage);
  if (!PATHS.has(path)) return refusal(404, 'there is no WebSocket here, only at / and at /ws');
  if (method !== 'GET') return notByGet(method);
  if (headers['sec-websocket-version'] !== VERSION)
    return refusal(426, `expected Sec-WebSocket-Version: ${VERSION}`, {
      upgrade: 'websocket',
      'sec-websocket-version': VERSION,
    });
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return refusal(400, 'Sec-WebSocket-Key: expected 16 bytes in base64');
  if (!areProtocols(headers['sec-websocket-protocol']))
    return refusal(400, 'Sec-WebSocket-Protocol: expected names, each of them once');
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
    return refusal(400, 'a request for a WebSocket has no body');
  if (headers.origin !== undefined && !isAllowedOrigin(headers.origin))
    return refusal(403, 'pages of this origin are not allowed');
  return undefined;
}

/** What is answered where there is nothing but WebSockets, and none is asked for. */
export function noHandshake({ method }: IncomingMessage): Refusal {
  if (method !== 'GET' && method !== 'HEAD') return notByGet(method);
  return refusal(426, 'this is a WebSocket: connect with ws: or wss:', { upgrade: 'websocket' });
}

function notByGet(method: string | undefined): Refusal {
  return refusal(405, `a WebSocket is opened by GET, not by ${method}`, { allow: 'GET, HEAD' });
}

export function refusal(status: number, detail: string, headers: OutgoingHttpHeaders = {}): Refusal {
  return { status, body: problem(status, detail), headers };
}

function areProtocols(sent: string | undefined): boolean {
  if (sent === undefined) return true;
  const names = sent.split(',').map((name) => name.trim());
  return TOKENS.test(sent) && new Set(names).size === names.length;
}
