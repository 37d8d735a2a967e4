import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { RestStream, rest } from './rest-stream.ts';

/** What one process takes, and that it says so and goes on. */
let chain: TestChain;
let gold: Address;
let app: App;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
});
afterEach(() => app?.[Symbol.asyncDispose]());
afterAll(() => chain?.[Symbol.asyncDispose]());

/** Tokens that nobody has deployed: they are watched like any other. */
const tokens = (count: number) =>
  Array.from({ length: count }, (_, index) => `0x${(0x7000 + index).toString(16).padStart(40, '0')}`);
const path = (owner: Address, clientId?: string) =>
  `/${chain.chainId}/sessions/${owner}${clientId ? `?client_id=${clientId}` : ''}`;
const create = (owner: Address, customTokens: readonly string[], clientId?: string) =>
  rest(app, 'POST', path(owner, clientId), { body: { customTokens } });
const refusedBecause = (message: string) => ({
  status: 503,
  json: { code: 503, message: expect.stringContaining(message) },
});

async function graphql(owner: Address) {
  const input = `{ chainId: ${chain.chainId}, owner: "${owner}", customTokens: ["${gold}"] }`;
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { createSession(input: ${input}) { chainId } }` }),
  });
  const { errors } = await response.json();
  return [response.status, response.headers.get('retry-after'), errors?.[0].extensions.code];
}

it('so many sessions, and another when one is gone', async () => {
  app = await startTestApp(chain, { MAX_SESSIONS: '2', SESSION_IDLE_TTL: '1' });
  const [first, second, third] = [await chain.newWallet(), await chain.newWallet(), await chain.newWallet()];
  expect(await create(first, [gold])).toMatchObject({ status: 200 });
  expect(await create(second, [gold])).toMatchObject({ status: 200 });
  using listening = new RestStream(app, `/sse/${chain.chainId}/balances/${first}`);
  await eventually(() => expect(listening.events).toHaveLength(1));

  const refused = await create(third, [gold]);
  expect(refused).toMatchObject(refusedBecause('no more than 2 sessions'));
  expect(await graphql(third)).toEqual([503, '10', 'CAPACITY_EXCEEDED']);
  // Who is here already may change what they watch, and is told what moves.
  expect(await create(first, [NATIVE])).toMatchObject({ status: 200 });
  await mint(chain, gold, first, 5n);
  await eventually(() => expect(listening.folded[gold]).toBe('5'));
  // Nobody listened to the second: it goes, and there is room.
  await eventually(async () => expect(await create(third, [gold])).toMatchObject({ status: 200 }));
});

it('so many pairs, over all sessions and counted in each', async () => {
  // Three of them are each session's own: the native coin, its wrapped token and a client's one more.
  app = await startTestApp(chain, { MAX_WATCHED_PAIRS: '20' });
  const [owner, other] = [await chain.newWallet(), await chain.newWallet()];
  expect(await create(owner, tokens(8))).toMatchObject({ status: 200, json: { tokens: 10 } });
  expect(await create(owner, tokens(9), crypto.randomUUID())).toMatchObject(
    refusedBecause('no more than 20'),
  );
  const clientId = crypto.randomUUID();
  expect(await create(owner, tokens(8), clientId)).toMatchObject({ status: 200, json: { tokens: 10 } });

  const refused = await create(other, [gold]);
  expect(refused).toMatchObject(refusedBecause('no more than 20 pairs of a wallet and a token'));
  expect(await graphql(other)).toEqual([503, '10', 'CAPACITY_EXCEEDED']);
  // What adds nothing is no matter; nor is less, which makes room.
  expect(await create(owner, tokens(8))).toMatchObject({ status: 200 });
  expect(await create(owner, tokens(5), clientId)).toMatchObject({ status: 200, json: { tokens: 7 } });
  expect(await create(other, [gold])).toMatchObject({ status: 200 });
  expect(await create(owner, tokens(9))).toMatchObject(refusedBecause('no more than 20'));
});

it('and says how near it is', async () => {
  app = await startTestApp(chain, { MAX_SESSIONS: '1' });
  await create(await chain.newWallet(), [gold]);
  await create(await chain.newWallet(), [gold]);
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  for (const line of ['sessions 1', 'session_pairs 3', 'refusals_total{reason="sessions"} 1'])
    expect(metrics).toContain(`balance_stream_${line}`);
});
