import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTokenListServer, type TokenListServer } from '../devchain/tokenlist-server.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { startTestApp } from './app.ts';
import { deployToken } from './contracts.ts';
import { startTrap } from './loopback-internet.ts';
import { rest } from './rest-stream.ts';

let chain: TestChain;
let app: App;
let gold: Address;
let host: TokenListServer;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  host = await startTokenListServer({
    name: 'A list',
    timestamp: '2026-01-01T00:00:00Z',
    version: { major: 1, minor: 0, patch: 0 },
    tokens: [
      { chainId: chain.chainId, address: gold, name: 'Gold', symbol: 'GOLD', decimals: 18, logoURI: '' },
    ],
  });
  app = await startTestApp(chain);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const session = (owner: Address) => `/${chain.chainId}/sessions/${owner}`;
const many = (count: number) => Array.from({ length: count }, (_, i) => `${host.url}?${i}`);

describe('token lists of a request', () => {
  it('twenty are taken, one more is not', async () => {
    const owner = await chain.newWallet();
    expect(await rest(app, 'POST', session(owner), { body: { tokensListsUrls: many(21) } })).toMatchObject({
      status: 400,
      json: { message: 'Bad request: 21 token lists exceed the limit of 20 a request' },
    });
    const query = `mutation($urls: [URL!]) {
      createSession(input: { chainId: ${chain.chainId}, owner: "${owner}", tokensListsUrls: $urls }) { tokens }
    }`;
    const graphql = (urls: readonly string[]) =>
      rest(app, 'POST', '/graphql', { body: { query, variables: { urls } } });
    expect((await graphql(many(21))).json).toMatchObject({
      errors: [
        {
          message: '21 token lists exceed the limit of 20 a request',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
    expect((await graphql(many(20))).json).toMatchObject({ data: { createSession: {} } });
    expect(await rest(app, 'POST', session(owner), { body: { tokensListsUrls: many(20) } })).toMatchObject({
      status: 200,
    });
  });

  it('one that cannot be had fails the request by its name, and no session starts with fewer tokens', async () => {
    const owner = await chain.newWallet();
    const missing = `${host.url}.gone?key=mine`;
    const body = { tokensListsUrls: [host.url, missing], customTokens: [gold] };
    expect(await rest(app, 'POST', session(owner), { body })).toMatchObject({
      status: 400,
      json: { message: `Bad request: token list ${missing}: answered with status 404` },
    });
    // PUT wants a session that is there.
    expect(await rest(app, 'PUT', session(owner), { body: { customTokens: [gold] } })).toMatchObject({
      status: 404,
    });
  });

  it('where private ones are not allowed, nothing is connected to, and the caller is told why', async () => {
    await using trap = await startTrap();
    await using strict = await startTestApp(chain, {
      ALLOW_PRIVATE_TOKEN_LISTS: 'false',
      TOKEN_LIST_BLOCKED_DOMAINS: 'evil.example',
    });
    const owner = await chain.newWallet();
    for (const [url, reason] of [
      [`http://127.0.0.1:${trap.port}/`, 'only https: addresses are fetched'],
      [`https://127.0.0.1:${trap.port}/`, 'its address is not public'],
      [`https://2130706433:${trap.port}/`, 'its address is not public'],
      [`https://[::ffff:127.0.0.1]:${trap.port}/`, 'its address is not public'],
      [`https://localhost:${trap.port}/`, 'expected the name of a host on the public internet'],
      ['https://a.evil.example/', 'the domain evil.example is blocked'],
    ]) {
      const body = { tokensListsUrls: [url], customTokens: [gold] };
      expect(await rest(strict, 'POST', session(owner), { body })).toMatchObject({
        status: 400,
        json: { message: `Bad request: token list ${url}: ${reason}` },
      });
    }
    expect(trap.caught).toBe(0);
    const metrics = await fetch(`${strict.url}/metrics`).then((response) => response.text());
    expect(metrics).toContain('balance_stream_token_list_fetches_total{outcome="rejected"} 6');
  });
});
