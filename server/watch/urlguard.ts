import { isIP } from 'node:net';
import { FatalError } from '../errors.ts';

/**
 * Token list addresses are callers' to choose, and it is the server that connects: every address it is about
 * to fetch, one asked for or one redirected to, passes here first. What its name resolves to is looked at where
 * the connection is made.
 */
export interface UrlPolicy {
  /** Local development and tests: `http:` and private hosts too. */
  readonly allowPrivate: boolean;
  /** Subdomains included. */
  readonly blockedDomains: readonly string[];
  isPublic(address: string): boolean;
}

/** Of an address that is fetched; servers take no more either. */
export const MAX_URL_LENGTH = 4096;
/** Of an address that is named in an error. */
const MAX_SHOWN = 2048;
/** Below it are services that are no web servers (SSH, mail), the defaults of the schemes aside. */
const FIRST_UNPRIVILEGED_PORT = 1024;

type Verdict = { readonly url: URL } | { readonly reason: string };

/** The address as it may be fetched. Throws TOKEN_LIST_REJECTED, naming it and the reason. */
export function checkUrl(text: string, policy: UrlPolicy): URL {
  const verdict = judge(URL.parse(text), policy);
  if ('reason' in verdict) throw rejected(text, verdict.reason);
  return verdict.url;
}

/** The address that an answer redirects to. Throws TOKEN_LIST_REJECTED, naming both and the reason. */
export function checkRedirect(asked: URL, from: URL, location: string, policy: UrlPolicy): URL {
  const target = URL.parse(location, from);
  const verdict = judge(target, policy);
  if ('reason' in verdict) throw rejectedRedirect(asked, target, verdict.reason);
  return verdict.url;
}

export function rejected(url: string, reason: string): FatalError {
  return new FatalError('TOKEN_LIST_REJECTED', `token list ${shown(url)}: ${reason}`);
}

export function rejectedRedirect(asked: URL, target: URL | null, reason: string): FatalError {
  return rejected(
    asked.href,
    target ? `redirects to ${withoutSecrets(target)}: ${reason}` : `redirects to what ${reason}`,
  );
}

/** As it was written, so that it can be told from the others; but a password is not repeated. */
export function shown(text: string): string {
  const url = URL.parse(text);
  // What is no web address may well be a password that lacks its `https://`.
  if (!url || !/^https?:$/.test(url.protocol))
    return text.replace(/^([a-z][a-z0-9+.-]*:[/\\]*)?.*@/is, '$1').slice(0, MAX_SHOWN);
  if (url.username === '' && url.password === '') return text.slice(0, MAX_SHOWN);
  url.username = '';
  url.password = '';
  return url.href.slice(0, MAX_SHOWN);
}

/** Without the query, where keys are found. */
export function withoutSecrets(url: URL): string {
  const copy = new URL(url);
  copy.search = '';
  copy.hash = '';
  return shown(copy.href);
}

function judge(url: URL | null, { allowPrivate, blockedDomains, isPublic }: UrlPolicy): Verdict {
  const refuse = (reason: string) => ({ reason });
  if (!url) return refuse('is not a URL');
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) return refuse('only https: addresses are fetched');
  if (url.username !== '' || url.password !== '') return refuse('must not carry credentials');
  if (url.port !== '' && Number(url.port) < FIRST_UNPRIVILEGED_PORT)
    return refuse(`port ${url.port} is neither the default one nor above 1023`);
  url.hash = '';
  if (url.href.length > MAX_URL_LENGTH) return refuse(`is longer than ${MAX_URL_LENGTH} characters`);
  // `lists.example` and `lists.example.` are the same host, in the cache and on its certificate.
  const host = url.hostname.replace(/\.$/, '');
  const blocked = blockedDomains.find((domain) => isWithin(host, normalise(domain)));
  if (blocked !== undefined) return refuse(`the domain ${blocked} is blocked`);
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) {
    if (!allowPrivate && !isPublicName(host))
      return refuse('expected the name of a host on the public internet');
    url.hostname = host;
  } else if (!allowPrivate && !isPublic(address)) return refuse('its address is not public');
  return { url };
}

/** Two labels at least: what has one is `localhost`, or a machine of the server's own network. */
function isPublicName(host: string): boolean {
  const labels = host.split('.');
  return labels.length > 1 && !labels.includes('') && labels.at(-1) !== 'localhost';
}

/** As URLs spell it: lower-case, IDN in punycode; `*.evil.example` and `.evil.example` mean the domain. */
function normalise(domain: string): string {
  const bare = domain.replace(/^\*?\./, '');
  return (URL.parse(`https://${bare}`)?.hostname ?? bare.toLowerCase()).replace(/\.+$/, '');
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
