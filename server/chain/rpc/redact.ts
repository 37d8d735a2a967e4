import { createRedactor, type Redact } from '../../lib/redactor.ts';
import { networkOf } from '../networks.ts';

/** An error that an endpoint words itself may be of any length. */
const MOST_CHARACTERS = 500;

/** An endpoint's name for logs, health and metrics: the host alone. Keys stand in paths, queries and user-info. */
export function redact(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** Makes of what the endpoints of these URLs say, which may be the URL that they were asked by, what may be told. */
export function createTeller(urls: readonly string[]): Redact {
  const redacted = createRedactor(secretsOfUrls(urls));
  return (text) => {
    const told = redacted(text);
    return told.length > MOST_CHARACTERS ? `${told.slice(0, MOST_CHARACTERS)}…` : told;
  };
}

/**
 * What must not be told of these URLs, part by part. What stands in the name of one of them is told anyway, and a
 * chain's id is no secret.
 */
export function secretsOfUrls(urls: readonly string[]): string[] {
  const names = urls.map(redact);
  const isPublic = (part: string) => names.some((name) => name.includes(part)) || isChainId(part);
  return urls.flatMap(partsOf).filter((part) => part !== '' && !isPublic(part));
}

function isChainId(text: string): boolean {
  return /^\d{1,15}$/.test(text) && networkOf(Number(text)) !== undefined;
}

function partsOf(url: string): string[] {
  const { username, password, pathname, search, hash } = new URL(url);
  // Of `?key=…` the value; `?…` may be nothing but the key.
  const query = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1) || pair);
  // As one, for what an Authorization header says of it.
  const userInfo = username || password ? [username, password].map(decodeURIComponent).join(':') : '';
  return [username, password, userInfo, ...pathname.split('/'), ...query, hash.slice(1)];
}
