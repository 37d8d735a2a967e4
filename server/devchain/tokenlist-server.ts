import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenList } from './tokens.ts';

/** Where a token list can be had, until disposed. */
export interface TokenListServer extends AsyncDisposable {
  readonly url: string;
}

/** Serves the list as `/tokens.json`, on loopback only. */
export async function startTokenListServer(list: TokenList, port = 0): Promise<TokenListServer> {
  const body = JSON.stringify(list, null, 2);
  const server = createServer((request, response) => {
    const found = request.url?.split('?')[0] === '/tokens.json' && /^(GET|HEAD)$/.test(request.method ?? '');
    response.writeHead(found ? 200 : 404, {
      'content-type': found ? 'application/json' : 'text/plain',
      'access-control-allow-origin': '*',
    });
    response.end(found ? body : 'Not found: the list is at /tokens.json\n');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tokens.json`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
