import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveHttp, type TestServer } from '../server/test/http.ts';
import { blockAt, ScriptedService, type ScriptedStream, SOMEONE, updateOf } from '../server/test/service.ts';
import {
  type Address,
  type BalancesClient,
  type BalancesClientOptions,
  BalancesError,
  type BalancesState,
  createBalancesClient,
} from './index.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
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

const snapshot = (cursor: string, amounts: Record<Address, bigint | null>) =>
  updateOf(KEY, cursor, amounts, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });
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

async function read(states: AsyncIterator<BalancesState>): Promise<BalancesState> {
  const { value } = await states.next();
  if (!value) throw new Error('the states ended');
  return value;
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

test.each(['', '/', '/graphql', '/graphql/'])(
  'the server is found by its URL with %o behind it',
  async (path) => {
    service.amounts.set(USDC, 1n);
    const client = connect({ url: server.url + path });
    expect((await client.balance({ owner: OWNER, token: USDC })).amount).toBe(1n);
  },
);

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
  const states = client.watchBalances({ ...KEY, customTokens: [USDC] });
  void states.next();
  await stream();
  expect(sent).toEqual(['Bearer 1', 'Bearer 2']);
});

test('a wallet is watched: its session made, its balances folded', async () => {
  const states = connect().watchBalances({ ...KEY, customTokens: [USDC, DAI] });
  const first = read(states);
  const source = await stream();
  expect(source.of.tokens).toEqual(expect.arrayContaining([USDC, DAI]));
  source.push(snapshot('c1', { [USDC]: 0n, [DAI]: 5n }));
  expect((await first).balances.get(DAI)?.amount).toBe(5n);

  source.push(diff('c2', { [USDC]: 1n }, [DAI]));
  const second = await read(states);
  expect(second).toMatchObject({ kind: 'DIFF', cause: 'EVENT', cursor: 'c2', changed: [DAI, USDC] });
  expect([...second.balances.keys()]).toEqual([USDC]);
});

test('nothing is opened before the first read', async () => {
  const client = connect();
  client.watchBalances({ ...KEY, customTokens: [USDC] });
  service.amounts.set(USDC, 1n);
  await client.balance({ owner: OWNER, token: USDC });
  expect(service.streams.size).toBe(0);
  expect(await service.sessions.find({ ...KEY, clientId: null })).toBeUndefined();
});

test('after a drop it resumes from its cursor, and what it knew is still there', async () => {
  const states = connect().watchBalances({ ...KEY, customTokens: [USDC, DAI] });
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
  expect([...balances.values()].map(({ amount }) => amount)).toEqual([3n, 5n]);
});

test('a stream that ends together with its last event is not waited on for ever', async () => {
  // As a proxy that buffers hands it on.
  const states = connect({
    async fetch(input, init) {
      const response = await fetch(input, init);
      return new Response(await response.text(), response);
    },
  }).watchBalances({ ...KEY, customTokens: [USDC] });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }), diff('c2', { [USDC]: 2n }), diff('c3', { [USDC]: 3n }));
  source.end();
  await first;
  const resumed = await stream(source);
  expect(resumed.after).toBe('c3');
});

test('a session that the server has lost is made again as it was', async () => {
  const client = connect({ clientId: CLIENT });
  const states = client.watchBalances({ ...KEY, customTokens: [USDC] });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c1', { [USDC]: 1n }));
  await first;
  await client.updateSession({ ...KEY, customTokens: [USDC, DAI] });
  service.restart();
  const resumed = await stream(source);
  expect(resumed.of).toMatchObject({ clientId: CLIENT, tokens: [expect.anything(), USDC, DAI] });
  expect(resumed.after).toBe('c1');
});

test("a session's spenders: made with it, kept where they are not named, made again with it", async () => {
  const client = connect({ clientId: CLIENT });
  const states = client.watchBalances({ ...KEY, customTokens: [USDC], spenders: [SPENDER] });
  const first = read(states);
  const source = await stream();
  expect(source.of.spenders).toEqual([SPENDER]);
  source.push({ ...snapshot('c1', { [USDC]: 1n }), allowances: [allowance(5n)] });
  expect((await first).allowances.get(USDC, SPENDER)?.amount).toBe(5n);
  source.push({ ...diff('c2', {}), allowances: [allowance(2n ** 256n - 1n)] });
  const { allowances, changed, changedAllowances } = await read(states);
  expect([...allowances].map(({ amount }) => amount)).toEqual([2n ** 256n - 1n]);
  expect({ changed, changedAllowances }).toEqual({
    changed: [],
    changedAllowances: [{ token: USDC, spender: SPENDER }],
  });

  const session = await client.updateSession({ ...KEY, customTokens: [USDC, DAI] });
  expect(session.spenders).toEqual(['0x9008D19f58AAbD9eD0D60971565AA8510560ab41']);
  service.restart();
  expect((await stream(source)).of.spenders).toEqual([SPENDER]);
  await client.updateSession({ ...KEY, customTokens: [USDC], spenders: [] });
  expect(await service.sessions.find({ ...KEY, clientId: CLIENT })).toMatchObject({ spenders: [] });
});

test('spenders of nothing are refused, and not left unsaid', async () => {
  const states = connect().watchBalances({ ...KEY, spenders: [SPENDER] });
  await expect(states.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('a shared session is made again with all that was added to it', async () => {
  const client = connect();
  await client.createSession({ ...KEY, customTokens: [USDC] });
  const states = client.watchBalances({ ...KEY, customTokens: [DAI], spenders: [SPENDER] });
  void states.next();
  const source = await stream();
  await client.updateSession({ ...KEY, customTokens: [DAI], spenders: [OWNER] });
  service.restart();
  const resumed = await stream(source);
  expect(resumed.of.tokens).toEqual([expect.anything(), USDC, DAI]);
  expect(resumed.of.spenders).toEqual([SPENDER, OWNER]);
});

test('a shared session that somebody else made again, of less, gets back what was added to it', async () => {
  const states = connect().watchBalances({ ...KEY, customTokens: [USDC], spenders: [SPENDER] });
  const first = read(states);
  const source = await stream();
  source.push({ ...snapshot('c1', { [USDC]: 1n }), allowances: [allowance(5n)] });
  await first;
  service.restart();
  const { chainId, owner } = source.of;
  const theirs = { chainId, owner, clientId: null, tokensListsUrls: [], spenders: undefined };
  await service.sessions.create({ ...theirs, customTokens: [DAI] }, SOMEONE);
  const again = await stream(source);
  again.push(snapshot('c2', { [DAI]: 2n }));
  const whole = await stream(again);
  expect(whole.of).toMatchObject({ tokens: [expect.anything(), DAI, USDC], spenders: [SPENDER] });
  whole.push({ ...snapshot('c3', { [DAI]: 2n, [USDC]: 3n }), allowances: [allowance(5n)] });
  const { balances, cursor } = await read(states);
  expect([cursor, balances.get(USDC)?.amount]).toEqual(['c3', 3n]);
});

test('a session of somebody else that is not there is an error', async () => {
  const states = connect().watchBalances(KEY);
  await expect(states.next()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect(await states.next()).toEqual({ done: true, value: undefined });
});

test.each([
  [{ chainId: 5, owner: OWNER }, 'CHAIN_NOT_SERVED'],
  [{ chainId: 5, owner: OWNER, customTokens: [USDC] }, 'CHAIN_NOT_SERVED'],
  [{ ...KEY, clientId: 'me' }, 'BAD_USER_INPUT'],
])('what cannot be mended is thrown: %o', async (options, code) => {
  await expect(connect().watchBalances(options).next()).rejects.toMatchObject({ code });
});

test.each([
  [401, '{"errors":[{"message":"who are you?","extensions":{"code":"UNAUTHENTICATED"}}]}', 'UNAUTHENTICATED'],
  [400, '{"errors":[{"message":"what?"}]}', 'HTTP_400'],
  [404, '<h1>Not found</h1>', 'HTTP_404'],
])('a refusal by HTTP (%i %s) is thrown after one request', async (status, body, code) => {
  let requests = 0;
  await using other = await listen((_, response) => {
    requests++;
    response.writeHead(status).end(body);
  });
  await expect(connect({ url: other.url }).watchBalances(KEY).next()).rejects.toMatchObject({ code });
  expect(requests).toBe(1);
});

test('a server that is overloaded, then away, then back is waited for', async () => {
  const failures = [
    () => Promise.resolve(new Response('busy', { status: 503 })),
    () => Promise.reject(new TypeError('fetch failed')),
  ];
  const client = connect({ fetch: (input, init) => failures.shift()?.() ?? fetch(input, init) });
  const states = client.watchBalances({ ...KEY, customTokens: [USDC] });
  const first = read(states);
  (await stream()).push(snapshot('c1', { [USDC]: 1n }));
  expect((await first).cursor).toBe('c1');
  expect(failures).toEqual([]);
});

test('a connection that has fallen silent is given up', async () => {
  const client = connect({ silenceTimeoutMs: 50 });
  const states = client.watchBalances({ ...KEY, customTokens: [USDC] });
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
  void client.watchBalances({ ...KEY, customTokens: [USDC] }).next();
  const source = await stream();
  // Twice as long as silence would have been suffered.
  await vi.waitFor(() => expect(chunks).toBeGreaterThan(50), { timeout: 10_000 });
  expect(source.signal.aborted).toBe(false);
});

test('a slow reader gets fewer states, the newest, with everything that changed', async () => {
  let received = '';
  const client = connect({
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
  const states = client.watchBalances({ ...KEY, customTokens: [USDC] });
  const first = read(states);
  const source = await stream();
  source.push(snapshot('c0', {}));
  await first;
  const tokens = Array.from({ length: 200 }, (_, i) => `0x${i.toString(16).padStart(40, '0')}` as Address);
  source.push(...tokens.map((token, i) => diff(`c${i + 1}`, { [token]: BigInt(i) })));
  await vi.waitFor(() => expect(received).toContain('"c200"'));

  const changed = new Set<Address>();
  let count = 0;
  for await (const state of states) {
    count++;
    for (const token of state.changed) changed.add(token);
    if (state.cursor === 'c200') break;
  }
  expect([...changed]).toEqual(tokens);
  expect(count).toBeLessThan(20);
});

test('leaving, aborting and disposing end the stream at the server too', async () => {
  const client = connect();
  await client.createSession({ ...KEY, customTokens: [USDC] });
  const gone = (source: ScriptedStream) => vi.waitFor(() => expect(source.signal.aborted).toBe(true));

  const left = client.watchBalances(KEY);
  const first = read(left);
  const one = await stream();
  one.push(snapshot('c1', { [USDC]: 1n }));
  await first;
  one.push(diff('c2', { [USDC]: 2n }));
  for await (const _ of left) break;
  await gone(one);

  const control = new AbortController();
  const aborted = client.watchBalances({ ...KEY, signal: control.signal }).next();
  const two = await stream(one);
  control.abort();
  expect(await aborted).toEqual({ done: true, value: undefined });
  await gone(two);

  const disposed = client.watchBalances(KEY).next();
  const three = await stream(two);
  client.dispose();
  expect(await disposed).toEqual({ done: true, value: undefined });
  await gone(three);
  await expect(client.balance({ owner: OWNER, token: USDC })).rejects.toThrow('the client was disposed');
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
