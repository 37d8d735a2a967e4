import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { networkOf } from '../../chain/networks.ts';
import { type Address, type Hash, NATIVE } from '../../chain/types.ts';
import { eventsOf } from '../../test/events.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { postRequest, RawClient } from '../../test/raw.ts';
import { balanceOf, blockAt, ethereum, ScriptedService, updateOf } from '../../test/service.ts';
import type { Allowance } from '../../watch/update.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const OTHER: Address = '0x00000000219ab540356cbb839cbe05303d7705fa';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const SPENDER: Address = '0x9008d19f58aabd9ed0d60971565aa8510560ab41';
const ARBITRUM = 42161;
const SUBSCRIPTION = `subscription ($items: [WalletItem!]!, $after: String) {
  walletBalances(items: $items, after: $after) {
    chainId kind cause cursor balances { chainId owner token { symbol address } amount formatted crossed }
  }
}`;

let service: ScriptedService;
let server: TestServer;

beforeEach(async () => {
  const arbitrum = networkOf(ARBITRUM);
  if (!arbitrum) throw new Error('Arbitrum is known');
  service = new ScriptedService(ethereum(), arbitrum);
  server = await serveHttp(service, { maxBodyBytes: 1_048_576, sseHeartbeatMs: 60_000 });
});
afterEach(() => server[Symbol.asyncDispose]());

function ask(query: string, variables: object = {}, headers: object = {}): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query, variables }),
  });
}

async function* messagesOf(response: Response) {
  for await (const { event, id, data } of eventsOf(response))
    if (event !== undefined) yield { event, id, data: JSON.parse(data || 'null') };
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const opened = (nth = 1) =>
  vi.waitFor(() => {
    const stream = [...service.walletStreams][nth - 1];
    if (!stream) throw new Error('no stream yet');
    return stream;
  });

/** So many tokens that nobody knows. */
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `0x${index.toString(16).padStart(40, '0')}` as Address);

const item = (rest: object = {}) => ({ chainId: 1, owner: OWNER, tokens: ['native'], ...rest });

test('wallets on two chains in one stream, each balance with what its own chain says of the token', async () => {
  service.metadata.set(USDC, { symbol: 'USDC', name: null, decimals: 6, logoURI: null });
  Object.assign(service.chains.get(ARBITRUM) ?? {}, {
    metadata: () => ({ symbol: 'ODD', name: null, decimals: 2, logoURI: null }),
  });
  const items = [
    item({ tokens: [USDC, 'native'] }),
    item({ chainId: ARBITRUM, owner: OTHER, tokens: [USDC] }),
  ];
  const messages = messagesOf(await ask(SUBSCRIPTION, { items }));
  const stream = await opened();
  expect(stream.of).toEqual([
    { chainId: 1, owner: OWNER, tokens: [USDC, NATIVE], conditions: [] },
    { chainId: ARBITRUM, owner: OTHER, tokens: [USDC], conditions: [] },
  ]);
  const snapshot = { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' } as const;
  stream.push(
    updateOf({ chainId: 1, owner: OWNER }, 'c1', { [USDC]: 1_500_000n }, snapshot),
    updateOf({ chainId: ARBITRUM, owner: OTHER }, 'c2', { [USDC]: 1_500_000n }, snapshot),
    updateOf({ chainId: ARBITRUM, owner: OTHER }, 'c3', { [USDC]: null }),
  );
  const balance = {
    chainId: 1,
    owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
    token: { symbol: 'USDC', address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48' },
    amount: '1500000',
    formatted: '1.5',
    crossed: [],
  };
  const there = {
    ...balance,
    chainId: ARBITRUM,
    owner: '0x00000000219ab540356cBB839Cbe05303d7705Fa',
    token: { ...balance.token, symbol: 'ODD' },
    formatted: '15000',
  };
  const expected = [
    { chainId: 1, ...snapshot, cursor: 'c1', balances: [balance] },
    { chainId: ARBITRUM, ...snapshot, cursor: 'c2', balances: [there] },
    {
      chainId: ARBITRUM,
      kind: 'DIFF',
      cause: 'EVENT',
      cursor: 'c3',
      balances: [{ ...there, amount: null, formatted: null }],
    },
  ];
  for (const walletBalances of expected)
    expect((await messages.next()).value).toEqual({
      event: 'next',
      id: walletBalances.cursor,
      data: { data: { walletBalances } },
    });
  await messages.return(undefined);
});

test('conditions, as strings, as numbers and as literals of any size', async () => {
  const conditions = [
    { token: 'native', below: '1000000000000000000000' },
    { token: NATIVE, above: 7 },
  ];
  const messages = messagesOf(await ask(SUBSCRIPTION, { items: [item({ conditions })] }));
  const stream = await opened();
  expect(stream.of[0]?.conditions).toEqual([
    { token: NATIVE, kind: 'BELOW', amount: 10n ** 21n },
    { token: NATIVE, kind: 'ABOVE', amount: 7n },
  ]);
  const crossing = { ...balanceOf(OWNER, NATIVE, 8n), crossed: ['BELOW', 'ABOVE'] as const };
  stream.push({ ...updateOf({ chainId: 1, owner: OWNER }, 'c1', {}), balances: [crossing] });
  const { value } = await messages.next();
  expect(value?.data.data.walletBalances.balances[0].crossed).toEqual(['BELOW', 'ABOVE']);

  await ask(`subscription {
    walletBalances(items: { chainId: 1, owner: "${OWNER}", tokens: "native", conditions: [
      { token: "native", changeOver: 1000000000000000000000000000001 }, { token: "native", below: "5" }
    ] }) { cursor }
  }`);
  expect((await opened(2)).of[0]?.conditions).toEqual([
    { token: NATIVE, kind: 'CHANGE_OVER', amount: 10n ** 30n + 1n },
    { token: NATIVE, kind: 'BELOW', amount: 5n },
  ]);
  await messages.return(undefined);
});

test('`after` resumes, and so does `Last-Event-ID` where there is none', async () => {
  const items = [item()];
  await ask(SUBSCRIPTION, { items, after: 'a' }, { 'last-event-id': 'b' });
  await ask(SUBSCRIPTION, { items }, { 'last-event-id': 'b' });
  await ask(SUBSCRIPTION, { items });
  expect([(await opened(1)).after, (await opened(2)).after, (await opened(3)).after]).toEqual([
    'a',
    'b',
    undefined,
  ]);
});

test('a client that goes ends its stream', async () => {
  const response = await ask(SUBSCRIPTION, { items: [item()] });
  const stream = await opened();
  await response.body?.cancel();
  await vi.waitFor(() => expect(stream.signal.aborted).toBe(true));
});

const valid = item();

test.each<[string, unknown, string, RegExp]>([
  ['no items', [], 'BAD_USER_INPUT', /^items: expected 1 to 1000, found 0$/],
  ['1,001 items', Array(1001).fill(valid), 'BAD_USER_INPUT', /^items: expected 1 to 1000, found 1001$/],
  ['100,000 items of nothing', Array(100_000).fill({}), 'BAD_USER_INPUT', /found 100000$/],
  ['a megabyte of numbers', Array(500_000).fill(1), 'BAD_USER_INPUT', /found 500000$/],
  ['a chain not served', [valid, item({ chainId: 5 })], 'CHAIN_NOT_SERVED', /^items\[1\]\.chainId: chain 5/],
  [
    'two conditions in one',
    [valid, item({ conditions: [{ token: 'native', below: 1, above: '2' }] })],
    'BAD_USER_INPUT',
    /^items\[1\]\.conditions\[0\]: expected exactly one/,
  ],
  [
    'an amount less than nothing',
    [valid, item({ conditions: [{ token: 'native', changeOver: '-1' }] })],
    'BAD_USER_INPUT',
    /"items\[1\]\.conditions\[0\]\.changeOver"; "-1" is no BigInt: expected a whole number from 0/,
  ],
  ['items nested', [[[[[valid]]]]], 'BAD_USER_INPUT', /Expected value of type "WalletItem" to be an object/],
])('%s: one error', async (_, items, code, message) => {
  const [first, second, ...rest] = await allOf(messagesOf(await ask(SUBSCRIPTION, { items })));
  expect(first?.data.errors).toEqual([
    expect.objectContaining({ message: expect.stringMatching(message), extensions: { code } }),
  ]);
  expect(second?.event).toBe('complete');
  expect(rest).toEqual([]);
  expect(service.walletStreams.size).toBe(0);
});

test('a thousand wallets and ten thousand pairs, every one with a condition, pass', async () => {
  const address = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;
  const tokens = Array.from({ length: 10 }, (_, i) => address(i + 1));
  const items = Array.from({ length: 1000 }, (_, i) => ({
    chainId: i % 2 ? 1 : ARBITRUM,
    owner: address(1_000_000 + i),
    tokens,
    conditions: tokens.slice(0, 4).map((token) => ({ token, below: '1000000000000000000' })),
  }));
  const response = await ask(SUBSCRIPTION, { items });
  expect(response.status).toBe(200);
  const { of } = await opened();
  expect(of.flatMap((watched) => watched.tokens)).toHaveLength(10_000);
  expect(of.flatMap((watched) => watched.conditions)).toHaveLength(4000);
  await response.body?.cancel();
});

test("a session's allowances, whole and as they change, though no balance does", async () => {
  service.metadata.set(USDC, { symbol: 'USDC', name: null, decimals: 6, logoURI: null });
  const input = { chainId: 1, owner: OWNER, customTokens: [USDC], spenders: [SPENDER] };
  const create = 'mutation ($input: SessionInput!) { createSession(input: $input) { spenders } }';
  const created = await ask(create, { input }, { accept: 'application/json' });
  const spender = '0x9008D19f58AAbD9eD0D60971565AA8510560ab41';
  expect(await created.json()).toEqual({ data: { createSession: { spenders: [spender] } } });

  const fields =
    'owner spender amount previousAmount transactions token { symbol address chainId } block { number }';
  const messages = messagesOf(
    await ask(`subscription {
      balances(chainId: 1, owner: "${OWNER}") { chainId kind balances { amount } allowances { ${fields} } removed }
    }`),
  );
  const stream = await vi.waitFor(() => {
    const [only] = service.streams;
    if (!only) throw new Error('no stream yet');
    return only;
  });
  const transaction: Hash = `0x${'ab'.repeat(32)}`;
  const allowance: Allowance = {
    owner: OWNER,
    token: USDC,
    spender: SPENDER,
    amount: 2n ** 256n - 1n,
    previousAmount: null,
    transactions: [],
    block: blockAt(7),
  };
  const spent = { ...allowance, amount: 5n, previousAmount: 2n ** 256n - 1n, transactions: [transaction] };
  stream.push(
    updateOf(
      { chainId: 1, owner: OWNER },
      'c1',
      { [USDC]: 1n },
      { kind: 'SNAPSHOT', allowances: [allowance] },
    ),
    updateOf({ chainId: 1, owner: OWNER }, 'c2', {}, { allowances: [spent] }),
  );
  const told = {
    owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
    spender,
    amount: `${2n ** 256n - 1n}`,
    previousAmount: null,
    transactions: [],
    token: { symbol: 'USDC', address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', chainId: 1 },
    block: { number: '7' },
  };
  expect((await messages.next()).value?.data.data.balances).toEqual({
    chainId: 1,
    kind: 'SNAPSHOT',
    balances: [{ amount: '1' }],
    allowances: [told],
    removed: [],
  });
  expect((await messages.next()).value).toMatchObject({
    id: 'c2',
    data: {
      data: {
        balances: {
          kind: 'DIFF',
          balances: [],
          allowances: [
            { ...told, amount: '5', previousAmount: `${2n ** 256n - 1n}`, transactions: [transaction] },
          ],
        },
      },
    },
  });
  await messages.return(undefined);
});

test('everybody else has a turn while thousands of balances are put together, for however many', async () => {
  const tokens = numbered(5000);
  const streams = Array.from({ length: 3 }, () => ask(SUBSCRIPTION, { items: [item({ tokens })] }));
  await opened(3);
  let completed = 0;
  const served = service.chains.get(1);
  if (!served) throw new Error('it is served');
  const { metadata } = served;
  served.metadata = (token) => {
    completed += 1;
    return metadata(token);
  };
  const amounts = Object.fromEntries(tokens.map((token) => [token, 1n]));
  for (const stream of service.walletStreams)
    stream.push(updateOf({ chainId: 1, owner: OWNER }, 'c1', amounts, { kind: 'SNAPSHOT' }));
  // Of each balance the symbol and the decimals.
  const all = 2 * 3 * tokens.length;
  let most = 0;
  for (let before = 0; completed < all; before = completed) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, completed - before);
  }
  for (const response of await Promise.all(streams))
    for await (const { data } of messagesOf(response)) {
      const { balances } = data.data.walletBalances;
      expect(
        balances.map(({ token }: { token: { address: Address } }) => token.address.toLowerCase()),
      ).toEqual(tokens);
      break;
    }
  // A part of one of them, in two turns at the most.
  expect(most).toBeLessThanOrEqual(2 * 2 * 500);
});

test('a stream counts as a request for every thousand pairs that it begins with', async () => {
  await server[Symbol.asyncDispose]();
  server = await serveHttp(service, { maxBodyBytes: 1_048_576, rateLimitPerMinute: 5 });
  const stream = (pairs: number) => ask(SUBSCRIPTION, { items: [item({ tokens: numbered(pairs) })] });
  expect((await stream(2500)).status).toBe(200);
  const refused = await stream(2001);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
  expect((await refused.json()).errors[0].extensions.code).toBe('RATE_LIMITED');
  expect(service.walletStreams.size).toBe(1);
  expect((await stream(1000)).status).toBe(200);
  expect((await stream(1)).status).toBe(429);
});

test('a session counts as a request more for each of its spenders, written or streamed from', async () => {
  await server[Symbol.asyncDispose]();
  server = await serveHttp(service, { maxBodyBytes: 1_048_576, rateLimitPerMinute: 8 });
  const key = `chainId: 1, owner: "${OWNER}"`;
  const write = (rest: string) =>
    ask(`mutation { createSession(input: { ${key}, customTokens: ["${USDC}"] ${rest} }) { chainId } }`);
  // Three requests, and three more though it names none: what is added is theirs to spend.
  expect((await write(`spenders: ["${SPENDER}", "${OTHER}"]`)).status).toBe(200);
  expect((await write('')).status).toBe(200);
  const refused = await ask(`subscription { balances(${key}) { kind } }`);
  expect(refused.status).toBe(429);
});

test('what came with a request is forgotten once its stream is open', async () => {
  using clients = new DisposableStack();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  // By hand: fetch keeps what it has sent, and does so in this process.
  const open = async () => {
    const body = { query: SUBSCRIPTION, variables: { items: [item()], junk: heavy() } };
    const client = new RawClient(server.url, postRequest('/graphql', body, { Accept: 'text/event-stream' }));
    clients.use(client.read());
    await vi.waitFor(() => expect(client.text).toContain('200 OK'));
  };
  // Half a megabyte of JSON, and ten of objects.
  const heavy = () => Array.from({ length: 150_000 }, () => ({}));
  await open();
  const before = held();
  for (let opened = 0; opened < 20; opened += 1) await open();
  expect((held() - before) / 20).toBeLessThan(300_000);
});

test('what is longer than any cursor is none, and is not kept', async () => {
  const refused = await ask(SUBSCRIPTION, { items: [item()], after: '~'.repeat(900_000) });
  for await (const { data } of messagesOf(refused)) {
    expect(data.errors[0]).toMatchObject({
      message: 'after: expected at most 20000 characters, found 900000',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    break;
  }
  expect(service.walletStreams.size).toBe(0);
  void ask(SUBSCRIPTION, { items: [item()], after: '~'.repeat(20_000) });
  await opened();
});
