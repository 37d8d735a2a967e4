import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveHttp, type TestServer } from '../server/test/http.ts';
import { blockAt, ScriptedService, type ScriptedStream } from '../server/test/service.ts';
import type { ChainUpdate } from '../server/watch/service.ts';
import { type ChainState, mergeUnreadChain, type Reorg } from './chain.ts';
import { type BalancesClient, createBalancesClient } from './index.ts';

type Source = ScriptedStream<number, ChainUpdate>;

let service: ScriptedService;
let server: TestServer;
let client: BalancesClient;

beforeEach(async () => {
  service = new ScriptedService();
  server = await serveHttp(service);
  client = createBalancesClient({ url: server.url });
});

afterEach(async () => {
  client.dispose();
  await server[Symbol.asyncDispose]();
});

/** The service's end of the newest stream, once one has been opened that was not there before. */
async function stream(before?: Source): Promise<Source> {
  return vi.waitFor(
    () => {
      const newest = [...service.chainStreams].at(-1);
      if (!newest || newest === before) throw new Error('no new stream');
      return newest;
    },
    { timeout: 10_000 },
  );
}

function update(head: number, rest: Partial<ChainUpdate> = {}): ChainUpdate {
  return { chainId: 1, head: blockAt(head), safe: null, finalized: null, reorg: null, ...rest };
}

function block(number: number) {
  const { hash } = blockAt(number);
  return { number: BigInt(number), hash, timestamp: '2023-11-14T22:13:20.000Z' };
}

test('a chain as it grows, exact and typed', async () => {
  const states = client.watchChain(1);
  const first = states.next();
  const source = await stream();
  source.push(update(7, { safe: blockAt(5), finalized: blockAt(3) }));
  expect((await first).value).toEqual({
    chainId: 1,
    head: block(7),
    safe: block(5),
    finalized: block(3),
    reorg: null,
  });
  source.push(update(8, { reorg: { depth: 2, from: blockAt(7), to: blockAt(8) } }));
  expect((await states.next()).value).toEqual({
    chainId: 1,
    head: block(8),
    safe: null,
    finalized: null,
    reorg: { depth: 2, from: block(7), to: block(8) },
  });
});

test('when the server goes away the chain is followed again', async () => {
  const states = client.watchChain(1);
  const first = states.next();
  const source = await stream();
  source.push(update(7));
  await first;
  source.end();
  const next = states.next();
  (await stream(source)).push(update(9));
  expect((await next).value?.head.number).toBe(9n);
});

test('what trying again cannot mend is thrown, and a reader that leaves closes its stream', async () => {
  await expect(client.watchChain(5).next()).rejects.toMatchObject({ code: 'CHAIN_NOT_SERVED' });
  const control = new AbortController();
  const states = client.watchChain(1, { signal: control.signal });
  const first = states.next();
  await stream();
  control.abort();
  expect((await first).done).toBe(true);
  await vi.waitFor(() => expect(service.chainStreams.size).toBe(0));
});

function state(head: number, reorg: Reorg | null = null): ChainState {
  return { chainId: 1, head: block(head), safe: null, finalized: null, reorg };
}

const reorg = (from: number, depth: number, to: number): Reorg => ({
  depth,
  from: block(from),
  to: block(to),
});

test.each<[what: string, older: ChainState, newer: ChainState, merged: ChainState]>([
  ['the newer one', state(7), state(8), state(8)],
  ['the reorganisation before it', state(7, reorg(6, 1, 7)), state(8), state(8, reorg(6, 1, 7))],
  ['the reorganisation after it', state(7), state(7, reorg(7, 3, 7)), state(7, reorg(7, 3, 7))],
  [
    'both, as deep as the deeper',
    state(98, reorg(100, 3, 98)),
    state(99, reorg(98, 2, 99)),
    state(99, reorg(100, 4, 99)),
  ],
  [
    'both, the later one wholly above the other',
    state(100, reorg(100, 1, 100)),
    state(200, reorg(200, 5, 200)),
    state(200, reorg(100, 1, 200)),
  ],
])('of two states that were not read: %s', (_, older, newer, merged) => {
  expect(mergeUnreadChain(older, newer)).toEqual(merged);
});
