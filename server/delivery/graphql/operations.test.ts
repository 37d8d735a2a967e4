import { afterAll, beforeEach, expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { FatalError } from '../../errors.ts';
import { serveHttp } from '../../test/http.ts';
import { ethereum, ScriptedService } from '../../test/service.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const CLIENT = '6F9619FF-8B86-D011-B42D-00C04FC964FF';

const service = new ScriptedService();
const server = await serveHttp(service, { maxWatchedTokens: 3, maxBodyBytes: 10_000 });
afterAll(() => server[Symbol.asyncDispose]());

beforeEach(() => {
  service.amounts.clear();
  service.amounts.set(USDC, 1_500_000n);
  service.metadata.set(USDC, { symbol: 'USDC', name: 'USD Coin', decimals: 6, logoURI: null });
});

interface Answer {
  readonly status: number;
  readonly data?: Record<string, unknown>;
  readonly errors?: { message: string; extensions: { code: string } }[];
}

async function ask(query: string, variables?: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

test('a balance, with what the token says of itself', async () => {
  const { data } = await ask(`{
    balance(owner: "${OWNER}", token: "0xA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48") {
      chainId owner amount formatted previousAmount transactions status reason
      token { chainId address symbol name decimals logoURI native }
      block { number hash timestamp }
    }
  }`);
  expect(data?.balance).toEqual({
    chainId: 1,
    owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
    amount: '1500000',
    formatted: '1.5',
    previousAmount: null,
    transactions: [],
    status: 'OK',
    reason: null,
    token: {
      chainId: 1,
      address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
      symbol: 'USDC',
      name: 'USD Coin',
      decimals: 6,
      logoURI: null,
      native: false,
    },
    block: { number: '7', hash: `0x${'7'.padStart(64, '0')}`, timestamp: '2023-11-14T22:13:20.000Z' },
  });
});

test('the native coin by name; without decimals nothing is formatted', async () => {
  service.amounts.set(NATIVE, 2n ** 255n);
  const { data } = await ask(
    `{ balance(owner: "${OWNER}", token: "native") { amount formatted token { address native } } }`,
  );
  expect(data?.balance).toEqual({
    amount: (2n ** 255n).toString(),
    formatted: null,
    token: { address: '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE', native: true },
  });
});

test('a token that cannot be read does not cost its neighbours', async () => {
  service.amounts.set(OWNER, null);
  const { data, errors } = await ask(
    `{ balances(owner: "${OWNER}", tokens: ["${USDC}", "${OWNER}"]) { amount formatted status reason } }`,
  );
  expect(errors).toBeUndefined();
  expect(data?.balances).toEqual([
    { amount: '1500000', formatted: '1.5', status: 'OK', reason: null },
    { amount: null, formatted: null, status: 'UNREADABLE', reason: 'balanceOf reverted' },
  ]);
});

test('metadata that has to be read first is waited for, and not read unless it is asked for', async () => {
  let asked = 0;
  const network = ethereum();
  const late = new ScriptedService(network);
  late.amounts.set(USDC, 5n);
  const chain = late.chains.get(network.id);
  Object.assign(chain ?? {}, {
    metadata: async () => {
      asked++;
      return { symbol: 'LATE', name: null, decimals: 1, logoURI: null };
    },
  });
  await using other = await serveHttp(late);
  const get = async (fields: string) => {
    const query = `{ balance(owner: "${OWNER}", token: "${USDC}") { ${fields} } }`;
    const response = await fetch(`${other.url}/graphql?query=${encodeURIComponent(query)}`);
    return ((await response.json()) as { data: { balance: object } }).data.balance;
  };
  expect(await get('amount')).toEqual({ amount: '5' });
  expect(asked).toBe(0);
  expect(await get('formatted token { symbol }')).toEqual({ formatted: '0.5', token: { symbol: 'LATE' } });
  expect(asked).toBeGreaterThan(0);
});

test('chains, the default one first', async () => {
  const { data } = await ask(
    `{ chains { id name healthy head { number } native { address } wrappedNative { address } } }`,
  );
  expect(data?.chains).toEqual([
    {
      id: 1,
      name: 'Ethereum',
      healthy: true,
      head: { number: '7' },
      native: { address: '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE' },
      wrappedNative: { address: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2' },
    },
  ]);
});

test('a session from its making to its change', async () => {
  const input = { chainId: 1, owner: OWNER, clientId: CLIENT, customTokens: [USDC] };
  const none = await ask('mutation ($input: SessionInput!) { updateSession(input: $input) { chainId } }', {
    input,
  });
  expect(none.errors?.[0]?.extensions.code).toBe('SESSION_NOT_FOUND');
  expect(none.status).toBe(200);

  const made = await ask(
    'mutation ($input: SessionInput!) { createSession(input: $input) { owner clientId tokens expiresAt } }',
    { input },
  );
  expect(made.data?.createSession).toEqual({
    owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
    clientId: CLIENT.toLowerCase(),
    tokens: ['0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'],
    expiresAt: '1970-01-01T00:00:00.000Z',
  });

  const find =
    'query ($owner: Address!, $clientId: ID) { session(chainId: 1, owner: $owner, clientId: $clientId) { chainId } }';
  expect((await ask(find, { owner: OWNER, clientId: CLIENT })).data?.session).toEqual({ chainId: 1 });
  expect((await ask(find, { owner: OWNER })).data?.session).toBeNull();
});

test.each([
  [
    'a chain not served',
    `{ balance(owner: "${OWNER}", token: "native", chainId: 5) { amount } }`,
    'CHAIN_NOT_SERVED',
  ],
  [
    'a chain not served, of a session',
    `{ session(owner: "${OWNER}", chainId: 5) { chainId } }`,
    'CHAIN_NOT_SERVED',
  ],
  [
    'an endpoint that is away',
    `{ balance(owner: "${OWNER}", token: "native") { amount } }`,
    'UPSTREAM_UNAVAILABLE',
  ],
  [
    'too many tokens',
    `{ balances(owner: "${OWNER}", tokens: ["native", "native", "native", "native"]) { amount } }`,
    'TOKEN_LIMIT_EXCEEDED',
  ],
  [
    'a client id that is no UUID',
    `{ session(chainId: 1, owner: "${OWNER}", clientId: "me") { chainId } }`,
    'BAD_USER_INPUT',
  ],
  [
    'a session of nothing',
    `mutation { createSession(input: { chainId: 1, owner: "${OWNER}", customTokens: [] }) { chainId } }`,
    'BAD_USER_INPUT',
  ],
])('%s is an error of its field', async (_, query, code) => {
  const { status, errors } = await ask(query);
  expect(errors?.[0]?.extensions).toEqual({ code });
  expect(status).toBe(200);
});

test.each([
  ['a syntax error', '{', undefined, /Syntax Error/],
  ['a field that is not there', '{ nope }', undefined, /Cannot query field "nope"/],
  [
    'a literal that is no address',
    '{ balance(owner: "0x12", token: "native") { amount } }',
    undefined,
    /"0x12" is no Address: expected 0x and 40 hex digits/,
  ],
  [
    'a variable that is no address',
    'query ($owner: Address!) { balance(owner: $owner, token: "native") { amount } }',
    { owner: 'me' },
    /\$owner.*"me" is no Address/,
  ],
  [
    'two operations and no name',
    'query A { chains { id } } query B { chains { id } }',
    undefined,
    /operation/,
  ],
])('%s is an error of the request', async (_, query, variables, message) => {
  const answer = await ask(query, variables);
  expect(answer.errors?.[0]?.message).toMatch(message);
  expect(answer.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  expect(answer).not.toHaveProperty('data');
  expect(answer.status).toBe(400);
});

test('a batch is refused', async () => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ query: '{ chains { id } }' }]),
  });
  expect(response.status).toBe(400);
});

test('a body past the limit is 413', async () => {
  const { status, errors } = await ask(`{ chains { id } } # ${'x'.repeat(10_000)}`);
  expect(status).toBe(413);
  expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
});

test('a mutation over GET is 405', async () => {
  const query = `mutation { createSession(input: { chainId: 1, owner: "${OWNER}", customTokens: ["native"] }) { chainId } }`;
  const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`);
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('POST');
});

test('what is unexpected is masked and logged; what the endpoint refused is not', async () => {
  const broken = new ScriptedService();
  const failure = new Error('secret of the house');
  let next: Error = failure;
  Object.assign(broken.chains.get(1) ?? {}, {
    balance: async () => {
      throw next;
    },
  });
  await using other = await serveHttp(broken);
  const query = encodeURIComponent(`{ balance(owner: "${OWNER}", token: "native") { amount } }`);
  const get = async () => (await fetch(`${other.url}/graphql?query=${query}`)).json();
  expect(await get()).toEqual({
    data: null,
    errors: [
      expect.objectContaining({
        message: 'Unexpected error.',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      }),
    ],
  });
  expect(other.logged).toEqual([{ err: failure }, 'unexpected error in GraphQL']);

  next = new FatalError('UPSTREAM_REFUSED', 'the endpoint refused');
  expect(await get()).toEqual({
    data: null,
    errors: [
      expect.objectContaining({
        message: 'the chain cannot be read at the moment',
        extensions: { code: 'UPSTREAM_UNAVAILABLE' },
      }),
    ],
  });
  expect(other.logged).toHaveLength(2);
});

test('introspection can be switched off, at every door and however it is written', async () => {
  const query = '{ __schema { queryType { name } } }';
  expect((await ask(query)).data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  await using closed = await serveHttp(service, { introspection: false });
  for (const hidden of [
    query,
    '{ a: __schema { queryType { name } } }',
    '{ __type(name: "Query") { name } }',
    '{ chains { id } ...F } fragment F on Query { ... { __schema { queryType { name } } } }',
    'query A { chains { id } } query B { __schema { queryType { name } } }',
    `subscription { balances(chainId: 1, owner: "${OWNER}") { kind } __schema { queryType { name } } }`,
  ])
    for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream']) {
      const headers = { 'content-type': 'application/json', accept };
      const body = JSON.stringify({ query: hidden, operationName: hidden.includes('query A') ? 'A' : null });
      const posted = await fetch(`${closed.url}/graphql`, { method: 'POST', headers, body });
      const got = await fetch(`${closed.url}/graphql?query=${encodeURIComponent(hidden)}&operationName=`, {
        headers: { accept },
      });
      for (const response of [posted, got]) {
        const text = await response.text();
        expect(text).toMatch(/introspection|Could not determine what operation/);
        expect(text).not.toContain('"name":"Query"');
        if (accept.includes('response')) expect(response.status).toBe(400);
      }
    }
  const typename = await fetch(`${closed.url}/graphql?query={__typename}`);
  expect(await typename.json()).toEqual({ data: { __typename: 'Query' } });
});
