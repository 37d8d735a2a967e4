import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Which web pages may call, for every door at once. https://fetch.spec.whatwg.org/#http-cors-protocol
 * Nothing here is authorised by cookies, so no answer allows credentials.
 */
const METHODS = 'GET, HEAD, POST, PUT, OPTIONS';
const REQUEST_HEADERS =
  'accept, authorization, content-type, last-event-id, x-api-key, x-client-id, x-request-id, x-requested-with';
/** What a page may read of an answer, beside what any may. */
const EXPOSED_HEADERS = 'retry-after, x-request-id';
/** As long as Chromium keeps a preflight. */
const MAX_AGE_SECONDS = '7200';

/** Sets what the origin is due; says true where that was the whole answer, to a preflight. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createCors(allowedOrigins: readonly string[]): Cors {
  const isAllowed = originMatcher(allowedOrigins);
  const allowsAll = allowedOrigins.includes('*');
  return (request, response) => {
    const { origin } = request.headers;
    response.setHeader('vary', 'Origin');
    const isGranted = origin !== undefined && isAllowed(origin);
    if (isGranted) response.setHeader('access-control-allow-origin', allowsAll ? '*' : origin);
    const isPreflight =
      request.method === 'OPTIONS' &&
      origin !== undefined &&
      request.headers['access-control-request-method'] !== undefined;
    if (!isPreflight) {
      if (isGranted) response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
      return false;
    }
    if (isGranted) {
      response.setHeader('access-control-allow-methods', METHODS);
      response.setHeader('access-control-allow-headers', REQUEST_HEADERS);
      response.setHeader('access-control-max-age', MAX_AGE_SECONDS);
    }
    response.writeHead(204).end();
    return true;
  };
}

/** Longer is no host's name. */
const MAX_ORIGIN = 300;

/**
 * `*` stands for anything up to the path; at the start of a pattern for the scheme too. The rest is literal:
 * before the domain of `https://*.example.org` stands a dot, and so it must in the origin.
 */
export function originMatcher(patterns: readonly string[]): (origin: string) => boolean {
  const globs = patterns.map((pattern) => pattern.toLowerCase().split('*'));
  return (origin) => {
    const text = origin.toLowerCase();
    return isOrigin(text) && globs.some((parts) => matches(parts, text));
  };
}

/** As browsers send it: what a pattern might take for a host in it is one. */
function isOrigin(text: string): boolean {
  if (text.length > MAX_ORIGIN) return false;
  if (text === 'null') return true;
  const url = URL.parse(text);
  return url !== null && url.username === '' && url.password === '' && [text, `${text}/`].includes(url.href);
}

/** Each part is looked for once, after the one before it: no origin makes it go back. */
function matches([start = '', ...rest]: readonly string[], text: string): boolean {
  const end = rest.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start) || !text.endsWith(end) || text.length < start.length + end.length) return false;
  const last = text.length - end.length;
  let at = start.length;
  const gaps: string[] = [];
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > last) return false;
    gaps.push(text.slice(at, found));
    at = found + part.length;
  }
  gaps.push(text.slice(at, last));
  if (start === '') gaps.shift();
  return gaps.every((gap) => !gap.includes('/'));
}
