import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { withDeadline } from '../../lib/deadline.ts';
import { eventually } from '../../test/app.ts';
import { spoiledText } from '../../test/spoil.ts';
import { EndpointError, RateLimited } from './errors.ts';
import { HttpTransport } from './http.ts';
import { RpcSocket } from './socket.ts';

/**
 * An endpoint that says anything at all, byte by byte: each request ends, with its answer or with an error of the
 * endpoint's, and the next one is served. What throws outside of a request fails the run by itself.
 */
const DEADLINE_MS = 300;
const call = { method: 'eth_call', params: [] };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Never another error than the endpoint's. */
async function outcome(asking: Promise<unknown>): Promise<unknown> {
  try {
    return { result: await asking };
  } catch (error) {
    expect(error).toBeInstanceOf(EndpointError);
    return error;
  }
}

describe('over HTTP', () => {
  type Say = (socket: Socket, id: number) => void;
  let say: Say;
  let elsewhere = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    let text = '';
    socket.on('data', (data) => {
      text += data;
      const id = /"id":(\d+)/.exec(text)?.[1];
      if (id === undefined) return;
      text = '';
      say(socket, Number(id));
    });
  });
  const other = createServer((socket) => {
    elsewhere += 1;
    socket.destroy();
  });
  let transport: HttpTransport;
  let elsewhereUrl: string;
  beforeAll(async () => {
    transport = new HttpTransport(`http://127.0.0.1:${await listen(server)}`);
    elsewhereUrl = `http://127.0.0.1:${await listen(other)}/`;
  });
  afterAll(async () => {
    await transport[Symbol.asyncDispose]();
    for (const socket of sockets) socket.destroy();
    server.close();
    other.close();
    expect(elsewhere).toBe(0);
  });

  const ask = () =>
    outcome(withDeadline(DEADLINE_MS, undefined, (signal) => transport.request(call, signal)));
  const json = (id: number, result: unknown = '0x1') => JSON.stringify({ jsonrpc: '2.0', id, result });
  const response = (body: string | Buffer, { status = '200 OK', headers = '' } = {}) =>
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`),
      Buffer.from(body),
    ]);
  const honest: Say = (socket, id) => void socket.write(response(json(id)));
  const headed =
    (head: (id: number) => string, body = json): Say =>
    (socket, id) =>
      void socket.write(`HTTP/1.1 ${head(id)}\r\n\r\n${body(id)}`);

  afterEach(async () => {
    say = honest;
    expect(await ask()).toEqual({ result: '0x1' });
  });

  const refused: Record<string, Say> = {
    'no HTTP': (socket, id) => void socket.write(json(id)),
    'HTTP of another age': (socket, id) => void socket.write(`HTTP/9.9 200 OK\r\n\r\n${json(id)}`),
    'status 999': headed((id) => `999 Odd\r\nContent-Length: ${json(id).length}`),
    'status 0': headed(
      () => '000 Nothing\r\nContent-Length: 0',
      () => '',
    ),
    nothing: (socket) => void socket.end(),
    'nothing, and stays': () => {},
    'a reset': (socket) => void socket.resetAndDestroy(),
    'no body': (socket) => void socket.write(response('')),
    '204': headed(
      () => '204 No Content',
      () => '',
    ),
    '304': headed(
      () => '304 Not Modified',
      () => '',
    ),
    '101': headed(
      () => '101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade',
      () => 'x',
    ),
    '100 without end': (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000)),
    '103 without end': (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000)),
    'half of an answer': (socket, id) => void socket.end(response(json(id)).subarray(0, -5)),
    'half of an answer, and stays': (socket, id) => void socket.write(response(json(id)).subarray(0, -5)),
    'JSON that is cut': (socket, id) => void socket.write(response(json(id).slice(0, -1))),
    'a byte-order mark': (socket, id) => void socket.write(response(`\ufeff${json(id)}`)),
    'UTF-16': (socket, id) => void socket.write(response(Buffer.from(json(id), 'utf16le'))),
    'two answers in one': (socket, id) => void socket.write(response(json(id) + json(id))),
    'a batch': (socket, id) => void socket.write(response(`[${json(id)}]`)),
    "another's answer": (socket, id) => void socket.write(response(json(id + 1))),
    'its id as text': (socket, id) => void socket.write(response(json(id).replace(`${id}`, `"${id}"`))),
    'nests 300,000 deep': (socket, id) =>
      void socket.write(response(json(id).replace('"0x1"', '['.repeat(300_000)))),
    'a length below zero': headed(() => '200 OK\r\nContent-Length: -1'),
    'a length of 2^53': headed(() => '200 OK\r\nContent-Length: 9007199254740993'),
    'a length past any number': headed(() => `200 OK\r\nContent-Length: ${'9'.repeat(400)}`),
    'two lengths': headed((id) => `200 OK\r\nContent-Length: ${json(id).length}\r\nContent-Length: 3`),
    'a length and chunks': headed(() => '200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked'),
    'a length too short': headed(() => '200 OK\r\nContent-Length: 5'),
    'chunks of no size': headed(
      () => '200 OK\r\nTransfer-Encoding: chunked',
      () => 'zz\r\n{}\r\n',
    ),
    'chunks of a size past any number': headed(
      () => '200 OK\r\nTransfer-Encoding: chunked',
      (id) => `${'f'.repeat(40)}\r\n${json(id)}\r\n0\r\n\r\n`,
    ),
    'chunks without end': headed(
      () => '200 OK\r\nTransfer-Encoding: chunked',
      () => '1\r\n \r\n'.repeat(2000),
    ),
    'a body past what is taken': (socket) =>
      void socket.write(
        Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.alloc(3 * 1024 * 1024, ' ')]),
      ),
    'gzip that nobody asked for': (socket, id) =>
      void socket.write(response(gzipSync(json(id)), { headers: 'Content-Encoding: gzip\r\n' })),
    'a gzip bomb': (socket) =>
      void socket.write(
        response(gzipSync(Buffer.alloc(200 * 1024 * 1024)), { headers: 'Content-Encoding: gzip\r\n' }),
      ),
    'headers of a megabyte': headed(() => `200 OK\r\nX: ${'x'.repeat(1_000_000)}`),
    'headers without end': (socket) =>
      void socket.write(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(100_000)}`),
    'headers with a NUL': headed((id) => `200 OK\r\nX: a\0b\r\nContent-Length: ${json(id).length}`),
    'a letter now and then': (socket) => {
      const timer = setInterval(() => socket.write('H'), 20);
      socket.once('close', () => clearInterval(timer));
    },
    'a body a letter at a time': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.once('close', () => clearInterval(timer));
    },
    ...Object.fromEntries(
      ['300', '301', '302', '303', '307', '308'].map((status) => [
        `${status} to elsewhere, with an answer`,
        (socket: Socket, id: number) =>
          void socket.write(
            response(json(id), { status: `${status} Over There`, headers: `Location: ${elsewhereUrl}\r\n` }),
          ),
      ]),
    ),
    '404 with a result': (socket, id) => void socket.write(response(json(id), { status: '404 No' })),
    '500 with a result': (socket, id) => void socket.write(response(json(id), { status: '500 No' })),
  };

  test.each(Object.entries(refused))('%s is no answer', async (_, hostile) => {
    say = hostile;
    expect(await ask()).toBeInstanceOf(EndpointError);
  });

  const taken: Record<string, Say> = {
    'after a few informational answers': (socket, id) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(3));
      honest(socket, id);
    },
    'in chunks': headed(
      () => '200 OK\r\nTransfer-Encoding: chunked',
      (id) => `${[...json(id)].map((char) => `1;ext="a"\r\n${char}\r\n`).join('')}0\r\nTrailer: x\r\n\r\n`,
    ),
    'as another type': (socket, id) =>
      void socket.write(response(json(id), { headers: 'Content-Type: text/html\r\n' })),
    'beside what nobody asked for': (socket, id) =>
      void socket.write(
        response(`{"__proto__":{"result":"0x2"},"toString":1,"result":"0x3",${json(id).slice(1)}`),
      ),
  };
  test.each(Object.entries(taken))('an answer %s is one', async (_, hostile) => {
    say = hostile;
    expect(await ask()).toEqual({ result: '0x1' });
  });

  test("one that comes after the deadline is nobody else's", async () => {
    say = (socket, id) => void setTimeout(() => socket.write(response(json(id, '0xbad'))), DEADLINE_MS + 50);
    expect(await ask()).toBeInstanceOf(EndpointError);
    say = honest;
    for (let times = 0; times < 5; times += 1) expect(await ask()).toEqual({ result: '0x1' });
  });

  test.each(['0', '-1', '1e9', '9'.repeat(400), 'never', 'Thu, 01 Jan 99999 00:00:00 GMT', ''])(
    '429 with Retry-After %s is one',
    async (after) => {
      say = (socket) =>
        void socket.write(response('', { status: '429 Slow', headers: `Retry-After: ${after}\r\n` }));
      const limited = await ask();
      expect(limited).toBeInstanceOf(RateLimited);
      const { retryAfterMs } = limited as RateLimited;
      expect(retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= 0)).toBe(true);
    },
  );

  test('any bytes in place of an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.boolean(), async (pick, isWhole) => {
        const below = (count: number) => pick(fc.nat, Math.max(0, count - 1));
        say = (socket, id) => {
          // The body alone, or the head as well.
          const text = isWhole ? response(json(id)).toString() : json(id);
          const bytes = spoiledText(text, below);
          socket.end(isWhole ? bytes : response(bytes));
        };
        await ask();
      }),
      { numRuns: 300 },
    );
  });
});

describe('over a WebSocket', () => {
  type Say = (peer: WebSocket, id: number) => void;
  let say: Say;
  const server = createHttpServer();
  let url: string;
  let socket: RpcSocket;
  let upgrade: ((raw: Socket) => void) | undefined;
  const peers = new WebSocketServer({ noServer: true });
  const answer = (id: unknown, result: unknown = '0x1') => JSON.stringify({ jsonrpc: '2.0', id, result });
  const honest: Say = (peer, id) => peer.send(answer(id));
  /** The connection under it, for frames that no library would write. */
  const raw = (peer: WebSocket) => (peer as unknown as { readonly _socket: Socket })._socket;

  beforeAll(async () => {
    server.on('upgrade', (request, wire, head) => {
      if (upgrade) return upgrade(wire as Socket);
      peers.handleUpgrade(request, wire, head, (peer) => {
        peer.on('error', () => {});
        peer.on('message', (data) => say(peer, JSON.parse(String(data)).id));
      });
    });
    url = `ws://127.0.0.1:${await listen(server)}`;
  });
  afterAll(() => {
    for (const peer of peers.clients) peer.terminate();
    server.close();
  });
  beforeEach(async () => {
    upgrade = undefined;
    say = honest;
    socket = await open();
  });
  afterEach(() => socket[Symbol.dispose]());

  const open = () => withDeadline(DEADLINE_MS, undefined, (signal) => RpcSocket.open(url, signal));
  const ask = () => outcome(withDeadline(DEADLINE_MS, undefined, (signal) => socket.request(call, signal)));

  const ignored: Record<string, string> = {
    'a notification whose subscription cannot be told':
      '{"method":"eth_subscription","params":{"subscription":{"toString":null,"valueOf":null}}}',
    'one in lists without end': `{"method":"eth_subscription","params":{"subscription":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    'one without parameters': '{"method":"eth_subscription"}',
    'one of null': '{"method":"eth_subscription","params":null}',
    'one of a subscription that nobody has': '{"method":"eth_subscription","params":{"subscription":"0x9"}}',
    null: 'null',
    'a number': '17',
    'a batch': `[${answer(1)}]`,
    "somebody else's answer": answer(99),
    'an answer with its id as text': answer('1'),
    'an id past any number': answer(1).replace(':1,', ':1e999,'),
    'its own request': JSON.stringify({ id: 99, ...call }),
  };
  test.each(Object.entries(ignored))("%s is nobody's, and the answer comes", async (_, text) => {
    say = (peer, id) => {
      peer.send(text);
      honest(peer, id);
    };
    expect(await ask()).toEqual({ result: '0x1' });
    expect(socket.isOpen).toBe(true);
  });

  test("a request that only others' answers come to ends with its deadline", async () => {
    say = (peer, id) => {
      for (const other of [id + 1, `${id}`, null, [id]]) peer.send(answer(other));
    };
    expect(await ask()).toMatchObject({ message: expect.stringContaining('no answer within') });
    say = honest;
    expect(await ask()).toEqual({ result: '0x1' });
  });

  test('an answer in fragments, with pings between, or in a binary frame, is one', async () => {
    say = (peer, id) => {
      const text = answer(id);
      for (let at = 0; at < text.length; at += 1) {
        peer.send(text[at] ?? '', { fin: at === text.length - 1 });
        peer.ping();
      }
    };
    expect(await ask()).toEqual({ result: '0x1' });
    say = (peer, id) => peer.send(Buffer.from(answer(id)), { binary: true });
    expect(await ask()).toEqual({ result: '0x1' });
  });

  test('the first of two answers counts', async () => {
    say = (peer, id) => {
      peer.send(answer(id));
      peer.send(answer(id, '0x2'));
    };
    expect(await ask()).toEqual({ result: '0x1' });
    expect(await ask()).toEqual({ result: '0x1' });
  });

  const frame = (...bytes: number[]) => Buffer.from(bytes);
  const closing: Record<string, Say> = {
    'what is no JSON': (peer) => peer.send('<html>'),
    'an empty message': (peer) => peer.send(''),
    'a byte-order mark': (peer, id) => peer.send(`\ufeff${answer(id)}`),
    'text that is no UTF-8': (peer) => raw(peer).write(frame(0x81, 2, 0xc3, 0x28)),
    'a compressed frame that was not agreed on': (peer) => raw(peer).write(frame(0xc1, 1, 0)),
    'a frame of no known kind': (peer) => raw(peer).write(frame(0x83, 1, 0)),
    'a masked frame': (peer) => raw(peer).write(frame(0x81, 0x81, 1, 2, 3, 4, 5)),
    'a ping too long': (peer) => raw(peer).write(frame(0x89, 126, 0, 200)),
    'a ping in fragments': (peer) => raw(peer).write(frame(0x09, 0)),
    'a continuation of nothing': (peer) => raw(peer).write(frame(0x80, 0)),
    'a length past any number': (peer) => raw(peer).write(frame(0x81, 127, ...Array(8).fill(0xff))),
    'a length past what is taken': (peer) => raw(peer).write(frame(0x82, 127, 0, 0, 0, 0, 0x02, 0, 0, 1)),
    'a close without a reason': (peer) => raw(peer).write(frame(0x88, 0)),
    'a close with a reason that is none': (peer) => raw(peer).write(frame(0x88, 2, 0, 1)),
    'pings by the ten thousand': (peer) =>
      raw(peer).write(Buffer.concat(Array(20_000).fill(frame(0x89, 125, ...Array(125).fill(7))))),
    'fragments without end': (peer) =>
      raw(peer).write(Buffer.concat([frame(0x01, 1, 0x5b), ...Array(20_000).fill(frame(0x00, 1, 0x5b))])),
    'a reset': (peer) => void raw(peer).resetAndDestroy(),
    HTTP: (peer) => raw(peer).write('HTTP/1.1 200 OK\r\n\r\n'),
  };
  test.each(Object.entries(closing))(
    '%s is the end of the socket, and the next one serves',
    async (_, hostile) => {
      say = hostile;
      expect(await ask()).toBeInstanceOf(EndpointError);
      await eventually(() => expect(socket.isOpen).toBe(false));
      say = honest;
      socket = await open();
      expect(await ask()).toEqual({ result: '0x1' });
    },
  );

  const refusals: Record<string, string> = {
    'a redirect': 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    'an answer without an upgrade': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'an upgrade to something else': 'HTTP/1.1 101 Ok\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n',
    'an upgrade for another key':
      'HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n',
    'headers without end': `HTTP/1.1 101 Ok\r\n${'X-A: b\r\n'.repeat(100_000)}`,
    'informational answers without end': 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000),
    'no HTTP': '\0\0\0',
    silence: '',
  };
  test.each(Object.entries(refusals))('%s instead of an upgrade is an error', async (_, text) => {
    upgrade = (wire) => {
      wire.on('error', () => {});
      wire.write(text);
    };
    expect(await outcome(open())).toBeInstanceOf(EndpointError);
  });
});
