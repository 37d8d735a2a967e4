import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../test/app.ts';
import { serveHttp, type TestServer } from '../test/http.ts';
import { getRequest, postRequest, RawClient } from '../test/raw.ts';
import { ScriptedService, SOMEONE, updateOf } from '../test/service.ts';
import { answerTo } from './cut-off.ts';
import type { HttpLimits } from './http-limits.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const SESSION = `/1/sessions/${OWNER}`;
const BODY = { customTokens: [OWNER] };
const CHUNKED =
  'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const QUICK = { headersMs: 150, requestMs: 300, checkEveryMs: 50 };

let server: TestServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function open(limits: Partial<HttpLimits> = {}, service = new ScriptedService()): Promise<string> {
  server = await serveHttp(service, {}, { limits });
  return server.url;
}

/** The one answer there was, whole; throws where it is not in our own words alone. */
function answerOf(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [line = '', ...headers] = head.toLowerCase().split('\r\n');
  expect(headers).toContain('x-content-type-options: nosniff');
  expect(headers).toContain('connection: close');
  expect(headers).toContain('content-type: application/json; charset=utf-8');
  expect(headers).toContain(`content-length: ${body.length}`);
  expect(headers.filter((header) => /^(server|x-powered-by):/.test(header))).toEqual([]);
  return { status: Number(line.split(' ')[1]), body: JSON.parse(body) };
}

const stillServes = async (url: string) => expect((await fetch(`${url}/livez`)).status).toBe(200);

describe('a client that takes its time is cut off, and told so', () => {
  const timeout = {
    status: 408,
    body: { code: 408, message: 'Request timeout: the request was not complete in time' },
  };
  test.each([
    ['says nothing', ''],
    ['does not end its first line', 'GET / HT'],
    ['does not end its headers', 'GET / HTTP/1.1\r\nHost: x\r\nX-One: 1\r\n'],
    ['does not send its body', `${postRequest(SESSION, BODY).split('\r\n\r\n', 1)[0]}\r\n\r\n`],
    ['does not end its body', postRequest(SESSION, BODY).slice(0, -5)],
    ['does not end a chunk', `${CHUNKED}5\r\nab`],
  ])('that %s', async (_, sent) => {
    const url = await open(QUICK);
    using client = new RawClient(url, sent);
    expect(answerOf(await client.whole())).toEqual(timeout);
    await stillServes(url);
  });

  test.each([
    ['its headers', 'GET / HTTP/1.1\r\nX-Long: '],
    ['its body', `${postRequest(SESSION, '', { 'Content-Length': '9999' })}`],
  ])('that dribbles %s', async (_, sent) => {
    const url = await open(QUICK);
    using client = new RawClient(url, sent);
    const dribbling = setInterval(() => client.isClosed || client.send('x'), 10);
    expect(answerOf(await client.whole())).toEqual(timeout);
    clearInterval(dribbling);
    await stillServes(url);
  });

  test('many at once, and the server serves on meanwhile', async () => {
    const url = await open(QUICK);
    const clients = Array.from({ length: 200 }, () => new RawClient(url, 'GET / HTTP/1.1\r\nX-Long: '));
    await stillServes(url);
    for (const text of await Promise.all(clients.map((client) => client.whole())))
      expect(answerOf(text)).toEqual(timeout);
  });

  test('but not a stream, which takes its time by itself', async () => {
    const service = new ScriptedService();
    const url = await open(QUICK, service);
    await service.sessions.create(
      { chainId: 1, owner: OWNER, clientId: null, tokensListsUrls: [], customTokens: [] },
      SOMEONE,
    );
    using stream = new RawClient(url, getRequest(`/sse/1/balances/${OWNER}`)).read();
    using slow = new RawClient(url);
    await slow.whole();
    for (const one of service.streams)
      one.push(updateOf({ chainId: 1, owner: OWNER }, 'after', { [OWNER]: 7n }));
    await eventually(() => expect(stream.text).toContain('id: after'));
    // What it leaves half asked behind its stream ends both, without a word into the stream.
    stream.send('GET /livez HT');
    await stream.closed;
    expect(stream.text).not.toContain('408');
  });
});

describe('what is no request is refused in our own words', () => {
  const largest = (bytes: number) =>
    getRequest('/livez').replace('\r\n\r\n', `\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`);
  const many = (count: number) =>
    getRequest('/livez').replace(
      '\r\n\r\n',
      `\r\n${Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`,
    );

  test('headers that are too large, or too many, and how many there may be', async () => {
    const url = await open();
    for (const sent of [largest(16_000), many(99)]) {
      using fits = new RawClient(url, sent).read();
      await eventually(() => expect(fits.text).toContain('"status":"ok"'));
    }
    for (const sent of [largest(16_384), largest(200_000), many(100), many(1000)]) {
      using client = new RawClient(url, sent);
      expect(answerOf(await client.whole())).toEqual({
        status: 431,
        body: {
          code: 431,
          message: 'Request header fields too large: the headers are over 16384 bytes or 100 lines',
        },
      });
    }
    await stillServes(url);
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['a chunk of no size', `${CHUNKED}zz\r\n`],
  ])('%s', async (_, sent) => {
    const url = await open();
    using client = new RawClient(url, sent);
    expect(answerOf(await client.whole())).toEqual({
      status: 400,
      body: { code: 400, message: 'Bad request: this is not HTTP/1.1' },
    });
    await stillServes(url);
  });

  test('a body that ends before it is whole', async () => {
    const url = await open();
    for (const path of [SESSION, '/graphql']) {
      using client = new RawClient(url);
      client.socket.end(postRequest(path, BODY).slice(0, -5));
      expect(answerOf(await client.whole())).toMatchObject({ status: 400, body: { code: 400 } });
    }
    expect(server?.logged).toEqual([]);
    await stillServes(url);
  });

  test('a request without a host', async () => {
    const url = await open();
    using client = new RawClient(url, 'GET /livez HTTP/1.1\r\n\r\n').read();
    await eventually(() =>
      expect(client.text).toContain('{"code":400,"message":"Bad request: the Host header is missing"}'),
    );
    await stillServes(url);
  });

  test('chunk extensions without end', () => {
    expect(answerTo('HPE_CHUNK_EXTENSIONS_OVERFLOW')).toMatchObject({ status: 413, body: { code: 413 } });
  });
});

describe('what strangers can take up', () => {
  test.each([
    ['in all', { bodyBytes: 30_000 }],
    ['from one address', { bodyBytesPerAddress: 30_000 }],
  ])(
    'no more bodies are received at once %s than fit, at every door; those under way go on',
    async (_, limits) => {
      // What may grow to 10,000 bytes each: three of them, and nothing beside.
      const url = await open(limits);
      const announced = { 'Content-Length': '10000' };
      const slow = [
        postRequest('/graphql', '{', announced),
        postRequest(SESSION, '{', announced),
        CHUNKED,
      ].map((sent) => new RawClient(url, sent).read());
      const tooMuch = (text: string) => {
        expect(text).toMatch(/^HTTP\/1.1 503 /);
        expect(text).toMatch(/retry-after: 1\r\n/i);
        return JSON.parse(text.split('\r\n\r\n')[1] ?? '');
      };
      const ask = async (path: string) => {
        using client = new RawClient(url, postRequest(path, BODY)).read();
        await eventually(() => expect(client.text).toContain('}'));
        return client.text;
      };
      await eventually(async () =>
        expect(tooMuch(await ask(SESSION))).toEqual({
          code: 503,
          message: 'Service unavailable: too much is being received at the moment',
        }),
      );
      expect(tooMuch(await ask('/graphql'))).toEqual({
        errors: [
          {
            message: 'Service unavailable: too much is being received at the moment',
            extensions: { code: 'CAPACITY_EXCEEDED' },
          },
        ],
      });
      // What has no body is none of it.
      await stillServes(url);
      const [first, second, third] = slow;
      third?.send('f\r\n{"query":"{chai\r\n');
      third?.send('d\r\nns { id } }"}\r\n0\r\n\r\n');
      first?.socket.destroy();
      await eventually(() => expect(third?.text).toContain('{"data":{"chains":[{"id":1}]}}'));
      // Both have given back what was theirs, one by ending and one by going.
      await eventually(async () => expect(await ask(SESSION)).toMatch(/^HTTP\/1.1 200 /));
      expect(second?.text).toBe('');
      second?.socket.destroy();
    },
  );

  test.each([
    ['in all', { connections: 3 }],
    ['from one address', { connectionsPerAddress: 3 }],
  ])('no more connections %s than there may be', async (_, limits) => {
    const url = await open(limits);
    const clients = Array.from({ length: 3 }, () => new RawClient(url, getRequest('/livez')).read());
    for (const client of clients) await eventually(() => expect(client.text).toContain('"status":"ok"'));
    using late = new RawClient(url, getRequest('/livez'));
    expect(await late.whole()).toBe('');
    clients[0]?.socket.end();
    await clients[0]?.closed;
    await eventually(() => stillServes(url));
    for (const client of clients) client.socket.destroy();
  });
});
