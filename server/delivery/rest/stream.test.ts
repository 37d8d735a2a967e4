import { EventSource } from 'eventsource';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsOf } from '../../test/events.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { blockAt, ScriptedService, type ScriptedStream, SOMEONE, updateOf } from '../../test/service.ts';
import type { Allowance } from '../../watch/update.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const DAI = '0x6b175474e89094c44da98b954eedeac495271d0f';
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
const SESSION = { chainId: 1, owner: OWNER } as const;

let service: ScriptedService;
let server: TestServer;
const sources: EventSource[] = [];

beforeEach(async () => {
  service = new ScriptedService();
  server = await serveHttp(service, { sseHeartbeatMs: 20 });
  await createSession();
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.close();
  await server[Symbol.asyncDispose]();
});

const createSession = (clientId: string | null = null) =>
  service.sessions.create({ ...SESSION, clientId, tokensListsUrls: [], customTokens: [DAI] }, SOMEONE);
const path = () => `${server.url}/sse/1/balances/${OWNER}`;

/** What an application would see: every update and error, in order. */
function listen(url = path()) {
  const source = new EventSource(url);
  sources.push(source);
  const updates: { id: string; balances: Record<string, string> }[] = [];
  const errors: unknown[] = [];
  source.addEventListener('balance_update', ({ data, lastEventId }) =>
    updates.push({ id: lastEventId, ...JSON.parse(data) }),
  );
  source.addEventListener('error', (event) => {
    if ('data' in event) errors.push(JSON.parse(String(event.data)));
  });
  return { source, updates, errors };
}

/** The service's end of the newest stream. */
async function stream(): Promise<ScriptedStream> {
  await expect.poll(() => service.streams.size, { timeout: 5000 }).toBeGreaterThan(0);
  const newest = [...service.streams].at(-1);
  if (!newest) throw new Error('no stream');
  return newest;
}

const snapshot = (cursor: string, amounts: Record<`0x${string}`, bigint | null>) =>
  updateOf(SESSION, cursor, amounts, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });

test('first the whole, zeros included, then what changed', async () => {
  const { updates } = listen();
  (await stream()).push(
    snapshot('c1', { [DAI]: 0n, [USDC]: 10n ** 24n }),
    updateOf(SESSION, 'c2', { [DAI]: 5n }),
  );
  await expect.poll(() => updates).toHaveLength(2);
  expect(updates).toEqual([
    { id: 'c1', balances: { [DAI]: '0', [USDC]: `1${'0'.repeat(24)}` } },
    { id: 'c2', balances: { [DAI]: '5' } },
  ]);
});

test('on the wire', async () => {
  const response = await fetch(path());
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  const events = eventsOf(response);
  expect((await events.next()).value).toEqual({ retry: '1000', comment: 'ping' });
  // Nobody has said anything yet: heartbeats.
  expect((await events.next()).value).toEqual({ comment: 'ping' });
  expect((await events.next()).value).toEqual({ comment: 'ping' });
  (await stream()).push(snapshot('c1', { [DAI]: 7n }));
  for await (const event of events) {
    if (event.comment !== undefined) continue;
    expect(event).toEqual({
      id: 'c1',
      event: 'balance_update',
      data: `{"balances":{"${DAI}":"7"}}`,
    });
    break;
  }
});

test('a snapshot is sent though it is empty; a diff with nothing to say is not, but its cursor is covered', async () => {
  const { updates } = listen();
  (await stream()).push(
    snapshot('c1', { [DAI]: null }),
    updateOf(SESSION, 'c2', { [DAI]: null }),
    updateOf(SESSION, 'c3', {}, { removed: [DAI], cause: 'SESSION_CHANGED' }),
    updateOf(SESSION, 'c4', { [USDC]: 1n, [DAI]: null }, { removed: [DAI] }),
  );
  await expect.poll(() => updates).toHaveLength(2);
  expect(updates).toEqual([
    { id: 'c1', balances: {} },
    { id: 'c4', balances: { [USDC]: '1' } },
  ]);
});

test('allowances are none of its business: an update of nothing else says nothing', async () => {
  await service.sessions.create(
    { ...SESSION, clientId: null, tokensListsUrls: [], customTokens: [DAI], spenders: [USDC] },
    SOMEONE,
  );
  const allowances: Allowance[] = [
    {
      owner: OWNER,
      token: DAI,
      spender: USDC,
      amount: 5n,
      previousAmount: null,
      transactions: [],
      block: blockAt(7),
    },
  ];
  const { updates } = listen();
  (await stream()).push(
    { ...snapshot('c1', { [DAI]: 1n }), allowances },
    updateOf(SESSION, 'c2', {}, { allowances }),
    updateOf(SESSION, 'c3', { [DAI]: 2n }, { allowances }),
  );
  await expect.poll(() => updates).toHaveLength(2);
  expect(updates).toEqual([
    { id: 'c1', balances: { [DAI]: '1' } },
    { id: 'c3', balances: { [DAI]: '2' } },
  ]);
});

test('an EventSource that was cut off resumes from its last event', async () => {
  const { updates } = listen();
  const first = await stream();
  first.push(snapshot('c1', { [DAI]: 1n }));
  await expect.poll(() => updates).toHaveLength(1);
  service.streams.clear();
  first.end();
  const second = await stream();
  expect([first.after, second.after]).toEqual([undefined, 'c1']);
});

test('the cursor may come by query, and the client id with it', async () => {
  await createSession(CLIENT);
  listen(`${path()}?client_id=${CLIENT}&last_event_id=c7`);
  expect(await stream()).toMatchObject({ after: 'c7', of: { clientId: CLIENT } });
});

test('without a session there is no stream', async () => {
  service.restart();
  const { source } = listen();
  await expect.poll(() => source.readyState).toBe(EventSource.CLOSED);
  expect(service.streams.size).toBe(0);
});

test('a HEAD says what a GET would, and opens nothing', async () => {
  const head = await fetch(path(), { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  expect((await fetch(`${path()}?client_id=${CLIENT}`, { method: 'HEAD' })).status).toBe(404);
  expect(service.streams.size).toBe(0);
});

const ofThisDoor = <T extends { labels: { door?: string | number } }>(values: readonly T[]) =>
  values.filter(({ labels }) => labels.door === 'rest');

test('a client that goes is let go at once, though nothing is happening', async () => {
  const open = async () => ofThisDoor((await server.metrics.streams.get()).values);
  const { source } = listen();
  const { signal } = await stream();
  await expect.poll(open).toEqual([{ labels: { door: 'rest' }, value: 1 }]);
  source.close();
  await expect.poll(() => signal.aborted).toBe(true);
  await expect.poll(open).toEqual([{ labels: { door: 'rest' }, value: 0 }]);
  expect(server.logged).toEqual([]);
});

test('how long it took from the block to the client is measured, where a block was the cause', async () => {
  const { updates } = listen();
  (await stream()).push(
    snapshot('c1', { [DAI]: 1n }),
    updateOf(SESSION, 'c2', { [DAI]: 2n }, { announcedAtMs: performance.now() - 40 }),
  );
  await expect.poll(() => updates).toHaveLength(2);
  const values = ofThisDoor((await server.metrics.blockToSend.get()).values);
  const value = (name: string) => values.find(({ metricName }) => metricName?.endsWith(name))?.value;
  expect(value('_count')).toBe(1);
  expect(value('_sum')).toBeGreaterThanOrEqual(0.04);
});

test('a stream that cannot go on says so, without saying why', async () => {
  const { errors } = listen();
  (await stream()).end(new TypeError('secret'));
  await expect.poll(() => errors).toEqual([{ code: 500, message: 'Internal server error' }]);
  expect(server.logged).toContain('a stream cannot go on');
});

test('when the service stops, the stream just ends', async () => {
  const response = await fetch(path());
  (await stream()).push(snapshot('c1', { [DAI]: 1n }));
  (await stream()).end();
  const events = [];
  for await (const event of eventsOf(response)) if (event.event) events.push(event.event);
  expect(events).toEqual(['balance_update']);
});

test('a client that reads nothing is not written to without end', async () => {
  const response = await fetch(path());
  const slow = await stream();
  const balances = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`0x${i.toString(16).padStart(40, '0')}`, 10n ** 18n]),
  );
  const sent = async () => ofThisDoor((await server.metrics.updatesSent.get()).values)[0]?.value ?? 0;
  const total = 400;
  for (let i = 0; i < total; i++) slow.push(updateOf(SESSION, `c${i}`, balances));
  await expect.poll(sent).toBeGreaterThan(1);
  // It stops where the socket's buffers are full, and stays there.
  let before = -1;
  await expect
    .poll(async () => {
      const last = before;
      before = await sent();
      return before === last;
    })
    .toBe(true);
  expect(slow.backlog).toBeGreaterThan(total / 4);
  await response.body?.cancel();
  await expect.poll(() => slow.signal.aborted).toBe(true);
});
