import type { BalancesClientOptions } from '../client.ts';

/**
 * What tabs that may share a connection have in common; undefined where none can be shared, as in Node, which has locks
 * and channels, too. It names the protocol, since tabs of an older page may still be open, and no secrets.
 */
export function sharedName({
  share = true,
  url,
  clientId,
  apiKey,
  headers,
}: BalancesClientOptions): string | undefined {
  const { isSecureContext, document, navigator, BroadcastChannel } = globalThis;
  if (!(share && isSecureContext && document && navigator.locks && BroadcastChannel)) return undefined;
  const credentials = hash(JSON.stringify([clientId, apiKey, headers]));
  return `balance-stream/1 ${new URL(url, location.href)} ${credentials}`;
}

/** FNV-1a, of 32 bits. */
function hash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}
