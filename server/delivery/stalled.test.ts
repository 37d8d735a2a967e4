import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Address } from '../chain/types.ts';
import { eventually } from '../test/app.ts';
import { serveHttp, type TestServer } from '../test/http.ts';
import { getRequest, postRequest, RawClient } from '../test/raw.ts';
import { ScriptedService, type ScriptedStream, SOMEONE, updateOf } from '../test/service.ts';
import { type Laggard, toDrop } from './stalled.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const KEY = { chainId: 1, owner: OWNER, clientId: null } as const;
const MB = 1024 * 1024;
const REST = getRequest(`/sse/1/balances/${OWNER}`);
const GRAPHQL = postRequest(
  '/graphql',
  { query: `subscription { balances(chainId: 1, owner: "${OWNER}") { cursor balances { amount } } }` },
  { accept: 'text/event-stream' },
);

/** More than two kernels hold between them for one connection. */
const BIG_MB = 8;
const BIG = updateOf(
  KEY,
  'big',
  Object.fromEntries(
    Array.from({ length: BIG_MB * 128 }, (_, index) => [
      `0x${index.toString(16).padStart(40, '0')}`,
      10n ** 8192n + BigInt(index),
    ]),
  ),
);

let service: ScriptedService;
let server: TestServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

/** Where it is. */
async function open(...settings: [Parameters<typeof serveHttp>[1]?, Parameters<typeof serveHttp>[2]?]) {
  service = new ScriptedService();
  server = await serveHttp(service, ...settings);
  await service.sessions.create({ ...KEY, tokensListsUrls: [], customTokens: [] }, SOMEONE);
  return server.url;
}

/** The service's ends of that many streams. */
const streams = (count: number): Promise<ScriptedStream[]> =>
  eventually(() => {
    expect(service.streams.size).toBe(count);
    return [...service.streams];
  });

const dropped = async () => {
  const counted = await server?.metrics.stalledClients.get();
  const drops = (counted?.values ?? []).filter(({ value }) => value > 0);
  return Object.fromEntries(drops.map(({ labels, value }) => [labels.door, value]));
};

describe('who goes', () => {
  const limits = { timeoutMs: 30_000, budgetBytes: 100, stillMs: 1000 };
  const one = (bytes: number, stillMs: number, isQueued = false): Laggard => ({ bytes, stillMs, isQueued });
  test.each<[string, Laggard[], number[]]>([
    ['nobody, while all drain and fit', [one(40, 0), one(60, 29_999)], []],
    [
      'who has drained nothing for the timeout, however little it holds',
      [one(1, 30_000), one(99, 29_999)],
      [0],
    ],
    ['at the budget nobody', [one(100, 29_000)], []],
    ['past it who holds the most', [one(30, 5000), one(50, 5000), one(21, 5000)], [1]],
    ['until what is left fits', [one(90, 5000), one(95, 5000), one(100, 5000)], [2, 1]],
    ['those that drain nothing before those that hold more and drain', [one(90, 0), one(20, 1000)], [1]],
    ['and these too, where there is nobody else to go', [one(90, 0), one(101, 0)], [1]],
    ['of what is too much, what waits behind another answer first', [one(60, 0), one(50, 0, true)], [1]],
    ['what those free that go by the timeout counts', [one(90, 30_000), one(90, 5000)], [0]],
  ])('%s', (_, laggards, expected) => {
    expect(toDrop(laggards, limits)).toEqual(expected.map((index) => laggards[index]));
  });
});

describe('a client that stops reading', () => {
  test('is dropped after the timeout, whatever its door, and counted; others are served on', async () => {
    const url = await open({ stalledClientTimeoutMs: 300 });
    using rest = new RawClient(url, REST);
    using graphql = new RawClient(url, GRAPHQL);
    using healthy = new RawClient(url, REST).read();
    for (const stream of await streams(3)) stream.push(BIG);
    await eventually(async () => expect(await dropped()).toEqual({ rest: 1, graphql: 1 }));
    // Their streams are gone with them.
    const [left] = await streams(1);
    left?.push(updateOf(KEY, 'after', { [OWNER]: 7n }));
    await eventually(() => expect(healthy.text).toContain('id: after'));
    for (const client of [rest, graphql]) await client.read().closed;
  });

  test('though it goes on sending', async () => {
    const url = await open({ stalledClientTimeoutMs: 300 });
    using client = new RawClient(url, REST);
    const [stream] = await streams(1);
    stream?.push(BIG);
    client.send('GET /livez HTTP/1.1\r\nX-Long: ');
    const sending = setInterval(() => client.send('x'), 20);
    await eventually(async () => expect(await dropped()).toEqual({ rest: 1 }));
    clearInterval(sending);
  });

  test('is dropped though it asks and asks, and reads no answer', async () => {
    const url = await open({ stalledClientTimeoutMs: 300 });
    using client = new RawClient(url);
    const asking = setInterval(() => client.send(getRequest('/openapi.json').repeat(100)), 20);
    await eventually(async () => expect(await dropped()).toEqual({ page: 1 }));
    clearInterval(asking);
  });
});

describe('a client stays', () => {
  test('that reads slowly, though no event is through for many a timeout', async () => {
    const url = await open({ stalledClientTimeoutMs: 1500 });
    using client = new RawClient(url, REST);
    const [stream] = await streams(1);
    stream?.push(BIG);
    let read = 0;
    // Slower than the kernel's buffer frees the third of itself that it asks for before it takes more.
    while (read < 2 * MB && !client.isClosed) {
      const bytes: Buffer | null = client.socket.read(Math.min(client.socket.readableLength, 16_384));
      read += bytes?.length ?? 0;
      await sleep(25);
    }
    expect(await dropped()).toEqual({});
    expect(client.isClosed).toBe(false);
    await eventually(() => {
      while (client.socket.read() !== null);
      expect(stream?.backlog).toBe(0);
    });
  });

  test('that is told nothing for longer, or asks nothing', async () => {
    const url = await open({ stalledClientTimeoutMs: 100, sseHeartbeatMs: 60_000 });
    using quiet = new RawClient(url, REST).read();
    using idle = new RawClient(url, getRequest('/livez')).read();
    using stalled = new RawClient(url, REST);
    const [stream, other] = await streams(2);
    other?.push(BIG);
    // By when one has been dropped, the others have been there for as long.
    await eventually(async () => expect(await dropped()).toEqual({ rest: 1 }));
    stream?.push(updateOf(KEY, 'after', { [OWNER]: 7n }));
    await eventually(() => expect(quiet.text).toContain('id: after'));
    idle.send(getRequest('/livez'));
    await eventually(() => expect(idle.text.match(/"status":"ok"/g)).toHaveLength(2));
    expect(stalled.isClosed).toBe(false);
  });
});

describe('the budget of what is unsent', () => {
  test('past it those go that hold the most, until it is kept; no one else does', async () => {
    const budget = 30 * MB;
    const url = await open({ stalledClientTimeoutMs: 60_000 }, { limits: { unsentBytes: budget } });
    const clients = Array.from({ length: 6 }, () => new RawClient(url, REST));
    using small = new RawClient(url, REST).read();
    const all = await streams(7);
    for (const stream of all.slice(0, 6)) stream.push(BIG);
    // Six times eight, of which the kernel has taken what it takes: three are what fits.
    await eventually(async () => expect(await dropped()).toEqual({ rest: 3 }));
    await streams(4);
    all[6]?.push(updateOf(KEY, 'after', { [OWNER]: 7n }));
    await eventually(() => expect(small.text).toContain('id: after'));
    expect(await dropped()).toEqual({ rest: 3 });
    // One more, and one has to go; what fits stays.
    using late = new RawClient(url, REST);
    (await streams(5))[4]?.push(BIG);
    await eventually(async () => expect(await dropped()).toEqual({ rest: 4 }));
    await streams(4);
    for (const client of [...clients, late]) client.socket.destroy();
  });
});
