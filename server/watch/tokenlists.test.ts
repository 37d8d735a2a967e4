import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../lib/metrics.ts';
import { type FetchLimits, retryAfterMs } from './listfetch.ts';
import { createTokenLists, type TokenLists, type TokenListsOptions } from './tokenlists.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const DAI = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
const token = (address: string, chainId = 1) => ({
  chainId,
  address,
  name: 'Some Token',
  symbol: 'SOME',
  decimals: 18,
});
const list = (...tokens: unknown[]) => ({
  name: 'Some List',
  timestamp: '2026-01-01T00:00:00+00:00',
  version: { major: 1, minor: 0, patch: 0 },
  tokens,
});

const HEAD = JSON.stringify({ ...list(), tokens: undefined }).replace('}}', '},');
const TOO_MANY = 'holds more than 500000 values';

let handler: Handler;
let requests: string[];
let logged: unknown[];
let base: string;
let server: ReturnType<typeof createServer>;
let lists: TokenLists;
let metrics: ReturnType<typeof createMetrics>;

/** A list host on loopback that answers as the test says. */
beforeEach(async () => {
  requests = [];
  logged = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  open();
});

afterEach(async () => {
  await lists[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(
  config: Partial<TokenListsOptions['config']> = {},
  limits: Partial<FetchLimits> = {},
  cacheBytes?: number,
) {
  metrics = createMetrics();
  lists = createTokenLists({
    config: {
      tokenListCacheTtlMs: 60_000,
      allowPrivateTokenLists: true,
      tokenListBlockedDomains: [],
      ...config,
    },
    metrics,
    log: { warn: (line: unknown) => void logged.push(line) },
    limits: { backoffMs: 5, ...limits },
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  });
}

const answer = (body: unknown, status = 200): Handler => {
  return (_, response) => response.writeHead(status).end(JSON.stringify(body));
};
const fetches = async (outcome: string) =>
  (await metrics.tokenListFetches.get()).values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;

describe('a list', () => {
  test('gives the tokens of the chain, each once, in lower case', async () => {
    handler = answer(
      list(
        { ...token(USDC), logoURI: 'https://logos.example/usdc.png', extensions: { any: 'thing' } },
        token(DAI, 10),
        token(USDC.toUpperCase().replace('0X', '0x')),
      ),
    );
    expect(await lists.get(`${base}/list.json`, 1, 'somebody')).toEqual([
      {
        chainId: 1,
        address: USDC.toLowerCase(),
        name: 'Some Token',
        symbol: 'SOME',
        decimals: 18,
        logoURI: 'https://logos.example/usdc.png',
      },
    ]);
    expect(await lists.get(`${base}/list.json`, 10, 'somebody')).toMatchObject([
      { address: DAI.toLowerCase(), logoURI: null },
    ]);
    expect(await lists.get(`${base}/list.json`, 5, 'somebody')).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['application/json', 'gzip', gzipSync],
    ['text/html', 'gzip', gzipSync],
    ['image/png', 'br', brotliCompressSync],
    ['application/x-sh', 'deflate', deflateSync],
    ['', 'identity', Buffer.from],
  ])('is told by its content: with type "%s", %s', async (type, encoding, encode) => {
    handler = (_, response) =>
      response
        .writeHead(200, { 'content-type': type, 'content-encoding': encoding })
        .end(encode(`\uFEFF ${JSON.stringify(list(token(USDC)))}`));
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
  });

  test('is fetched once for fifty who ask at the same time', async () => {
    handler = (request, response) => setImmediate(() => answer(list(token(USDC)))(request, response));
    const all = await Promise.all(
      Array.from({ length: 50 }, () => lists.get(`${base}/#${Math.random()}`, 1, 'somebody')),
    );
    expect(all.every((tokens) => tokens.length === 1)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(await fetches('ok')).toBe(1);
  });
});

test('as many lists are kept as fit; past that the one that was used longest ago is fetched again', async () => {
  handler = answer(list(token(USDC)));
  const bytes = JSON.stringify(list(token(USDC))).length + 1;
  open({}, {}, 2 * bytes);
  for (const name of ['a', 'b', 'a', 'b', 'a', 'c', 'a', 'b'])
    await lists.get(`${base}/${name}`, 1, 'somebody');
  expect(requests).toEqual(['/a', '/b', '/c', '/b']);
});

describe('time', () => {
  test('past its time a list is fetched anew', async () => {
    open({ tokenListCacheTtlMs: 1 });
    handler = answer(list(token(USDC)));
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
    handler = answer(list(token(USDC), token(DAI)));
    await expect.poll(() => lists.get(base, 1, 'somebody')).toHaveLength(2);
  });

  test('the last good copy serves on while a newer one cannot be had, and the metric says so', async () => {
    open({ tokenListCacheTtlMs: 1 }, { maxTries: 1 });
    handler = answer(list(token(USDC)));
    await lists.get(`${base}/a.json?key=mine`, 1, 'somebody');
    handler = answer({ sorry: true }, 503);
    await expect
      .poll(async () => {
        expect(await lists.get(`${base}/a.json?key=mine`, 1, 'somebody')).toHaveLength(1);
        return fetches('stale');
      })
      .toBeGreaterThan(0);
    expect(logged).toContainEqual({ list: `${base}/a.json`, code: 'TOKEN_LIST_UNAVAILABLE' });
    handler = answer('not a list');
    const before = await fetches('stale');
    await expect
      .poll(async () => {
        expect(await lists.get(`${base}/a.json?key=mine`, 1, 'somebody')).toHaveLength(1);
        return fetches('stale');
      })
      .toBeGreaterThan(before);
    expect(await fetches('ok')).toBe(1);
    expect(JSON.stringify(logged)).not.toContain('mine');
    handler = answer(list(token(USDC), token(DAI)));
    await expect.poll(() => lists.get(`${base}/a.json?key=mine`, 1, 'somebody')).toHaveLength(2);
  });

  test.each<[string, Handler]>([
    ['never ends its answer', (_, response) => void response.writeHead(200).write('{"name":')],
    [
      'drips its answer',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'drips its headers',
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('a: b\r\n'), 5);
        socket.on('close', () => clearInterval(drip));
      },
    ],
    [
      'sends us round and round, slowly',
      (_, response) => void setTimeout(() => response.writeHead(302, { location: '/slow' }).end(), 30),
    ],
    ['says nothing', () => undefined],
  ])('a host that %s is given up when the time is over', async (_, slow) => {
    open({}, { timeoutMs: 100, maxRedirects: 1000 });
    let cut = 0;
    handler = (request, response) => {
      request.socket.once('close', () => cut++);
      slow(request, response);
    };
    await expect(lists.get(`${base}/slow`, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/slow: no answer within 100 ms`,
    });
    await expect.poll(() => cut).toBeGreaterThan(0);
  });

  test('the time is for all tries together', async () => {
    open({}, { timeoutMs: 300, backoffMs: 1, maxTries: 1_000_000 });
    handler = answer({}, 503);
    await expect(lists.get(base, 1, 'somebody')).rejects.toThrow(
      /no answer within 300 ms|answered with status 503/,
    );
    expect(requests.length).toBeGreaterThan(1);
  });
});

test('stopping ends what is under way', async () => {
  const asked = new Promise<void>((resolve) => {
    handler = () => resolve();
  });
  const refused = expect(lists.get(base, 1, 'somebody')).rejects.toMatchObject({
    code: 'TOKEN_LIST_UNAVAILABLE',
  });
  await asked;
  await lists[Symbol.asyncDispose]();
  await refused;
  expect(requests).toHaveLength(1);
});

describe('trouble', () => {
  test.each([500, 502, 429])('after %i it is tried again', async (status) => {
    handler = (request, response) =>
      (requests.length === 1 ? answer({}, status) : answer(list(token(USDC))))(request, response);
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
    expect(requests).toHaveLength(2);
  });

  test('a connection cut off is tried again', async () => {
    handler = (request, response) =>
      requests.length === 1 ? request.socket.destroy() : answer(list(token(USDC)))(request, response);
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
  });

  test('three tries, then the URL is named', async () => {
    handler = answer({}, 503);
    await expect(lists.get(`${base}/a.json`, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/a.json: answered with status 503`,
    });
    expect(requests).toHaveLength(3);
    expect(await fetches('unavailable')).toBe(1);
  });

  test.each([400, 401, 403, 404, 408, 410, 418, 451])(
    '%i is a plain no, and not asked again',
    async (status) => {
      handler = answer({ inner: 'SECRET' }, status);
      await expect(lists.get(base, 1, 'somebody')).rejects.toMatchObject({
        code: 'TOKEN_LIST_UNAVAILABLE',
        message: `token list ${base}/: answered with status ${status}`,
      });
      expect(requests).toHaveLength(1);
    },
  );

  test.each([429, 503])('%i with a Retry-After that is past the time is not waited for', async (status) => {
    handler = (_, response) => response.writeHead(status, { 'retry-after': '3600' }).end();
    await expect(lists.get(base, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/: answered with status ${status} (Retry-After: 3600 s)`,
    });
    expect(requests).toHaveLength(1);
  });

  test('a Retry-After that leaves time is kept to', async () => {
    const askedMs: number[] = [];
    handler = (request, response) => {
      askedMs.push(performance.now());
      if (askedMs.length > 1) answer(list(token(USDC)))(request, response);
      else response.writeHead(429, { 'retry-after': '1' }).end();
    };
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
    const [first = 0, second = 0] = askedMs;
    // Never sooner. Timers round by a millisecond.
    expect(second - first).toBeGreaterThan(990);
  });

  test.each([
    [null, 0],
    ['', 0],
    ['0', 0],
    ['7', 7000],
    ['-7', 0],
    ['soon', 0],
    ['Fri, 20 Nov 2026 00:00:09 GMT', 9000],
    ['Thu, 19 Nov 2026 00:00:00 GMT', 0],
  ])('Retry-After: %s is %i ms', (header, ms) => {
    expect(retryAfterMs(header, Date.parse('2026-11-20T00:00:00Z'))).toBe(ms);
  });

  test('nobody listening', async () => {
    const nowhere = createServer();
    await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve));
    const { port } = nowhere.address() as AddressInfo;
    await new Promise((resolve) => nowhere.close(resolve));
    await expect(lists.get(`http://127.0.0.1:${port}/x`, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list http://127.0.0.1:${port}/x: could not be fetched (ECONNREFUSED)`,
    });
  });

  test('after a failure the next who asks may be luckier', async () => {
    handler = answer({}, 404);
    await expect(lists.get(base, 1, 'somebody')).rejects.toThrow();
    handler = answer(list(token(USDC)));
    expect(await lists.get(base, 1, 'somebody')).toHaveLength(1);
  });
});

describe('redirects', () => {
  const hop: Handler = (request, response) => {
    const left = Number(new URL(request.url ?? '', base).searchParams.get('left'));
    if (left === 0) answer(list(token(USDC)))(request, response);
    else response.writeHead(302, { location: `/hop?left=${left - 1}` }).end();
  };

  test('five are followed', async () => {
    handler = hop;
    expect(await lists.get(`${base}/hop?left=5`, 1, 'somebody')).toHaveLength(1);
  });

  test('the sixth is not', async () => {
    handler = hop;
    await expect(lists.get(`${base}/hop?left=6`, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_REJECTED',
      message: `token list ${base}/hop?left=6: redirects more than 5 times`,
    });
    expect(requests).toHaveLength(6);
  });

  test.each([
    ['ftp://lists.example/a.json', 'only https: addresses are fetched'],
    ['http://user:secret@lists.example/a.json', 'must not carry credentials'],
    ['https://lists.evil.example/a.json', 'the domain evil.example is blocked'],
    ['http://[bad', 'is not a URL'],
  ])('each is checked: %s', async (location, reason) => {
    open({ tokenListBlockedDomains: ['evil.example'] });
    handler = (_, response) => response.writeHead(301, { location }).end();
    const error = await lists.get(base, 1, 'somebody').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_LIST_REJECTED' });
    expect(String(error)).toContain(`token list ${base}/: redirects`);
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain('secret');
    expect(requests).toHaveLength(1);
  });
});

describe('content', () => {
  test.each([
    [
      'an address of 39 digits',
      list(token(USDC), token(USDC), token(USDC), token(USDC.slice(0, -1))),
      'tokens[3].address: expected an address (0x and 40 hex digits)',
    ],
    ['no version', { ...list(), version: undefined }, 'version: '],
    ['a timestamp that is none', { ...list(), timestamp: 'soon' }, 'timestamp: expected a date and time'],
    ['decimals past a byte', list({ ...token(USDC), decimals: 256 }), 'tokens[0].decimals: '],
    ['no tokens', { ...list(), tokens: undefined }, 'tokens: '],
    ['another thing altogether', ['0x'], 'the list itself: Invalid input: expected object'],
  ])('%s is rejected with its path', async (_, body, message) => {
    handler = answer(body);
    const error = await lists.get(`${base}/l`, 1, 'somebody').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_LIST_REJECTED' });
    expect(String(error)).toContain(`token list ${base}/l: ${message}`);
    expect(await fetches('rejected')).toBe(1);
    expect(requests).toHaveLength(1);
  });

  test('what is not JSON is rejected', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
    await expect(lists.get(base, 1, 'somebody')).rejects.toThrow(`token list ${base}/: is not JSON`);
  });

  test('ten thousand entries are, one more is not', async () => {
    const many = (count: number) =>
      list(...Array.from({ length: count }, (_, i) => token(`0x${i.toString(16).padStart(40, '0')}`)));
    handler = answer(many(10_000));
    expect(await lists.get(`${base}/1`, 1, 'somebody')).toHaveLength(10_000);
    handler = answer(many(10_001));
    await expect(lists.get(`${base}/2`, 1, 'somebody')).rejects.toThrow(
      'tokens: expected at most 10000 tokens',
    );
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '), { level: 9 })],
    ['deflate', deflateSync(Buffer.alloc(100 * 1024 * 1024, ' '), { level: 9 })],
    ['br', brotliCompressSync(Buffer.alloc(100 * 1024 * 1024, ' '))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')))],
  ])('a bomb is counted as it unfolds: 100 MB in %s', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(200_000);
    handler = (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    await expect(lists.get(base, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_REJECTED',
      message: `token list ${base}/: is larger than 10485760 bytes`,
    });
    expect(requests).toHaveLength(1);
  });

  /** What is written to the caller of a list until it hangs up. */
  async function poured(pour: (response: ServerResponse) => void): Promise<number> {
    let bytes: number | undefined;
    handler = (request, response) => {
      request.socket.on('close', () => {
        bytes = request.socket.bytesWritten;
      });
      pour(response);
    };
    await expect(lists.get(base, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_REJECTED',
      message: `token list ${base}/: is larger than 10485760 bytes`,
    });
    await expect.poll(() => bytes).toBeDefined();
    expect(requests).toHaveLength(1);
    return bytes ?? 0;
  }
  const endless = (chunk: Buffer, sink: NodeJS.WritableStream, done: () => boolean) => {
    const pour = () => {
      while (!done() && sink.write(chunk));
    };
    sink.on('drain', pour);
    pour();
  };

  test('an answer without end is cut off at the limit', async () => {
    const bytes = await poured((response) =>
      endless(Buffer.alloc(64 * 1024, ' '), response, () => response.destroyed),
    );
    // And what fits into the buffers on the way.
    expect(bytes).toBeLessThan(30 * 1024 * 1024);
  });

  test('a bomb without end is not read on', async () => {
    const bytes = await poured((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = createGzip({ level: 1 });
      gzip.on('error', () => undefined).pipe(response);
      response.on('close', () => gzip.destroy());
      endless(Buffer.alloc(64 * 1024, ' '), gzip, () => response.destroyed || gzip.destroyed);
    });
    expect(bytes).toBeLessThan(10 * 1024 * 1024);
  });

  test('an answer without end that unfolds to nothing is cut off as well', async () => {
    // Empty members of gzip, one after the other.
    const nothing = Buffer.concat(Array.from({ length: 3000 }, () => gzipSync('')));
    await poured((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      endless(nothing, response, () => response.destroyed);
    });
  });

  test('ten megabytes are read, one byte more is not', async () => {
    const text = JSON.stringify(list(token(USDC)));
    handler = (_, response) => response.end(text.padEnd(10 * 1024 * 1024, ' '));
    expect(await lists.get(`${base}/1`, 1, 'somebody')).toHaveLength(1);
    handler = (_, response) => response.end(text.padEnd(10 * 1024 * 1024 + 1, ' '));
    await expect(lists.get(`${base}/2`, 1, 'somebody')).rejects.toThrow('is larger than 10485760 bytes');
  });

  test('half a million values are read, one more is not', async () => {
    const padded = (count: number) => JSON.stringify({ ...list(token(USDC)), x: Array(count).fill(0) });
    const base0 = padded(1).match(/[[{,]/g)?.length ?? 0;
    handler = (_, response) => response.end(padded(500_000 - base0 + 1));
    expect(await lists.get(`${base}/1`, 1, 'somebody')).toHaveLength(1);
    handler = (_, response) => response.end(padded(500_000 - base0 + 2));
    await expect(lists.get(`${base}/2`, 1, 'somebody')).rejects.toThrow(TOO_MANY);
  });

  test.each([
    ['five million brackets', '['.repeat(5_000_000), 'is nested deeper than 100 levels'],
    ['five million entries', `{"tokens":[${'1,'.repeat(5_000_000)}1]}`.replace('{', HEAD), TOO_MANY],
    ['a million empty ones', `{"x":[${'[],'.repeat(1_000_000)}[]]}`, TOO_MANY],
    ['a hundred levels', `${'['.repeat(100)}${']'.repeat(100)}`, 'the list itself: '],
    ['a hundred and one', `${'['.repeat(101)}${']'.repeat(101)}`, 'is nested deeper than 100 levels'],
    ['brackets in a text', JSON.stringify({ name: '\\"['.repeat(1000) }), 'name: Too big'],
  ])('%s, all wrong, are rejected in a word', async (_, text, reason) => {
    open({}, { maxBytes: 20 * 1024 * 1024 });
    handler = (_, response) => response.end(text);
    await expect(lists.get(base, 1, 'somebody')).rejects.toThrow(`token list ${base}/: ${reason}`);
  });
});
