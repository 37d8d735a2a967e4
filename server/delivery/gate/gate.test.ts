import { afterEach, describe, expect, test } from 'vitest';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { ScriptedService, SOMEONE } from '../../test/service.ts';
import { READS } from './gate.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const TOKEN = '0x6b175474e89094c44da98b954eedeac495271d0f';
const KEY = 'correct-horse';

let server: TestServer;
let service: ScriptedService;
afterEach(() => server[Symbol.asyncDispose]());

async function open(settings: Parameters<typeof serveHttp>[1]): Promise<void> {
  service = new ScriptedService();
  service.amounts.set(TOKEN, 5n);
  server = await serveHttp(service, settings);
  await service.sessions.create(
    { chainId: 1, owner: OWNER, clientId: null, tokensListsUrls: [], customTokens: [] },
    SOMEONE,
  );
}

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const session = { customTokens: [TOKEN] };
const input = `input: { chainId: 1, owner: "${OWNER}", customTokens: ["${TOKEN}"] }`;
const wallet = `owner: "${OWNER}"`;
const graphql = (query: string, accept = 'application/json'): Asked => ({
  method: 'POST',
  path: '/graphql',
  body: { query },
  headers: { accept },
});

/** Every door to data. */
const DOORS: Readonly<Record<string, Asked>> = {
  'a session by POST': { method: 'POST', path: `/1/sessions/${OWNER}`, body: session },
  'a session by PUT': { method: 'PUT', path: `/1/sessions/${OWNER}`, body: session },
  'a balance': { path: `/1/balance/${OWNER}/${TOKEN}` },
  'several balances': { method: 'POST', path: `/1/balances/${OWNER}`, body: { tokens: [TOKEN] } },
  'a stream': { path: `/sse/1/balances/${OWNER}` },
  'a query': graphql(`{ balance(${wallet}, token: "${TOKEN}") { amount } }`),
  'a query by GET': {
    path: `/graphql?query=${encodeURIComponent(`{ balances(${wallet}, tokens: ["${TOKEN}"]) { amount } }`)}`,
    headers: { accept: 'application/graphql-response+json' },
  },
  'a query over an event stream': graphql(
    `{ balance(${wallet}, token: "${TOKEN}") { amount } }`,
    'text/event-stream',
  ),
  'a mutation': graphql(`mutation { createSession(${input}) { chainId } }`),
  'a subscription': graphql(`subscription { balances(chainId: 1, ${wallet}) { kind } }`, 'text/event-stream'),
};
const doors = Object.entries(DOORS);

/** Asks; what comes may be a stream, which stays open until it is told to hang up. */
async function send({ method = 'GET', path, body, headers }: Asked, more: Record<string, string>) {
  const hangUp = new AbortController();
  const response = await fetch(server.url + path, {
    method,
    signal: hangUp.signal,
    headers: { 'content-type': 'application/json', ...headers, ...more },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { response, hangUp: () => hangUp.abort() };
}

/** Hangs up as soon as the status is known where what comes is a stream. */
async function ask(asked: Asked, more: Record<string, string> = {}) {
  const { response, hangUp } = await send(asked, more);
  const { status, headers } = response;
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const body = isStream ? undefined : await response.json();
  hangUp();
  return { status, headers, body };
}

async function stream(asked: Asked, more: Record<string, string> = {}) {
  const { response, hangUp } = await send(asked, more);
  return { status: response.status, hangUp };
}

const codeOf = (body: { code?: number; errors?: { extensions: { code: string } }[] }) =>
  body.errors?.[0]?.extensions.code ?? body.code;

describe('keys', () => {
  test.each(doors)('%s wants one', async (_, asked) => {
    await open({ apiKeys: ['another', KEY] });
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${KEY}` },
      { 'x-api-key': `${KEY}r` },
      { 'x-api-key': KEY.slice(0, -1) },
    ]) {
      const refused = await ask(asked, headers);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      expect([401, 'UNAUTHENTICATED']).toContain(codeOf(refused.body));
      expect(JSON.stringify(refused.body)).toContain('API key');
    }
    for (const headers of [
      { authorization: `Bearer ${KEY}` },
      { authorization: `bearer  ${KEY}` },
      { 'x-api-key': KEY },
      { 'x-api-key': 'another' },
      // What a proxy asks for is not for us.
      { authorization: 'Basic dTpw', 'x-api-key': KEY },
    ])
      expect((await ask(asked, headers)).status).toBe(200);
    const path = `${asked.path}${asked.path.includes('?') ? '&' : '?'}api_key=${KEY}`;
    expect((await ask({ ...asked, path })).status).toBe(200);
    expect((await ask({ ...asked, path: `${path}x` })).status).toBe(401);
  });

  test('pages, health and what describes the doors are open', async () => {
    await open({ apiKeys: [KEY], graphiql: true });
    for (const path of ['/', '/health', '/health/1', '/livez', '/metrics', '/openapi.json'])
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200]);
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
  });

  test('the schema is behind the door too', async () => {
    await open({ apiKeys: [KEY] });
    expect((await ask(graphql('{ __schema { types { name } } }'))).status).toBe(401);
    expect((await ask(graphql('{ chains { id } }'))).status).toBe(401);
    expect((await ask(graphql('{ chains { id } }'), { 'x-api-key': KEY })).status).toBe(200);
  });

  test('nothing of a request without one is read', async () => {
    await open({ apiKeys: [KEY] });
    const { status, body } = await ask(graphql('{ this is no document'));
    expect([status, codeOf(body)]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('without any, whatever is sent is let in', async () => {
    await open({});
    for (const [, asked] of doors) expect((await ask(asked, { 'x-api-key': 'anything' })).status).toBe(200);
  });

  test('a preflight, which has none, is answered', async () => {
    await open({ apiKeys: [KEY] });
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const answer = await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    // And a refusal can be read by the page that is refused.
    const refused = await ask(graphql('{ chains { id } }'), { origin: 'https://app.example' });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('the rate', () => {
  test.each(doors)('%s counts', async (_, asked) => {
    await open({ rateLimitPerMinute: 2 });
    expect((await ask(asked)).status).toBe(200);
    expect((await ask(asked)).status).toBe(200);
    const refused = await ask(asked);
    expect(refused.status).toBe(429);
    expect([429, 'RATE_LIMITED']).toContain(codeOf(refused.body));
    expect(JSON.stringify(refused.body)).toMatch(/more than 2 requests in a minute: try again in \d+ s/);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('balance_stream_refusals_total{reason="rate"} 1');
  });

  test('is one for all doors', async () => {
    await open({ rateLimitPerMinute: doors.length });
    for (const [, asked] of doors) expect((await ask(asked)).status).toBe(200);
    for (const [, asked] of doors) expect((await ask(asked)).status).toBe(429);
  });

  test('counts each read and write of an operation, and nothing that costs the chain nothing', async () => {
    await open({ rateLimitPerMinute: 3 });
    const read = `balance(${wallet}, token: "${TOKEN}") { amount }`;
    for (let i = 0; i < 5; i++) {
      expect((await ask(graphql('{ chains { id } __typename }'))).status).toBe(200);
      expect((await ask(graphql('{ __schema { types { name } } }'))).status).toBe(200);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    }
    expect((await ask(graphql(`{ a: ${read} ...More } fragment More on Query { b: ${read} }`))).status).toBe(
      200,
    );
    expect((await ask(graphql(`{ a: ${read} b: ${read} }`))).status).toBe(429);
    const session = `{ session(chainId: 1, ${wallet}) { tokens } }`;
    expect((await ask(graphql(session))).status).toBe(200);
    expect((await ask(graphql(session))).status).toBe(429);
  });

  test('what is refused takes nothing of it, and what can never be had is told so', async () => {
    await open({ rateLimitPerMinute: 3 });
    const read = (name: string) => `${name}: balance(${wallet}, token: "${TOKEN}") { amount }`;
    const refused = await ask(graphql(`{ ${['a', 'b', 'c', 'd'].map(read).join(' ')} }`));
    expect([refused.status, refused.body.errors[0].message]).toEqual([
      429,
      '4 requests at once, of 3 in a minute: ask for fewer together',
    ]);
    expect((await ask(graphql(`{ ${read('a')} ${read('b')} }`))).status).toBe(200);
    expect((await ask(graphql(`{ ${read('a')} ${read('b')} }`))).status).toBe(429);
    expect((await ask(graphql(`{ ${read('a')} }`))).status).toBe(200);
    expect((await ask(graphql(`{ ${read('a')} }`))).status).toBe(429);
  });

  test("is each key's own, whatever the address, or else each address's", async () => {
    const asked = graphql(`{ balance(${wallet}, token: "${TOKEN}") { amount } }`);
    await open({ rateLimitPerMinute: 1, apiKeys: ['one', 'two'], trustProxy: ['127.0.0.1'] });
    expect((await ask(asked, { 'x-api-key': 'one', 'x-forwarded-for': '8.8.8.8' })).status).toBe(200);
    expect((await ask(asked, { 'x-api-key': 'one', 'x-forwarded-for': '8.8.4.4' })).status).toBe(429);
    expect((await ask(asked, { 'x-api-key': 'two', 'x-forwarded-for': '8.8.8.8' })).status).toBe(200);
    await server[Symbol.asyncDispose]();
    await open({ rateLimitPerMinute: 1, trustProxy: ['127.0.0.1'] });
    expect((await ask(asked, { 'x-forwarded-for': '8.8.8.8' })).status).toBe(200);
    expect((await ask(asked, { 'x-forwarded-for': '8.8.8.8' })).status).toBe(429);
    expect((await ask(asked, { 'x-forwarded-for': '1.2.3.4, 8.8.8.8' })).status).toBe(429);
    expect((await ask(asked, { 'x-forwarded-for': '8.8.4.4' })).status).toBe(200);
  });

  test('believes nobody it was not told to believe', async () => {
    const asked = graphql(`{ balance(${wallet}, token: "${TOKEN}") { amount } }`);
    await open({ rateLimitPerMinute: 1 });
    expect((await ask(asked, { 'x-forwarded-for': '8.8.8.8' })).status).toBe(200);
    expect((await ask(asked, { 'x-forwarded-for': '8.8.4.4' })).status).toBe(429);
  });
});

describe('streams', () => {
  const streams = [DOORS['a stream'], DOORS['a subscription']].filter((asked) => asked !== undefined);
  const from = (address: string) => ({ 'x-forwarded-for': address });

  test('of one address are so many, at both doors together', async () => {
    await open({ maxStreamsPerAddress: 3, trustProxy: ['loopback'] });
    const [rest, subscription] = streams as [Asked, Asked];
    const first = await stream(rest, from('8.8.8.8'));
    const others = [await stream(subscription, from('8.8.8.8')), await stream(rest, from('8.8.8.8'))];
    expect([first, ...others].map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const asked of streams) {
      const refused = await ask(asked, from('8.8.8.8'));
      expect(refused.status).toBe(429);
      expect([429, 'RATE_LIMITED']).toContain(codeOf(refused.body));
      expect(JSON.stringify(refused.body)).toContain('3 streams of this address are open');
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect((await ask(asked, from('8.8.4.4'))).status).toBe(200);
    }
    first.hangUp();
    await expect.poll(async () => (await ask(rest, from('8.8.8.8'))).status).toBe(200);
    for (const { hangUp } of others) hangUp();
  });

  test('of the process are so many, whoever asks', async () => {
    await open({ maxStreams: 2, trustProxy: ['loopback'] });
    const [rest, subscription] = streams as [Asked, Asked];
    const first = await stream(rest, from('8.8.8.8'));
    const second = await stream(subscription, from('8.8.4.4'));
    for (const asked of streams) {
      const refused = await ask(asked, from('1.1.1.1'));
      expect(refused.status).toBe(503);
      expect([503, 'CAPACITY_EXCEEDED']).toContain(codeOf(refused.body));
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    // What is no stream goes on.
    expect((await ask(DOORS['a balance'] as Asked)).status).toBe(200);
    second.hangUp();
    await expect.poll(async () => (await ask(rest, from('1.1.1.1'))).status).toBe(200);
    first.hangUp();
  });

  test('that could not begin leave no trace', async () => {
    await open({ maxStreams: 1 });
    const nobody = TOKEN;
    for (let i = 0; i < 3; i++) {
      expect((await ask({ path: `/sse/1/balances/${nobody}` })).status).toBe(404);
      await ask(
        graphql(`subscription { balances(chainId: 1, owner: "${nobody}") { kind } }`, 'text/event-stream'),
      );
      expect((await fetch(`${server.url}/sse/1/balances/${OWNER}`, { method: 'HEAD' })).status).toBe(200);
    }
    await expect
      .poll(async () => (await server.metrics.streams.get()).values.map(({ value }) => value))
      .not.toContain(1);
    const [rest] = streams as [Asked];
    await expect.poll(async () => (await ask(rest)).status).toBe(200);
  });
});

describe('one-off reads under way', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, '0')}`);
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const graphqlRead = graphql(
    `query ($tokens: [Address!]!) { balances(${wallet}, tokens: $tokens) { amount } }`,
  );
  const rest: Asked = { method: 'POST', path: `/1/balances/${OWNER}`, body: { tokens: many } };
  const byGraphQL: Asked = {
    ...graphqlRead,
    body: { ...(graphqlRead.body as object), variables: { tokens: many } },
  };
  const one = DOORS['a balance'] as Asked;
  const oneByGraphQL = DOORS['a query'] as Asked;

  /** A chain that answers when the test says. */
  async function openHeld() {
    await open({ maxWatchedTokens: 5000, maxBodyBytes: 1_000_000, trustProxy: ['loopback'] });
    const answer = Promise.withResolvers<void>();
    const chain = service.chains.get(1);
    if (!chain) throw new Error('no chain');
    const { balance } = chain;
    let waiting = 0;
    chain.balance = async (owner, token, at) => {
      waiting += 1;
      await answer.promise;
      return balance(owner, token, at);
    };
    for (const token of many) service.amounts.set(token as typeof TOKEN, 1n);
    return { waiting: () => waiting, answer: () => answer.resolve() };
  }

  test('are so many for one caller, at both doors together, and others read on', async () => {
    const held = await openHeld();
    const asked = [rest, byGraphQL, rest, byGraphQL].map((read) => ask(read, from('8.8.8.8')));
    await expect.poll(held.waiting).toBe(READS.mostEach);
    for (const read of [one, oneByGraphQL]) {
      const refused = await ask(read, from('8.8.8.8'));
      expect(refused.status).toBe(429);
      expect(JSON.stringify(refused.body)).toContain('20000 balances are being read for you');
      expect(refused.headers.get('retry-after')).toBe('5');
    }
    const other = ask(one, from('8.8.4.4'));
    await expect.poll(held.waiting).toBe(READS.mostEach + 1);
    held.answer();
    expect((await Promise.all([...asked, other])).map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    await expect.poll(async () => (await ask(oneByGraphQL, from('8.8.8.8'))).status).toBe(200);
  });

  test('are so many for all, and what is not begun takes no room', async () => {
    const held = await openHeld();
    const asked = Array.from({ length: 20 }, (_, i) => ask(rest, from(`8.8.8.${i >> 2}`)));
    await expect.poll(held.waiting).toBe(READS.most);
    for (const read of [one, oneByGraphQL]) {
      const refused = await ask(read, from('1.1.1.1'));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
      expect(JSON.stringify(refused.body)).toContain('100000 balances are being read');
    }
    held.answer();
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
    for (let i = 0; i < 5; i++) expect((await ask(rest, from('1.1.1.1'))).status).toBe(200);
  });
});
