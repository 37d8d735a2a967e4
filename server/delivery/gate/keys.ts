import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * The keys of API_KEYS. How long a comparison takes says nothing of a key: digests are compared, each of them
 * every time and to its last byte.
 */
export class Keys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digestOf);
  }

  /** Whether callers need one. */
  get areAsked(): boolean {
    return this.#digests.length > 0;
  }

  /** What the key is called where it must not be told; undefined where it is none of ours. */
  nameOf(key: string): string | undefined {
    const digest = digestOf(key);
    let isKnown = false;
    for (const known of this.#digests) isKnown = timingSafeEqual(known, digest) || isKnown;
    return isKnown ? digest.toString('hex', 0, 6) : undefined;
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The key that came with a request: as a bearer token, in `X-API-Key`, or, for EventSource, in the query. */
export function keyOf({ headers, url = '' }: IncomingMessage): string | undefined {
  const bearer = /^bearer +(.+)$/i.exec(headers.authorization?.trim() ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  const query = url.indexOf('?');
  if (query === -1 || !url.includes('api_key', query)) return undefined;
  return new URLSearchParams(url.slice(query)).get('api_key') || undefined;
}
