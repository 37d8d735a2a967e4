import { FatalError } from '../errors.ts';

/**
 * Token list addresses are callers' to choose, and it is the server that connects: every address it is about
 * to fetch, one asked for or one redirected to, passes here first.
 */
export interface UrlPolicy {
  /** Local development and tests: `http:` and private hosts too. */
  readonly allowPrivate: boolean;
  /** Subdomains included. */
  readonly blockedDomains: readonly string[];
}

/** The address as it may be fetched. Throws TOKEN_LIST_REJECTED, naming it and the reason. */
export function checkUrl(text: string, { allowPrivate, blockedDomains }: UrlPolicy): URL {
  const url = URL.parse(text);
  if (!url) throw rejected(text, 'is not a URL');
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol))
    throw rejected(withoutCredentials(url), 'only https: addresses are fetched');
  if (url.username !== '' || url.password !== '')
    throw rejected(withoutCredentials(url), 'must not carry credentials');
  const blocked = blockedDomains.find((domain) => isWithin(hostOf(url.hostname), normalise(domain)));
  if (blocked !== undefined) throw rejected(url.href, `the domain ${blocked} is blocked`);
  url.hash = '';
  return url;
}

export function rejected(url: string, reason: string): FatalError {
  return new FatalError('TOKEN_LIST_REJECTED', `token list ${url.slice(0, 2048)}: ${reason}`);
}

function withoutCredentials(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

/** `evil.example` and `evil.example.` are the same host. */
function hostOf(hostname: string): string {
  return hostname.replace(/\.+$/, '');
}

/** As URLs spell it: lower-case, IDN in punycode; `*.evil.example` and `.evil.example` mean the domain. */
function normalise(domain: string): string {
  const bare = domain.replace(/^\*?\./, '');
  return hostOf(URL.parse(`https://${bare}`)?.hostname ?? bare.toLowerCase());
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
