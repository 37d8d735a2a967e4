import { afterEach, describe, expect, test } from 'vitest';
import { createLog } from '../../log.ts';
import { eventually } from '../../test/app.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { getRequest, RawClient } from '../../test/raw.ts';
import type { LogLine } from '../../test/server-process.ts';
import { ScriptedService } from '../../test/service.ts';
import { DAI, item, SocketClient, subscribe } from '../../test/socket.ts';
import { overWire } from '../../test/wire.ts';

let server: TestServer;
afterEach(() => server[Symbol.asyncDispose]());

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
/** A request for a WebSocket as browsers send it, with what the test changes; undefined: left out. */
function handshake(
  path = '/ws',
  changed: Readonly<Record<string, string | undefined>> = {},
  method = 'GET',
): string {
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    ...changed,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

describe('a request for a WebSocket', () => {
  test.each<[string, string, number, string?]>([
    ['at another path', handshake('/elsewhere'), 404, 'there is no WebSocket here, only at / and at /ws'],
    ['at the path of another door', handshake('/graphql'), 404],
    ['below its path', handshake('/ws/'), 404],
    ['by another method', handshake('/ws', {}, 'POST'), 405, 'opened by GET, not by POST'],
    [
      'of no version',
      handshake('/', { 'Sec-WebSocket-Version': undefined }),
      426,
      'Sec-WebSocket-Version: 13',
    ],
    [
      'of another version',
      handshake('/', { 'Sec-WebSocket-Version': '12' }),
      426,
      'Sec-WebSocket-Version: 13',
    ],
    ['without a key', handshake('/', { 'Sec-WebSocket-Key': undefined }), 400, 'Sec-WebSocket-Key'],
    ['with half a key', handshake('/', { 'Sec-WebSocket-Key': 'abc' }), 400, 'Sec-WebSocket-Key'],
    [
      'with protocols that are none',
      handshake('/', { 'Sec-WebSocket-Protocol': 'a,,b' }),
      400,
      'Sec-WebSocket-Protocol',
    ],
    [
      'with a protocol twice',
      handshake('/', { 'Sec-WebSocket-Protocol': 'a, a' }),
      400,
      'Sec-WebSocket-Protocol',
    ],
    ['with a body', `${handshake('/', { 'Content-Length': '2' })}{}`, 400, 'has no body'],
    [
      'with a body in chunks',
      `${handshake('/', { 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`,
      400,
      'has no body',
    ],
    [
      'without Connection: Upgrade',
      handshake('/', { Connection: 'keep-alive' }),
      400,
      'expected Connection: Upgrade',
    ],
    ['without a Host', handshake('/', { Host: undefined }), 400, 'the Host header is missing'],
    ['of a page that is not allowed', handshake('/', { Origin: 'https://evil.example' }), 403, 'this origin'],
    ['that is none', getRequest('/ws'), 426, 'this is a WebSocket: connect with ws: or wss:'],
    ['for something else', handshake('/ws', { Upgrade: 'h2c' }), 426, 'this is a WebSocket'],
  ])('%s is told what is wrong', async (_, request, status, words = '') => {
    server = await serveHttp(new ScriptedService(), { allowedOrigins: ['https://*.good.example'] });
    const answer = await overWire(server.url, request, { until: '}' });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ code: status, message: expect.stringContaining(words) });
    if (status === 426) expect(answer.head).toMatch(/^upgrade: websocket/im);
    const { values } = await server.metrics.httpRequests.get();
    const door = words === 'the Host header is missing' ? expect.any(String) : 'websocket';
    await eventually(() =>
      expect(values).toContainEqual({ labels: { door, status }, value: expect.any(Number) }),
    );
  });

  test.each([
    ['at /', handshake('/')],
    ['at /ws', handshake('/ws')],
    ['with a query', handshake('/ws?x=1')],
    ['whose target is whole', handshake('http://x/ws')],
    ['of a page that is allowed', handshake('/', { Origin: 'https://app.good.example' })],
    ['with a protocol of its own', handshake('/', { 'Sec-WebSocket-Protocol': 'a, b' })],
    ['that would be compressed', handshake('/', { 'Sec-WebSocket-Extensions': 'permessage-deflate' })],
  ])('%s becomes one', async (_, request) => {
    server = await serveHttp(new ScriptedService(), { allowedOrigins: ['https://*.good.example'] });
    using client = new RawClient(server.url, request).read();
    await eventually(() => expect(client.text).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\n/s));
    expect(client.text).toMatch(/^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
    expect(client.text).toMatch(/^x-request-id: [\w-]{36}\r$/im);
    // Nothing is compressed: a few bytes must not grow to megabytes here.
    expect(client.text).not.toMatch(/extensions/i);
  });

  test('does not answer in the midst of another answer', async () => {
    const service = new ScriptedService();
    server = await serveHttp(service);
    const asked = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<never>();
    const chain = service.chains.get(1);
    if (chain)
      chain.balance = () => {
        asked.resolve();
        return waiting.promise;
      };
    const first = getRequest('/1/balance/0xd8da6bf26964af9d7eed9e03e53415d37aa96045/native');
    using client = new RawClient(server.url, first + handshake('/ws')).read();
    await asked.promise;
    expect(client.text).toBe('');
    waiting.reject(new Error('too late'));
    await eventually(() =>
      expect(client.text).toMatch(/^HTTP\/1\.1 500 .*HTTP\/1\.1 400 .*those before it"}$/s),
    );
  });
});

test('the page is at / as before, and for who wants another protocol as well', async () => {
  server = await serveHttp(new ScriptedService());
  for (const request of [getRequest('/'), handshake('/', { Upgrade: 'h2c' })]) {
    const answer = await overWire(server.url, request, { until: '</html>' });
    expect([answer.status, /^content-type: text\/html/im.test(answer.head)]).toEqual([200, true]);
  }
});

test('a connection is one line in the log and one request when it ends, by its id', async () => {
  const lines: LogLine[] = [];
  const log = createLog(
    { logLevel: 'trace', chains: [], apiKeys: [] },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  server = await serveHttp(new ScriptedService(), { apiKeys: ['planted'] }, { log });
  const client = new SocketClient(server.url, '/ws?api_key=planted', {
    headers: { 'x-request-id': 'of-mine' },
  });
  const named = new Promise((resolve) =>
    client.socket.once('upgrade', ({ headers }) => resolve(headers['x-request-id'])),
  );
  expect(await named).toBe('of-mine');
  await client.ask({
    ...subscribe([item(DAI)], 'mine', { subscriptionTracking: true }),
    authorization: 'planted-too',
  });
  expect(lines).toEqual([]);
  client.socket.close(1000);
  await client.closed;
  await eventually(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({
    level: 30,
    msg: 'connection ended',
    requestId: 'of-mine',
    method: 'GET',
    path: '/ws',
    status: 101,
    durationMs: expect.any(Number),
    bytes: expect.any(Number),
    door: 'websocket',
    closeCode: 1000,
  });
  expect(lines[0]?.bytes).toBeGreaterThan(100);
  expect(lines[0]).not.toHaveProperty('cutOff');
  using gone = new SocketClient(server.url, '/');
  await gone.opened;
  gone.socket.terminate();
  await eventually(() => expect(lines[1]).toMatchObject({ path: '/', closeCode: 1006, cutOff: true }));
  const { values } = await server.metrics.httpRequests.get();
  expect(values).toContainEqual({ labels: { door: 'websocket', status: 101 }, value: 2 });
  expect(JSON.stringify(lines)).not.toContain('planted');
});
