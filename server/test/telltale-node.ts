import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

/**
 * A node that only fails, each time telling all that it knows of who asks: the URL, the credentials, encoded and
 * decoded, and the request. How it fails, and of which chain it is, stands at the beginning of the path.
 */
export interface TelltaleNode extends AsyncDisposable {
  /** Host and port. */
  readonly place: string;
}

/** How it fails over HTTP and over WebSocket, where it has a way of its own for either. */
export const FAULTS = [
  '401',
  '403',
  '404',
  '429',
  '500',
  '503',
  'redirect',
  'refused-in-json',
  'error',
  'limit',
  'unknown-block',
  'garbage',
  'odd-id',
  'odd-chain',
  'odd-block',
  'not-http',
  'half',
  'silent',
  'closed',
] as const;

type Fault = (typeof FAULTS)[number];

interface Asked {
  readonly fault: Fault;
  readonly chainId: number;
  /** All that is known of who asks. */
  readonly words: string;
}

interface Call {
  readonly id: number;
  readonly method: string;
}

export async function startTelltaleNode(): Promise<TelltaleNode> {
  const server = createServer((request, response) => {
    overHttp(request, response).catch(() => response.destroy());
  });
  const webSockets = new WebSocketServer({ noServer: true });
  /** The server does not count them as its own. */
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.on('error', () => {}).once('close', () => upgraded.delete(socket));
    if (endsUpgrade(asked(request), socket)) return;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (data) => {
        const { fault, chainId, words } = asked(request, String(data));
        if (fault === 'half') webSocket.close(1008, words.slice(0, 120));
        else webSocket.send(jsonFor(fault, JSON.parse(String(data)), chainId, words));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    place: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function overHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  const { fault, chainId, words } = asked(request, body);
  const { socket } = request;
  if (fault === 'silent') return;
  if (fault === 'closed') socket.destroy();
  else if (fault === 'not-http') socket.end(`HTP/9 ${words}\r\n\r\n`);
  else if (fault === 'redirect') response.writeHead(302, { location: encodeURI(words) }).end(words);
  else if (fault === 'half') {
    response.writeHead(200, { 'content-length': words.length + 1000 }).write(words);
    setImmediate(() => socket.destroy());
  } else if (/^\d+$/.test(fault))
    response.writeHead(Number(fault), { 'x-asked': encodeURI(words) }).end(words);
  else {
    response.writeHead(fault === 'refused-in-json' ? 401 : 200, { 'content-type': 'application/json' });
    response.end(jsonFor(fault, JSON.parse(body), chainId, words));
  }
}

/** Fails before there is a WebSocket; says whether it did. */
function endsUpgrade({ fault, words }: Asked, socket: Duplex): boolean {
  if (fault === 'silent') return true;
  if (fault === 'closed') socket.destroy();
  else if (fault === 'not-http') socket.end(`HTP/9 ${words}\r\n\r\n`);
  else if (fault === 'redirect') socket.end(`HTTP/1.1 302 Found\r\nlocation: ${encodeURI(words)}\r\n\r\n`);
  else if (/^\d+$/.test(fault))
    socket.end(`HTTP/1.1 ${fault} ${encodeURI(words)}\r\nx-asked: ${encodeURI(words)}\r\n\r\n${words}`);
  else return false;
  return true;
}

function jsonFor(fault: Fault, { id, method }: Call, chainId: number, words: string): string {
  const error = (code: number, message: string) =>
    JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data: words } });
  const result = (value: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: value });
  switch (fault) {
    case 'garbage':
      return words;
    case 'odd-id':
      return JSON.stringify({ jsonrpc: '2.0', id: words, result: words });
    case 'odd-chain':
      return result(words);
    case 'limit':
      return error(-32005, `rate limit exceeded: ${words}`);
    case 'odd-block':
      if (method === 'eth_chainId') return result(`0x${chainId.toString(16)}`);
      return result(method === 'eth_subscribe' ? words : { number: words, hash: words, parentHash: words });
    case 'unknown-block':
      if (method === 'eth_chainId') return result(`0x${chainId.toString(16)}`);
      return error(-32000, `header not found: ${words}`);
    default:
      return error(-32000, `this is not for you: ${words}`);
  }
}

function asked(request: IncomingMessage, body = ''): Asked {
  const { url = '/', headers } = request;
  const [, fault, chainId] = url.split('/');
  const authorization = headers.authorization ?? '';
  const credentials = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
  const words = [
    `http://${credentials}@${headers.host}${url}`,
    authorization,
    decodeURIComponent(url),
    body,
  ].join(' ');
  return { fault: FAULTS.find((one) => one === fault) ?? 'error', chainId: Number(chainId), words };
}
