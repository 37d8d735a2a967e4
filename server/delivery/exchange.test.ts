import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { serveHttp, type TestServer } from '../test/http.ts';
import type { LogLine } from '../test/server-process.ts';
import { ScriptedService, SOMEONE, updateOf } from '../test/service.ts';
import { doorOf, requestIdOf, shownPath } from './exchange.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const TOKEN = '0x6b175474e89094c44da98b954eedeac495271d0f';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SESSION = { chainId: 1, owner: OWNER, clientId: null } as const;

let server: TestServer;
let lines: LogLine[];
afterEach(() => server?.[Symbol.asyncDispose]());

async function open(): Promise<ScriptedService> {
  lines = [];
  const service = new ScriptedService();
  const config = { logLevel: 'trace', chains: [], apiKeys: [] } as const;
  const log = createLog(config, { write: (line) => void lines.push(JSON.parse(line)) });
  server = await serveHttp(service, {}, { log });
  return service;
}
const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);
const lineOf = async (message: string) => {
  await expect.poll(() => lines.map(({ msg }) => msg)).toContain(message);
  return lines.find(({ msg }) => msg === message);
};

describe('the id of a request', () => {
  test.each([
    ['a', true],
    ['7f3c.2-B_9', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['', false],
    ['a b', false],
    ['a\tb', false],
    ['{"a":1}', false],
    ['one, two', false],
    [undefined, false],
    [['one', 'two'], false],
  ])('%j is kept: %s', (sent, isKept) => {
    const id = requestIdOf(sent);
    if (isKept) expect(id).toBe(sent);
    else expect(id).toMatch(UUID);
  });

  test('is in the answer of every door, and in the line about it', async () => {
    await open();
    for (const path of [
      '/',
      '/livez',
      '/metrics',
      '/health',
      '/nothing',
      '/openapi.json',
      '/graphql?query={a}',
    ]) {
      const { headers } = await get(path, { headers: { 'x-request-id': `id-of-${path.length}` } });
      expect([path, headers.get('x-request-id')]).toEqual([path, `id-of-${path.length}`]);
      expect((await get(path)).headers.get('x-request-id')).toMatch(UUID);
    }
    await expect.poll(() => lines).toHaveLength(14);
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(7 + 6);
  });

  test('is in whatever is logged on its behalf, at every depth', async () => {
    const service = await open();
    const chain = service.chains.get(1);
    if (chain) chain.balance = async () => await Promise.reject(new TypeError('a bug'));
    await get(`/1/balance/${OWNER}/native`, { headers: { 'x-request-id': 'of-rest' } });
    expect(await lineOf('unexpected error in a REST route')).toMatchObject({ requestId: 'of-rest' });
    const query = `{ balance(owner: "${OWNER}", token: "native") { amount } }`;
    await get(`/graphql?query=${encodeURIComponent(query)}`, { headers: { 'x-request-id': 'of-graphql' } });
    expect(await lineOf('unexpected error in GraphQL')).toMatchObject({ requestId: 'of-graphql' });
  });

  test('stays with a stream that waits for its client, while others come and go on the same connection', async () => {
    const service = await open();
    await service.sessions.create({ ...SESSION, tokensListsUrls: [], customTokens: [TOKEN] }, SOMEONE);
    const init = { headers: { 'x-request-id': 'of-the-stream' } };
    const response = await get(`/sse/1/balances/${OWNER}`, init);
    const [stream] = await expect
      .poll(() => [...service.streams])
      .toHaveLength(1)
      .then(() => service.streams);
    // More than the socket takes: the rest is written, and fails, once the client reads.
    const many = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`0x${i.toString(16).padStart(40, '0')}`, 10n ** 18n]),
    );
    for (let i = 0; i < 400; i += 1) stream?.push(updateOf(SESSION, `c${i}`, many));
    stream?.end(new TypeError('a bug'));
    expect((await get('/livez', { headers: { 'x-request-id': 'of-another' } })).status).toBe(200);
    expect(lines.filter(({ msg }) => msg === 'a stream cannot go on')).toEqual([]);
    await response.text();
    expect(await lineOf('a stream cannot go on')).toMatchObject({ requestId: 'of-the-stream' });
    expect(await lineOf('stream ended')).toMatchObject({ requestId: 'of-the-stream' });
  });
});

describe('the line about a request', () => {
  test('says what was asked, of which door, and what came of it, and nothing of its query', async () => {
    await open();
    await get(`/1/balance/${OWNER}/what?api_key=planted`, { headers: { authorization: 'Bearer planted' } });
    const line = await lineOf('answered');
    expect(line).toMatchObject({
      level: 30,
      method: 'GET',
      path: `/1/balance/${OWNER}/what`,
      status: 400,
      durationMs: expect.any(Number),
      bytes: expect.any(Number),
      door: 'rest',
    });
    expect(line?.bytes).toBeGreaterThan(100);
    expect(line).not.toHaveProperty('cutOff');
    expect(JSON.stringify(lines)).not.toContain('planted');
  });

  test("of what operators' machines ask all day there is one at debug only", async () => {
    await open();
    for (const path of ['/livez', '/health', '/health/1', '/metrics']) await get(path);
    await expect.poll(() => lines.map(({ level }) => level)).toEqual([20, 20, 20, 20]);
  });

  test('of a stream comes when it ends', async () => {
    const service = await open();
    await service.sessions.create({ ...SESSION, tokensListsUrls: [], customTokens: [TOKEN] }, SOMEONE);
    const leaving = new AbortController();
    const response = await get(`/sse/1/balances/${OWNER}`, { signal: leaving.signal });
    await expect.poll(() => service.streams.size).toBe(1);
    for (const stream of service.streams) stream.push(updateOf(SESSION, 'c1', { [TOKEN]: 7n }));
    await response.body?.getReader().read();
    expect(lines).toEqual([]);
    leaving.abort();
    expect(await lineOf('stream ended')).toMatchObject({ status: 200, door: 'rest', cutOff: true });
  });

  test('of a client that left before there was an answer says so', async () => {
    const service = await open();
    const asked = Promise.withResolvers<void>();
    const chain = service.chains.get(1);
    const late = Promise.withResolvers<never>();
    if (chain)
      chain.balance = () => {
        asked.resolve();
        return late.promise;
      };
    const leaving = new AbortController();
    get(`/1/balance/${OWNER}/native`, { signal: leaving.signal }).catch(() => {});
    await asked.promise;
    leaving.abort();
    expect(await lineOf('answered')).toMatchObject({ status: null, cutOff: true });
    const counted = await server.metrics.httpRequests.get();
    expect(counted.values).toContainEqual({ labels: { door: 'rest', status: 'none' }, value: 1 });
    late.reject(new Error('nobody waits'));
  });

  test.each([
    ['/graphql?query=x', '/graphql'],
    [`/sse/1/balances/${OWNER}?api_key=planted`, `/sse/1/balances/${OWNER}`],
    ['/', '/'],
    [`/${'a'.repeat(199)}`, `/${'a'.repeat(199)}`],
    [`/${'a'.repeat(200)}`, `/${'a'.repeat(199)}…`],
    ['/sse/1%3Fapi_key=planted', '/sse/1…'],
    ['/sse/1;key=planted', '/sse/1…'],
    ['http://user:planted@host/livez', '…'],
    ['*', '…'],
    ['/a"b\\c', '/a…'],
  ])('of %s shows %s', (url, shown) => {
    expect(shownPath(url)).toBe(shown);
  });

  test('of a request with user-info in its target shows none of it', async () => {
    await open();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.end(
      'GET http://user:planted@host/livez?api_key=planted HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n',
    );
    const answer = Buffer.concat(await socket.toArray()).toString();
    await lineOf('answered');
    expect(JSON.stringify(lines) + answer).not.toContain('planted');
  });
});

describe('what is counted of requests', () => {
  test('is by door and status, and streams take no time', async () => {
    const service = await open();
    await service.sessions.create({ ...SESSION, tokensListsUrls: [], customTokens: [TOKEN] }, SOMEONE);
    await get('/livez');
    await get(`/1/balance/${OWNER}/what`);
    await get('/graphql?query={chains{id}}');
    await get('/');
    const leaving = new AbortController();
    await get(`/sse/1/balances/${OWNER}`, { signal: leaving.signal });
    leaving.abort();
    await expect.poll(() => lines).toHaveLength(5);
    const { values } = await server.metrics.httpRequests.get();
    const counted = values.filter(({ value }) => value > 0).map(({ labels }) => [labels.door, labels.status]);
    expect(counted.toSorted()).toEqual([
      ['graphql', 200],
      ['operations', 200],
      ['page', 200],
      ['rest', 200],
      ['rest', 400],
    ]);
    const durations = (await server.metrics.httpRequestDuration.get()).values;
    const counts = durations.filter(({ metricName }) => metricName?.endsWith('_count'));
    expect(Object.fromEntries(counts.map(({ labels, value }) => [labels.door, value]))).toEqual({
      graphql: 1,
      operations: 1,
      page: 1,
      rest: 1,
      websocket: 0,
    });
  });

  test.each([
    ['/', 'page'],
    ['/docs', 'page'],
    ['/docs/fonts/a.woff2', 'page'],
    ['/openapi.json', 'page'],
    ['/graphql', 'graphql'],
    ['/health', 'operations'],
    ['/health/1', 'operations'],
    ['/healthy', 'rest'],
    ['/livez', 'operations'],
    ['/metrics', 'operations'],
    ['/1/sessions/0x', 'rest'],
    ['/favicon.ico', 'rest'],
    ['/ws', 'websocket'],
  ])('%s is of %s', (path, door) => {
    expect(doorOf(path)).toBe(door);
  });

  test.each(['/', '/ws', '/livez'])('at %s what wants to be a WebSocket is of that', (path) => {
    expect(doorOf(path, 'WebSocket')).toBe('websocket');
  });
});
