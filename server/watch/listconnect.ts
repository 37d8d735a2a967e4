import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isPublic } from './public-address.ts';
import type { UrlPolicy } from './urlguard.ts';

/** The internet as token lists are fetched from it. Tests bring one of their own, on loopback. */
export interface Internet {
  isPublic(address: string): boolean;
  /** All addresses of a name. */
  lookup(hostname: string): Promise<readonly LookupAddress[]>;
  /** Opens sockets: undici's own. */
  readonly connector: typeof buildConnector;
}

export const INTERNET: Internet = {
  isPublic,
  lookup: (hostname) => dns.lookup(hostname, { all: true }),
  connector: buildConnector,
};

/** A name that leads where nothing may be fetched from. Which address it was is nobody's business outside. */
export class AddressRefused extends Error {}

/** Of the time that a list has in all, for one connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to public addresses only. A name is resolved once a connection, and the socket is given the very
 * addresses that were looked at, so that a name which means something else a moment later gains nothing by it.
 * One address in an answer that is not public spoils the answer: nobody but an attacker mixes them.
 */
export function createListAgent(
  policy: Pick<UrlPolicy, 'allowPrivate' | 'isPublic'>,
  internet: Pick<Internet, 'lookup' | 'connector'>,
  { maxBytes }: { readonly maxBytes: number },
): Agent {
  const mayReach = (address: string) => policy.allowPrivate || policy.isPublic(address);

  const lookup: LookupFunction = (hostname, { all }, callback) => {
    const resolve = async () => {
      const addresses = await internet.lookup(hostname);
      const [first] = addresses;
      if (!first) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
      if (!addresses.every(({ address }) => mayReach(address)))
        throw new AddressRefused('its name resolves to an address that is not public');
      return { addresses: [...addresses], first };
    };
    resolve().then(
      ({ addresses, first }) =>
        all ? callback(null, addresses) : callback(null, first.address, first.family),
      (error) => callback(error, '', 0),
    );
  };
  // One protocol is enough: HTTP/2 would let one connection speak for several hosts.
  const dial = internet.connector({ allowH2: false, timeout: CONNECT_TIMEOUT_MS, lookup });

  return new Agent({
    // As it comes over the wire; what it unfolds to is counted where it is read.
    maxResponseSize: maxBytes,
    connect(target, callback) {
      // An address is not looked up, and would pass the lookup by.
      if (isIP(target.hostname) !== 0 && !mayReach(target.hostname))
        return callback(new AddressRefused('its address is not public'), null);
      dial(target, (...result) => {
        const [error, socket] = result;
        if (error) return callback(error, null);
        // Whatever has led it there, nothing is asked of an address that was not to be reached.
        const { remoteAddress } = socket;
        if (remoteAddress !== undefined && mayReach(remoteAddress)) return callback(null, socket);
        socket.destroy();
        const refused = new AddressRefused('it leads to an address that is not public');
        const closed = Object.assign(new Error('closed at once'), { code: 'ECONNRESET' });
        callback(remoteAddress === undefined ? closed : refused, null);
      });
    },
  });
}
