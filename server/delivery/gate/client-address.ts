import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/**
 * The address that asks: of the other end of the connection or, where that is a proxy of TRUST_PROXY, the last
 * of `X-Forwarded-For` that is none. What stands before it may be anybody's invention.
 */
export type ClientAddress = (request: IncomingMessage) => string;

export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const isTrusted = proxyAddr.compile([...trusted]);
  return (request) => networkOf(proxyAddr(request, isTrusted));
}

/** Whether the connection itself is a proxy's, of which many clients come. */
export function createIsProxy(trusted: readonly string[]): (address: string | undefined) => boolean {
  const isTrusted = proxyAddr.compile([...trusted]);
  return (address) => address !== undefined && isTrusted(address, 0);
}

/** Of an IPv6 address the /64: whoever has one of its addresses has them all. */
export function networkOf(text: string | undefined): string {
  const address = withoutPort(text ?? '');
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0])}/64`;
}

/** Some proxies write the port too. */
function withoutPort(address: string): string {
  const [, v6, v4] = /^(?:\[(.+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(address) ?? [];
  return v6 ?? v4 ?? address;
}
