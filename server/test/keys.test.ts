import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBalancesClient } from '../../client/index.ts';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { RestStream, rest } from './rest-stream.ts';

/** A server that asks for keys, and real clients that have one, or have not. */
const KEY = 'of-the-exchange';

let chain: TestChain;
let gold: Address;
let app: App;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  app = await startTestApp(chain, { API_KEYS: `of-the-desk,${KEY}` });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

it('the client library sends it as a header, and is told what moves', async () => {
  const owner = await chain.newWallet();
  const headers = { authorization: `Bearer ${KEY}` };
  const client = createBalancesClient({ url: app.url, headers });
  const stop = new AbortController();
  const watched = client.watchBalances({
    chainId: chain.chainId,
    owner,
    customTokens: [gold],
    signal: stop.signal,
  });
  const seen: (bigint | null | undefined)[] = [];
  for await (const { balances } of watched) {
    const [balance] = [...balances.values()].filter(({ token }) => token.symbol === 'GOLD');
    seen.push(balance?.amount);
    if (seen.length === 1) await mint(chain, gold, owner, 7n);
    if (balance?.amount === 7n) stop.abort();
  }
  expect([seen.at(0), seen.at(-1)]).toEqual([0n, 7n]);
});

it('without one the client is told at once, and does not try again', async () => {
  const client = createBalancesClient({ url: app.url });
  const owner = await chain.newWallet();
  const input = { chainId: chain.chainId, owner, customTokens: [gold] };
  const watch = async () => {
    for await (const _ of client.watchBalances(input)) break;
  };
  await expect(watch()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
});

it('an EventSource has it in its address', async () => {
  const owner = await chain.newWallet();
  const path = `/sse/${chain.chainId}/balances/${owner}`;
  const body = { customTokens: [gold] };
  const headers = { 'x-api-key': KEY };
  const sessions = `/${chain.chainId}/sessions/${owner}`;
  expect(await rest(app, 'POST', sessions, { body })).toMatchObject({ status: 401 });
  expect(await rest(app, 'POST', sessions, { body, headers })).toMatchObject({ status: 200 });
  using refused = new RestStream(app, path);
  await eventually(() => expect(refused.statuses).toEqual([401]));
  using stream = new RestStream(app, `${path}?api_key=${KEY}`);
  await eventually(() => expect(stream.folded[gold]).toBe('0'));
  await mint(chain, gold, owner, 9n);
  await eventually(() => expect(stream.folded[gold]).toBe('9'));
});

it('clients of one wallet are counted by key', async () => {
  const owner = await chain.newWallet();
  const make = async (key: string) => {
    const clientId = crypto.randomUUID();
    const headers = { 'x-api-key': key, 'x-client-id': clientId };
    const path = `/${chain.chainId}/sessions/${owner}`;
    const { status } = await rest(app, 'POST', path, { body: { customTokens: [gold] }, headers });
    const stream = new RestStream(app, `/sse/${chain.chainId}/balances/${owner}?api_key=${key}`, {
      'x-client-id': clientId,
    });
    streams.use(stream);
    await eventually(() => expect(stream.statuses).toHaveLength(1));
    return status;
  };
  using streams = new DisposableStack();
  for (let i = 0; i < 5; i++) expect(await make(KEY)).toBe(200);
  expect(await make(KEY)).toBe(429);
  expect(await make('of-the-desk')).toBe(200);
});
