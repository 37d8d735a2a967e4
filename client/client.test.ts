import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveHttp, type TestServer } from '../server/test/http.ts';
import { blockAt, ScriptedService, type ScriptedStream, updateOf } from '../server/test/service.ts';
import {
  type Address,
  type BalancesClient,
  type BalancesClientOptions,
  BalancesError,
  type BalancesState,
  createBalancesClient,
  type WatchOptions,
} from './index.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const DAI: Address = '0x6b175474e89094c44da98b954eedeac495271d0f';
const SPENDER: Address = '0x9008d19f58aabd9ed0d60971565aa8510560ab41';
const CLIENT = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const KEY = { chainId: 1, owner: OWNER };

let service: ScriptedService;
let server: TestServer;
const clients: BalancesClient[] = [];

beforeEach(async () => {
  service = new ScriptedService();
  server = await serveHttp(service);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.dispose();
  await server[Symbol.asyncDispose]();
});

function connect(options: Partial<BalancesClientOptions> = {}): BalancesClient {
  const client = createBalancesClient({ url: server.url, ...options });
  clients.push(client);
  return client;
}

/** What a watch tells, read at a reader's own pace. */
function statesOf(client: BalancesClient, options: Partial<WatchOptions> = {}): AsyncIterator<BalancesState> {
  return client.watchBalances({ ...KEY, customTokens: [USDC], ...options })[Symbol.asyncIterator]();
}

/** The service's end of the newest stream, once one has been opened that was not there before. */
async function stream(before?: ScriptedStream): Promise<ScriptedStream> {
  return vi.waitFor(
    () => {
      const newest = [...service.streams].at(-1);
      if (!newest || newest === before) throw new Error('no new stream');
      return newest;
    },
    { timeout: 10_000 },
  );
}

/** With the native coin, which always is watched. */
const snapshot = (cursor: string, amounts: Record<Address, bigint | null>) =>
  updateOf(KEY, cursor, { [NATIVE]: 0n, ...amounts }, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });
const diff = (cursor: string, amounts: Record<Address, bigint | null>, removed: Address[] = []) =>
  updateOf(KEY, cursor, amounts, { removed });

const allowance = (amount: bigint) => ({
  owner: OWNER,
  token: USDC,
  spender: SPENDER,
  amount,
  previousAmount: null,
  transactions: [],
  block: blockAt(7),
});

/** The next state in which something is new; others say how things stand with the connection. */
async function read(states: AsyncIterator<BalancesState>): Promise<BalancesState> {
  for (;;) {
    const { value } = await states.next();
    if (!value) throw new Error('the states ended');
    if (value.changes.length > 0 || value.changedAllowances.length > 0) return value;
  }
}

test('a balance, exact and typed', async () => {
  service.amounts.set(USDC, 2n ** 200n);
  service.metadata.set(USDC, { symbol: 'USDC', name: 'USD Coin', decimals: 6, logoURI: null });
  const balance = await connect().balance({ owner: OWNER, token: USDC });
  expect(balance.amount).toBe(2n ** 200n);
  expect(balance.token).toMatchObject({
    symbol: 'USDC',
    address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
  });
  expect(balance.block.number).toBe(7n);
});

test('sessions, with the client id of the client', async () => {
  const client = connect({ clientId: CLIENT });
  await expect(client.updateSession({ ...KEY, customTokens: [USDC] })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  const session = await client.createSession({ ...KEY, customTokens: [USDC] });
  expect(session).toMatchObject({ chainId: 1, clientId: CLIENT });
  expect(await client.updateSession({ ...KEY, customTokens: [DAI] })).not.toHaveProperty(
    'tokens',
    session.tokens,
  );
});

test('what is refused carries its code', async () => {
  const client = connect();
  const refused = client.balance({ owner: OWNER, token: USDC, chainId: 5 });
  await expect(refused).rejects.toBeInstanceOf(BalancesError);
  await expect(refused).rejects.toMatchObject({ code: 'CHAIN_NOT_SERVED', retryable: false });
  await expect(client.balance({ owner: OWNER, token: USDC })).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    retryable: true,
  });
  await expect(client.createSession(KEY)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('of a server that is not there it is said why it could not be reached', async () => {
  const gone = await serveHttp(new ScriptedService());
  await gone[Symbol.asyncDispose]();
  await expect(connect({ url: gone.url }).balance({ owner: OWNER, token: USDC })).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('an address that is none fails at once, as one of a misspelt variable is', async () => {
  const watch = connect({ url: `${process.env.NO_SUCH_VARIABLE}` }).watchBalances(KEY);
  await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: "url: 'undefined' is no address of a server",
  });
});

test.each(['', '/', '/graphql', '/graphql/'])(
  'the server is found by its URL with %o behind it',
  async (path) => {
    service.amounts.set(USDC, 1n);
    const client = connect({ url: server.url + path });
    expect((await client.balance({ owner: OWNER, token: USDC })).amount).toBe(1n);
  },
);

test('who names no wallet, where types are not heeded, is told so', async () => {
  const states = connect()
    .watchBalances({ chainId: 1 } as WatchOptions)
    [Symbol.asyncIterator]();
  await expect(states.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('headers go with every request, asked for anew each time', async () => {
  const sent: (string | null)[] = [];
  let token = 0;
  const client = connect({
    headers: () => ({ authorization: `Bearer ${++token}` }),
    fetch: (input, init) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      return fetch(input, init);
    },
  });
  void statesOf(client).next();
  await stream();
  expect(new Set(sent).size).toBe(sent.length);
  expect(sent).toContain('Bearer 1');
});

test('an update that was spoilt on its way is asked for again', async () => {
  const spoil: typeof fetch = async (input, init) => {
    const { body, ...rest } = await fetch(input, init);
    const spoilt = new TransformStream<string, string>({
      transform: (text, to) => to.enqueue(text.replace('"amount":"5"', '"amount":"5\ufffd"')),
    });
    const text = body?.pipeThrough(new TextDecoderStream()).pipeThrough(spoilt);
    return new Response(text?.pipeThrough(new TextEncoderStream()) ?? null, rest);
  };
  const states = statesOf(connect({ fetch: spoil }));
  const first = stream();
  const reading = read(states);
  (await first).push(snapshot('cursor-1', { [USDC]: 1n }));
  await reading;
  (await first).push(diff('cursor-2', { [USDC]: 5n }));
  expect((await stream(await first)).after).toBe('cursor-1');
});

test('a wallet is watched: its session made, its balances folded', async () => {
  const states = statesOf(connect(), { customTokens: [USDC, DAI] });
  const first = read(states);
  const source = await stream();
  expect(source.of.tokens).toEqual(expect.arrayContaining([USDC, DAI]));
  source.push(snapshot('c1', { [USDC]: 0n, [DAI]: 5n }));
  expect((await first).balances.get(DAI)?.amount).toBe(5n);

  source.push(diff('c2', { [USDC]: 1n }));
  const second = await read(states);
  expect(second).toMatchObject({ kind: 'DIFF', cause: 'EVENT' });
  expect(second.changes).toMatchObject([{ previous: { amount: 0n }, now: { amount: 1n } }]);
  expect([...second.balances.keys()]).toEqual([NATIVE, USDC, DAI]);
});

test('nothing is opened before the first read', async () => {
  const client = connect({ clientId: CLIENT });
  client.watchBalances({ ...KEY, customTokens: [USDC] });
  service.amounts.set(USDC, 1n);
  await client.balance({ owner: OWNER, token: USDC });
  expect(service.streams.size).toBe(0);
  expect(await service.sessions.find({ ...KEY, clientId: CLIENT })).toBeUndefined();
});

test('after a drop it resumes from its cursor, and what it knew is still there', async () => {
  const states = statesOf(connect(), { customTokens: [USDC, DAI] });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n, [DAI]: 5n }));
  await first;
  source.push(diff('c2', { [USDC]: 2n }));
  await read(states);
  source.end();
  const resumed = await stream(source);
  expect(resumed.after).toBe('c2');
  resumed.push(diff('c3', { [USDC]: 3n }));
  const { balances } = await read(states);
  expect([balances.get(USDC)?.amount, balances.get(DAI)?.amount]).toEqual([3n, 5n]);
});

test('a stream that ends together with its last event is not waited on for ever', async () => {
  // As a proxy that buffers hands it on.
  const client = connect({
    async fetch(input, init) {
      const response = await fetch(input, init);
      return new Response(await response.text(), response);
    },
  });
  const states = statesOf(client);
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }), diff('c2', { [USDC]: 2n }), diff('c3', { [USDC]: 3n }));
  source.end();
  await first;
  const resumed = await stream(source);
  expect(resumed.after).toBe('c3');
});

test('a session that the server has lost is made again of all that is watched, and of what was named', async () => {
  const client = connect({ clientId: CLIENT });
  const states = statesOf(client);
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }));
  await first;
  await client.updateSession({ ...KEY, customTokens: [DAI] });
  service.restart();
  const resumed = await stream(source);
  expect(resumed.of.clientId).toBe(CLIENT);
  expect(new Set(resumed.of.tokens)).toEqual(new Set([NATIVE, USDC, DAI]));
  // Whoever has forgotten the session knows nothing of its cursors.
  expect(resumed.after).toBeUndefined();
  resumed.push(snapshot('d1', { [USDC]: 2n, [DAI]: 9n }));
  expect((await read(states)).balances.get(USDC)?.amount).toBe(2n);
});

test('who names no tokens is told of those of the session, as they are named', async () => {
  const client = connect({ clientId: CLIENT });
  await client.createSession({ ...KEY, customTokens: [USDC] });
  const states = statesOf(client, { customTokens: [] });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }));
  expect((await first).balances.get(USDC)?.amount).toBe(1n);
  await client.updateSession({ ...KEY, customTokens: [DAI] });
  await vi.waitFor(async () => {
    const session = await service.sessions.find({ ...KEY, clientId: CLIENT });
    expect(session?.tokens).not.toContain(USDC);
  });
  source.push(updateOf(KEY, 'c2', { [DAI]: 5n }, { cause: 'SESSION_CHANGED', removed: [USDC] }));
  let state = await read(states);
  while (!state.balances.has(DAI)) state = await read(states);
  expect([...state.balances.keys()]).toEqual([NATIVE, DAI]);
});

test('what others make of the session is not what is watched: it is made what it was', async () => {
  const client = connect({ clientId: CLIENT });
  const watch = client.watchBalances({ ...KEY, customTokens: [USDC] });
  const states: BalancesState[] = [];
  watch.subscribe((state) => states.push(state));
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }));
  await vi.waitFor(() => expect(watch.getSnapshot().status.state).toBe('live'));

  const other = connect({ clientId: CLIENT });
  await other.createSession({ ...KEY, customTokens: [DAI] });
  source.push(updateOf(KEY, 'c2', { [DAI]: 5n }, { cause: 'SESSION_CHANGED', removed: [USDC] }));
  const again = await stream(source);
  expect(again.of.tokens).toContain(USDC);
  expect(again.after).toBeUndefined();
  again.push(snapshot('c3', { [USDC]: 2n }));
  await vi.waitFor(() => expect(watch.getSnapshot().balances.get(USDC)?.amount).toBe(2n));
  expect(states.every(({ block, balances }) => !block || balances.has(USDC))).toBe(true);
});

test("a session's spenders: made with it, kept where they are not named, made again with it", async () => {
  const client = connect({ clientId: CLIENT });
  const states = statesOf(client, { spenders: [SPENDER] });
  const first = read(states);
  const source = await stream();
  expect(source.of.spenders).toEqual([SPENDER]);
  source.push({ ...snapshot('c1', { [USDC]: 1n }), allowances: [allowance(5n)] });
  expect((await first).allowances.get(USDC, SPENDER)?.amount).toBe(5n);
  source.push({ ...diff('c2', {}), allowances: [allowance(2n ** 256n - 1n)] });
  const { allowances, changes, changedAllowances } = await read(states);
  expect([...allowances].map(({ amount }) => amount)).toEqual([2n ** 256n - 1n]);
  expect({ changes, changedAllowances }).toEqual({
    changes: [],
    changedAllowances: [{ token: USDC, spender: SPENDER }],
  });

  const session = await client.updateSession({ ...KEY, customTokens: [USDC, DAI] });
  expect(session.spenders).toEqual(['0x9008D19f58AAbD9eD0D60971565AA8510560ab41']);
  service.restart();
  expect((await stream(source)).of.spenders).toEqual([SPENDER]);
});

test('spenders of a session that nobody watches are set as they are named', async () => {
  const client = connect({ clientId: CLIENT });
  await client.createSession({ ...KEY, customTokens: [USDC], spenders: [SPENDER] });
  expect((await client.updateSession({ ...KEY, customTokens: [DAI] })).spenders).toHaveLength(1);
  await client.updateSession({ ...KEY, customTokens: [USDC], spenders: [] });
  expect(await service.sessions.find({ ...KEY, clientId: CLIENT })).toMatchObject({ spenders: [] });
});

test.each<[Partial<WatchOptions>, string, { clientId?: string }?]>([
  [{ chainId: 5 }, 'CHAIN_NOT_SERVED'],
  [{ chainId: 5, customTokens: [] }, 'CHAIN_NOT_SERVED'],
  [{ owner: '0x12' }, 'BAD_USER_INPUT'],
  [{ customTokens: ['0xA0b8'] }, 'BAD_USER_INPUT'],
  [{}, 'BAD_USER_INPUT', { clientId: 'me' }],
])('what cannot be mended is thrown: %o', async (options, code, ofClient) => {
  const states = statesOf(connect(ofClient), options);
  await expect(states.next()).rejects.toMatchObject({ code });
  expect(await states.next()).toEqual({ done: true, value: undefined });
});

test.each([
  [401, '{"errors":[{"message":"who are you?","extensions":{"code":"UNAUTHENTICATED"}}]}', 'UNAUTHENTICATED'],
  [400, '{"errors":[{"message":"what?"}]}', 'HTTP_400'],
  [404, '<h1>Not found</h1>', 'HTTP_404'],
])('a refusal by HTTP (%i %s) is thrown, and nothing is asked for again', async (status, body, code) => {
  let requests = 0;
  await using other = await listen((_, response) => {
    requests++;
    response.writeHead(status).end(body);
  });
  await expect(statesOf(connect({ url: other.url })).next()).rejects.toMatchObject({ code });
  // The session, and beside it what is watched always.
  expect(requests).toBeLessThanOrEqual(2);
});

test('a server that is overloaded, then away, then back is waited for', async () => {
  const failures = [
    () => Promise.resolve(new Response('busy', { status: 503 })),
    () => Promise.reject(new TypeError('fetch failed')),
  ];
  const client = connect({ fetch: (input, init) => failures.shift()?.() ?? fetch(input, init) });
  const states = statesOf(client);
  const first = read(states);
  (await stream()).push(snapshot('c1', { [USDC]: 1n }));
  expect((await first).balances.get(USDC)?.amount).toBe(1n);
  expect(failures).toEqual([]);
});

test('a connection that has fallen silent is given up', async () => {
  const client = connect({ silenceTimeoutMs: 1000 });
  const states = statesOf(client);
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }));
  await first;
  const resumed = await stream(source);
  expect(resumed.after).toBe('c1');
  await vi.waitFor(() => expect(source.signal.aborted).toBe(true));
});

test('comments keep a connection over which nothing else comes', async () => {
  await using beating = await serveHttp(service, { sseHeartbeatMs: 20 });
  let chunks = 0;
  const counted: typeof fetch = async (input, init) => {
    const { body, ...response } = await fetch(input, init);
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        chunks++;
        controller.enqueue(chunk);
      },
    });
    return new Response(body?.pipeThrough(counting) ?? null, response);
  };
  const client = connect({ url: beating.url, silenceTimeoutMs: 500, fetch: counted });
  void statesOf(client).next();
  const source = await stream();
  // Twice as long as silence would have been suffered.
  await vi.waitFor(() => expect(chunks).toBeGreaterThan(50), { timeout: 10_000 });
  expect(source.signal.aborted).toBe(false);
});

test('a slow reader gets fewer states, the newest, with everything that changed', async () => {
  await using server = await serveHttp(service, { maxWatchedTokens: 200 });
  const tokens = Array.from({ length: 200 }, (_, i) => `0x${i.toString(16).padStart(40, '0')}` as Address);
  let received = '';
  const client = connect({
    url: server.url,
    fetch: async (input, init) => {
      const { body, status, headers } = await fetch(input, init);
      const decoder = new TextDecoder();
      const watching = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          received += decoder.decode(chunk, { stream: true });
          controller.enqueue(chunk);
        },
      });
      return new Response(body?.pipeThrough(watching) ?? null, { status, headers });
    },
  });
  const states = statesOf(client, { customTokens: tokens });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c0', Object.fromEntries(tokens.map((token) => [token, 0n]))));
  await first;
  source.push(...tokens.map((token, i) => diff(`c${i + 1}`, { [token]: BigInt(i + 1) })));
  await vi.waitFor(() => expect(received).toContain('"c200"'));

  const changed = new Set<Address>();
  let count = 0;
  for (let last = false; !last; count++) {
    const { changes } = await read(states);
    for (const { token } of changes) changed.add(token.address.toLowerCase() as Address);
    last = changed.has(tokens[199] ?? '0x');
  }
  expect([...changed]).toEqual(tokens);
  expect(count).toBeLessThan(20);
});

test('leaving, aborting and disposing end the stream at the server too', async () => {
  const client = connect();
  const gone = (source: ScriptedStream) => vi.waitFor(() => expect(source.signal.aborted).toBe(true));

  const left = client.watchBalances({ ...KEY, customTokens: [USDC] });
  const reading = left[Symbol.asyncIterator]();
  const first = read(reading);
  const one = await stream();
  one.push(snapshot('c1', { [USDC]: 1n }));
  await first;
  one.push(diff('c2', { [USDC]: 2n }));
  await reading.return?.();
  await gone(one);

  const control = new AbortController();
  const aborted = statesOf(client, { signal: control.signal }).next();
  const two = await stream(one);
  control.abort();
  expect(await aborted).toEqual({ done: true, value: undefined });
  await gone(two);

  const disposed = statesOf(client).next();
  const three = await stream(two);
  client.dispose();
  expect(await disposed).toEqual({ done: true, value: undefined });
  await gone(three);
  await expect(client.balance({ owner: OWNER, token: USDC })).rejects.toThrow('the client was disposed');
});

test('a signal that outlives many watches is not listened to by those that have ended', async () => {
  const client = connect();
  const { signal } = new AbortController();
  for (let visits = 0; visits < 20; visits++) {
    const watch = client.watchBalances({ ...KEY, customTokens: [USDC], signal });
    const [one, other] = [watch.subscribe(() => {}), watch.subscribe(() => {})];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    one();
    const reading = watch[Symbol.asyncIterator]();
    void reading.next();
    other();
    await reading.return?.();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  }
});

/** A server that is none of ours. */
async function listen(
  handler: Parameters<typeof createServer>[1],
): Promise<AsyncDisposable & { url: string }> {
  const other = createServer(handler);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    },
  };
}
