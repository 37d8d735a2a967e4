import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  type AddressInfo,
  createServer,
  isIP,
  type LookupFunction,
  type Server,
  type Socket,
} from 'node:net';
import { buildConnector } from 'undici';
import type { Internet } from '../watch/listconnect.ts';
import { isPublic } from '../watch/public-address.ts';

/** A loopback address that counts as public here, so that something can be fetched from it. The rest stays as it is. */
export const PUBLIC = '127.0.0.2';

/**
 * An internet that ends at this machine: its names are the test's, and what a socket is about to be opened to is
 * written down first. Anything but loopback stops there, so that even a guard that fails sends nothing to anybody.
 */
export class LoopbackInternet implements Internet {
  /** Answers in turn, the last of them for good. Lists of addresses. */
  readonly names = new Map<string, string[][]>();
  readonly lookups: string[] = [];
  /** What sockets were to be opened to. */
  readonly attempts: string[] = [];

  isPublic(address: string): boolean {
    return address === PUBLIC || isPublic(address);
  }

  async lookup(hostname: string): Promise<LookupAddress[]> {
    this.lookups.push(hostname);
    const answers = this.names.get(hostname);
    const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0];
    if (!answer) throw Object.assign(new Error(`no such name: ${hostname}`), { code: 'ENOTFOUND' });
    return answer.map((address) => ({ address, family: isIP(address) }));
  }

  readonly connector: typeof buildConnector = (options) => {
    if (!options || !('lookup' in options) || !options.lookup) throw new Error('expected a lookup');
    const resolve: LookupFunction = options.lookup;
    const lookup: LookupFunction = (hostname, how, callback) =>
      resolve(hostname, how, (error, found, family) => {
        if (error) return callback(error, found, family);
        const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
        const gone = addresses
          .map((address) => this.#attempt(address))
          .find((refused) => refused !== undefined);
        callback(gone ?? null, found, family);
      });
    const dial = buildConnector({ ...options, ca: CERTIFICATE, lookup });
    return (target, callback) => {
      const gone = isIP(target.hostname) === 0 ? undefined : this.#attempt(target.hostname);
      if (gone) callback(gone, null);
      else dial(target, callback);
    };
  };

  #attempt(address: string): Error | undefined {
    this.attempts.push(address);
    const isLoopback = address.startsWith('127.') || address === '::1';
    return isLoopback
      ? undefined
      : Object.assign(new Error('not an address of this machine'), { code: 'ENETUNREACH' });
  }
}

/** A service of the inner network that nobody outside may reach, on every loopback address there is. */
export interface Trap extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly caught: number;
}

export async function startTrap(): Promise<Trap> {
  let caught = 0;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const listen = async (host: string, port: number) => {
    const server = createServer((socket) => {
      caught++;
      sockets.add(socket);
      socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nSECRET');
    });
    server.listen(port, host);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const port = await listen('127.0.0.1', 0);
  // Not every machine has IPv6, nor this port free there.
  await listen('::1', port).catch(() => undefined);
  return {
    port,
    get caught() {
      return caught;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        servers.map((server) => {
          server.close();
          return once(server, 'close');
        }),
      );
    },
  };
}

/** A list host with a certificate: `lists.test`, where a test lets that lead to it; also `other` and `rebind`. */
export interface ListHost extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly requests: readonly string[];
}

export async function startListHost(listener: RequestListener, address = PUBLIC): Promise<ListHost> {
  const requests: string[] = [];
  const server = createHttpsServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://lists.test:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Of lists.test, other.test, rebind.test and 127.0.0.2, from 2020 to 2120; trusted by nobody but these tests. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqU5f1OTYyfIxDmPs
2dI342WydrUnAH4zsG81Hh5J0h+hRANCAASYcw3dBzcih3c6lO4465HQ/JE1iuKY
xbp/eGyUd6VfK2O8rBxGJxNY1qpCYzXkGc4nmDbOAkKqhqd725YN8z5j
-----END PRIVATE KEY-----
`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlzCCAT2gAwIBAgIBAjAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBR0b2tlbiBs
aXN0cyBvZiB0ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFow
HzEdMBsGA1UEAwwUdG9rZW4gbGlzdHMgb2YgdGVzdHMwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASYcw3dBzcih3c6lO4465HQ/JE1iuKYxbp/eGyUd6VfK2O8rBxG
JxNY1qpCYzXkGc4nmDbOAkKqhqd725YN8z5jo2gwZjA0BgNVHREELTArggpsaXN0
cy50ZXN0ggpvdGhlci50ZXN0ggtyZWJpbmQudGVzdIcEfwAAAjAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBTXLFJqdWOhUJibVOnjPuzNkiFbNjAKBggqhkjOPQQD
AgNIADBFAiEA39XlHojOuIE/oU4lJozwWX2TJfT9WW/lYSqCntmhZNUCIBSKnRO1
TRg1h0qSlACipPnQ3Mv839b8y+3zVCCm3yKD
-----END CERTIFICATE-----
`;
