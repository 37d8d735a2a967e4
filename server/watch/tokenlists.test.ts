import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../lib/metrics.ts';
import type { FetchLimits } from './listfetch.ts';
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

let handler: Handler;
let requests: string[];
let base: string;
let server: ReturnType<typeof createServer>;
let lists: TokenLists;
let metrics: ReturnType<typeof createMetrics>;

/** A list host on loopback that answers as the test says. */
beforeEach(async () => {
  requests = [];
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

function open(config: Partial<TokenListsOptions['config']> = {}, limits: Partial<FetchLimits> = {}) {
  metrics = createMetrics();
  lists = createTokenLists({
    config: {
      tokenListCacheTtlMs: 60_000,
      allowPrivateTokenLists: true,
      tokenListBlockedDomains: [],
      ...config,
    },
    metrics,
    log: { warn: () => undefined },
    limits: { backoffMs: 5, ...limits },
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
    expect(await lists.get(`${base}/list.json`, 1)).toEqual([
      {
        chainId: 1,
        address: USDC.toLowerCase(),
        name: 'Some Token',
        symbol: 'SOME',
        decimals: 18,
        logoURI: 'https://logos.example/usdc.png',
      },
    ]);
    expect(await lists.get(`${base}/list.json`, 10)).toMatchObject([
      { address: DAI.toLowerCase(), logoURI: null },
    ]);
    expect(await lists.get(`${base}/list.json`, 5)).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test('is told by its content, whatever type its host gives it, gzip or not', async () => {
    handler = (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
        .end(gzipSync(JSON.stringify(list(token(USDC)))));
    expect(await lists.get(base, 1)).toHaveLength(1);
  });

  test('is fetched once for fifty who ask at the same time', async () => {
    handler = (request, response) => setImmediate(() => answer(list(token(USDC)))(request, response));
    const all = await Promise.all(
      Array.from({ length: 50 }, () => lists.get(`${base}/#${Math.random()}`, 1)),
    );
    expect(all.every((tokens) => tokens.length === 1)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(await fetches('ok')).toBe(1);
  });
});

describe('time', () => {
  test('past its time a list is fetched anew', async () => {
    open({ tokenListCacheTtlMs: 1 });
    handler = answer(list(token(USDC)));
    expect(await lists.get(base, 1)).toHaveLength(1);
    handler = answer(list(token(USDC), token(DAI)));
    await expect.poll(() => lists.get(base, 1)).toHaveLength(2);
  });

  test('the last good copy serves on while a newer one cannot be had, and the metric says so', async () => {
    open({ tokenListCacheTtlMs: 1 }, { maxTries: 1 });
    handler = answer(list(token(USDC)));
    await lists.get(base, 1);
    handler = answer({ sorry: true }, 503);
    await expect
      .poll(async () => {
        expect(await lists.get(base, 1)).toHaveLength(1);
        return fetches('stale');
      })
      .toBeGreaterThan(0);
    handler = answer('not a list');
    const before = await fetches('stale');
    await expect
      .poll(async () => {
        expect(await lists.get(base, 1)).toHaveLength(1);
        return fetches('stale');
      })
      .toBeGreaterThan(before);
  });

  test('a host that never ends its answer is given up', async () => {
    open({}, { timeoutMs: 100 });
    handler = (_, response) => response.writeHead(200).write('{"name":');
    await expect(lists.get(`${base}/slow`, 1)).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/slow: no answer within 100 ms`,
    });
  });
});

test('stopping ends what is under way', async () => {
  const asked = new Promise<void>((resolve) => {
    handler = () => resolve();
  });
  const refused = expect(lists.get(base, 1)).rejects.toMatchObject({ code: 'TOKEN_LIST_UNAVAILABLE' });
  await asked;
  await lists[Symbol.asyncDispose]();
  await refused;
  expect(requests).toHaveLength(1);
});

describe('trouble', () => {
  test.each([500, 502, 429])('after %i it is tried again', async (status) => {
    handler = (request, response) =>
      (requests.length === 1 ? answer({}, status) : answer(list(token(USDC))))(request, response);
    expect(await lists.get(base, 1)).toHaveLength(1);
    expect(requests).toHaveLength(2);
  });

  test('a connection cut off is tried again', async () => {
    handler = (request, response) =>
      requests.length === 1 ? request.socket.destroy() : answer(list(token(USDC)))(request, response);
    expect(await lists.get(base, 1)).toHaveLength(1);
  });

  test('three tries, then the URL is named', async () => {
    handler = answer({}, 503);
    await expect(lists.get(`${base}/a.json`, 1)).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/a.json: answered with status 503`,
    });
    expect(requests).toHaveLength(3);
    expect(await fetches('unavailable')).toBe(1);
  });

  test('a plain no is not asked again', async () => {
    handler = answer({}, 404);
    await expect(lists.get(base, 1)).rejects.toMatchObject({ code: 'TOKEN_LIST_UNAVAILABLE' });
    expect(requests).toHaveLength(1);
  });

  test('nobody listening', async () => {
    const nowhere = createServer();
    await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve));
    const { port } = nowhere.address() as AddressInfo;
    await new Promise((resolve) => nowhere.close(resolve));
    await expect(lists.get(`http://127.0.0.1:${port}/x`, 1)).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list http://127.0.0.1:${port}/x: could not be fetched (ECONNREFUSED)`,
    });
  });

  test('after a failure the next who asks may be luckier', async () => {
    handler = answer({}, 404);
    await expect(lists.get(base, 1)).rejects.toThrow();
    handler = answer(list(token(USDC)));
    expect(await lists.get(base, 1)).toHaveLength(1);
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
    expect(await lists.get(`${base}/hop?left=5`, 1)).toHaveLength(1);
  });

  test('the sixth is not', async () => {
    handler = hop;
    await expect(lists.get(`${base}/hop?left=6`, 1)).rejects.toMatchObject({
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
    const error = await lists.get(base, 1).catch((thrown: unknown) => thrown);
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
    ['another thing altogether', ['0x'], 'Invalid input: expected object'],
  ])('%s is rejected with its path', async (_, body, message) => {
    handler = answer(body);
    const error = await lists.get(`${base}/l`, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_LIST_REJECTED' });
    expect(String(error)).toContain(`token list ${base}/l: ${message}`);
    expect(await fetches('rejected')).toBe(1);
    expect(requests).toHaveLength(1);
  });

  test('what is not JSON is rejected', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
    await expect(lists.get(base, 1)).rejects.toThrow(`token list ${base}/: is not JSON`);
  });

  test('ten thousand entries are, one more is not', async () => {
    const many = (count: number) =>
      list(...Array.from({ length: count }, (_, i) => token(`0x${i.toString(16).padStart(40, '0')}`)));
    handler = answer(many(10_000));
    expect(await lists.get(`${base}/1`, 1)).toHaveLength(10_000);
    handler = answer(many(10_001));
    await expect(lists.get(`${base}/2`, 1)).rejects.toThrow('tokens: expected at most 10000 tokens');
  });

  test('a bomb is counted as it unfolds: 100 MB out of 100 KB are not read to the end', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '), { level: 9 });
    expect(bomb.length).toBeLessThan(200_000);
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    await expect(lists.get(base, 1)).rejects.toMatchObject({
      code: 'TOKEN_LIST_REJECTED',
      message: `token list ${base}/: is larger than 10485760 bytes`,
    });
    expect(requests).toHaveLength(1);
  });

  test('an answer without end is cut off at the limit', async () => {
    let cut = false;
    handler = (_, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour).on('close', () => {
        cut = true;
      });
      pour();
    };
    await expect(lists.get(base, 1)).rejects.toMatchObject({ code: 'TOKEN_LIST_REJECTED' });
    await expect.poll(() => cut).toBe(true);
  });
});
