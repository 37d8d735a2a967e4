import { createHash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { send } from './answer.ts';

/**
 * What is the same for as long as the process lives: compressed once for each content coding, when it is first
 * asked for, and kept by browsers by its ETag.
 */
export interface StaticFile {
  readonly etag: string;
  body(encoding: Encoding): Promise<Buffer>;
}

type Encoding = 'br' | 'gzip' | 'identity';

export function createStaticFile(content: string | Buffer): StaticFile {
  const identity = Buffer.from(content);
  const bodies = new Map<Encoding, Promise<Buffer>>([['identity', Promise.resolve(identity)]]);
  return {
    etag: createHash('sha256').update(identity).digest('base64url'),
    body(encoding) {
      const body = bodies.get(encoding) ?? compress(identity, encoding);
      bodies.set(encoding, body);
      return body;
    },
  };
}

export async function sendStaticFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: StaticFile,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const accepted = request.headers['accept-encoding'] ?? '';
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : 'identity';
  const etag = `"${file.etag}-${encoding}"`;
  const all = {
    'cache-control': 'no-cache',
    vary: 'Accept-Encoding, Origin',
    ...headers,
    etag,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  };
  if (request.headers['if-none-match'] === etag) response.writeHead(304, all).end();
  else send(request, response, 200, await file.body(encoding), all);
}

/**
 * The headers of a page. It may do what its policy says and nothing else, in nobody's frame, and its address,
 * in which a wallet may stand, is told to nobody. https://www.w3.org/TR/CSP3/
 */
export function pageHeaders(policy: Readonly<Record<`${string}-src`, string>>): OutgoingHttpHeaders {
  const directives = {
    'default-src': "'none'",
    ...policy,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': Object.entries(directives)
      .map(([directive, sources]) => `${directive} ${sources}`)
      .join('; '),
    'referrer-policy': 'no-referrer',
  };
}

/** What a policy calls the inline elements of a page. https://www.w3.org/TR/CSP3/#grammardef-hash-source */
export function inlineHashes(html: string, element: 'script' | 'style'): string {
  const inline = html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'));
  return [...inline]
    .map(([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    .join(' ');
}

function compress(body: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(body);
  return promisify(brotliCompress)(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  });
}
