import { get } from 'node:http';
import { EventSource } from 'eventsource';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Address } from '../../chain/types.ts';
import { eventsOf, type WireEvent } from '../../test/events.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { ScriptedService, type ScriptedStream, SOMEONE, updateOf } from '../../test/service.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const KEY = { chainId: 1, owner: OWNER, clientId: null };
const SUBSCRIPTION = `subscription ($after: String) {
  balances(chainId: 1, owner: "${OWNER}", after: $after) { kind balances { amount } }
}`;

let service: ScriptedService;
let server: TestServer;

beforeEach(async () => {
  service = new ScriptedService();
  await service.sessions.create({ ...KEY, tokensListsUrls: [], customTokens: [USDC] }, SOMEONE);
  server = await serveHttp(service, { sseHeartbeatMs: 60_000 });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function ask(
  query: string,
  { variables, headers, signal }: { variables?: object; headers?: object; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
}

/** Without what every stream opens with. */
async function* messagesOf(response: Response): AsyncGenerator<WireEvent> {
  for await (const event of eventsOf(response)) if (event.event !== undefined) yield event;
}

async function opened(nth = 1): Promise<ScriptedStream> {
  return vi.waitFor(() => {
    const stream = [...service.streams][nth - 1];
    if (!stream) throw new Error('no stream yet');
    return stream;
  });
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const data = (event: WireEvent | undefined) => JSON.parse(event?.data ?? 'null');

test('a subscription: at once a sign of life, then updates whose ids are their cursors', async () => {
  const response = await ask(SUBSCRIPTION);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  const events = eventsOf(response);
  expect((await events.next()).value).toEqual({ retry: '1000', comment: 'ping' });

  const stream = await opened();
  stream.push(
    updateOf(KEY, 'cursor-1', { [USDC]: 1n }, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' }),
    updateOf(KEY, 'cursor-2', { [USDC]: 2n }),
  );
  expect((await events.next()).value).toEqual({
    id: 'cursor-1',
    event: 'next',
    data: '{"data":{"balances":{"kind":"SNAPSHOT","balances":[{"amount":"1"}]}}}',
  });
  expect((await events.next()).value).toMatchObject({ id: 'cursor-2', event: 'next' });
  await events.return(undefined);
});

test('when the service stops, the stream ends without `complete`, so that clients reconnect', async () => {
  const messages = messagesOf(await ask(SUBSCRIPTION));
  const stream = await opened();
  stream.push(updateOf(KEY, 'cursor-1', { [USDC]: 1n }));
  stream.end();
  expect(await allOf(messages)).toEqual([expect.objectContaining({ event: 'next', id: 'cursor-1' })]);
});

test('a query or a mutation is one `next` and `complete`', async () => {
  const query = await allOf(messagesOf(await ask('{ chains { id } }')));
  expect(query).toEqual([
    { event: 'next', data: '{"data":{"chains":[{"id":1}]}}' },
    { event: 'complete', data: '' },
  ]);
  const mutation = await allOf(
    messagesOf(
      await ask(
        `mutation { createSession(input: { chainId: 1, owner: "${OWNER}", customTokens: ["native"] }) { chainId } }`,
      ),
    ),
  );
  expect(mutation.map(({ event }) => event)).toEqual(['next', 'complete']);
});

test.each([
  [
    'no session',
    SUBSCRIPTION.replace('chainId: 1', 'chainId: 1, clientId: "00000000-0000-4000-8000-000000000000"'),
    'SESSION_NOT_FOUND',
  ],
  ['a chain not served', SUBSCRIPTION.replace('chainId: 1', 'chainId: 5'), 'CHAIN_NOT_SERVED'],
  [
    'a client id that is no UUID',
    SUBSCRIPTION.replace('chainId: 1', 'chainId: 1, clientId: "me"'),
    'BAD_USER_INPUT',
  ],
  ['a field that is not there', 'subscription { nope }', 'BAD_USER_INPUT'],
  [
    'a variable that is missing',
    'query ($id: Int!) { session(chainId: $id, owner: "native") { chainId } }',
    'BAD_USER_INPUT',
  ],
  [
    'a field that fails',
    `{ balance(owner: "${OWNER}", token: "native") { amount } }`,
    'UPSTREAM_UNAVAILABLE',
  ],
])('an error of the operation (%s) is one `next` and `complete`, with status 200', async (_, query, code) => {
  const response = await ask(query);
  expect(response.status).toBe(200);
  const messages = await allOf(messagesOf(response));
  expect(messages.map(({ event }) => event)).toEqual(['next', 'complete']);
  expect(data(messages[0]).errors[0].extensions).toEqual({ code });
});

test('a request that is no operation is answered by HTTP', async () => {
  const post = (body: string) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body,
    });
  for (const body of [
    '{',
    '{}',
    '{"query":7}',
    '{"query":"{"}',
    '{"query":"query A { chains { id } }","operationName":"B"}',
  ]) {
    const response = await post(body);
    expect(response.status, body).toBe(400);
    expect(data({ data: await response.text() }).errors[0].extensions.code, body).toBe('BAD_USER_INPUT');
  }
  const query = encodeURIComponent('mutation { createSession(input: {}) { chainId } }');
  const overGet = await fetch(`${server.url}/graphql?query=${query}`, {
    headers: { accept: 'text/event-stream' },
  });
  expect(overGet.status).toBe(405);
  expect(overGet.headers.get('allow')).toBe('POST');
});

test('a source that fails is told, masked, and completed', async () => {
  const messages = messagesOf(await ask(SUBSCRIPTION));
  const stream = await opened();
  stream.push(updateOf(KEY, 'cursor-1', { [USDC]: 1n }));
  stream.end(new Error('secret of the house'));
  const [first, second, third, ...rest] = await allOf(messages);
  expect(first).toMatchObject({ event: 'next', id: 'cursor-1' });
  expect(data(second)).toEqual({
    errors: [
      expect.objectContaining({
        message: 'Unexpected error.',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      }),
    ],
  });
  expect(second).not.toHaveProperty('id');
  expect(third).toEqual({ event: 'complete', data: '' });
  expect(rest).toEqual([]);
  expect(server.logged).toHaveLength(2);
});

test('a client that goes ends its stream, though nothing was to be sent', async () => {
  const gone = new AbortController();
  const response = await ask(SUBSCRIPTION, { signal: gone.signal });
  const stream = await opened();
  expect(stream.signal.aborted).toBe(false);
  gone.abort();
  await vi.waitFor(() => expect(stream.signal.aborted).toBe(true));
  expect(service.streams.size).toBe(0);
  await expect(allOf(eventsOf(response))).rejects.toThrow();
  expect(server.logged).toEqual([]);
});

test('`after` resumes, and so does `Last-Event-ID` where there is none', async () => {
  const open = async (nth: number, options: object) => {
    await ask(SUBSCRIPTION, options);
    return (await opened(nth)).after;
  };
  expect(await open(1, {})).toBeUndefined();
  expect(await open(2, { variables: { after: 'a' } })).toBe('a');
  expect(await open(3, { headers: { 'last-event-id': 'b' } })).toBe('b');
  expect(await open(4, { variables: { after: 'a' }, headers: { 'last-event-id': 'b' } })).toBe('a');
});

test('comments are sent while nothing happens', async () => {
  await using beating = await serveHttp(service, { sseHeartbeatMs: 5 });
  const response = await fetch(`${beating.url}/graphql?query=${encodeURIComponent(SUBSCRIPTION)}`, {
    headers: { accept: 'text/event-stream' },
  });
  const events = eventsOf(response);
  await events.next();
  expect((await events.next()).value).toEqual({ comment: 'ping' });
  expect((await events.next()).value).toEqual({ comment: 'ping' });
  (await opened()).push(updateOf(KEY, 'cursor-1', { [USDC]: 1n }));
  for await (const { event } of events) if (event === 'next') break;
});

test('what a stalled reader does not take stays where it is, and costs no one else', async () => {
  const request = get(`${server.url}/graphql?query=${encodeURIComponent(SUBSCRIPTION)}`, {
    headers: { accept: 'text/event-stream' },
  });
  request.on('response', (response) => response.pause()).on('error', () => {});
  const stalled = await opened(1);
  const healthy = messagesOf(await ask(SUBSCRIPTION));
  const stream = await opened(2);

  const tokens = Array.from({ length: 500 }, (_, i) => `0x${i.toString(16).padStart(40, '0')}` as Address);
  const large = Object.fromEntries(tokens.map((token) => [token, 2n ** 255n]));
  const updates = Array.from({ length: 1000 }, (_, i) => updateOf(KEY, `stalled-${i}`, large));
  stalled.push(...updates);
  for (let i = 0; i < 50; i++) {
    stream.push(updateOf(KEY, `cursor-${i}`, { [USDC]: BigInt(i) }));
    expect((await healthy.next()).value).toMatchObject({ id: `cursor-${i}` });
  }
  expect(stalled.backlog).toBeGreaterThan(0);
  request.destroy();
  await vi.waitFor(() => expect(stalled.signal.aborted).toBe(true));
  await healthy.return(undefined);
});

test('who accepts anything gets a stream; who wants JSON alone cannot have one', async () => {
  const any = await ask(SUBSCRIPTION, { headers: { accept: '*/*' } });
  expect(any.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const json = await ask(SUBSCRIPTION, { headers: { accept: 'application/json' } });
  expect(json.status).toBe(406);
  const both = await ask('{ chains { id } }', { headers: { accept: 'application/json, text/event-stream' } });
  expect(both.headers.get('content-type')).toBe('application/json; charset=utf-8');
  await any.body?.cancel();
});

test("a browser's EventSource resumes by itself after a restart", async () => {
  const source = new EventSource(`${server.url}/graphql?query=${encodeURIComponent(SUBSCRIPTION)}`);
  try {
    const first = await opened();
    first.push(updateOf(KEY, 'cursor-1', { [USDC]: 1n }));
    const message = await new Promise<MessageEvent>((resolve) => {
      source.addEventListener('next', resolve, { once: true });
    });
    expect(message.lastEventId).toBe('cursor-1');
    expect(JSON.parse(message.data).data.balances.balances).toEqual([{ amount: '1' }]);
    first.end();
    await vi.waitFor(() => expect([...service.streams].at(-1)?.after).toBe('cursor-1'), { timeout: 10_000 });
  } finally {
    source.close();
  }
}, 20_000);
