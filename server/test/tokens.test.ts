import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { checksum } from '../delivery/address.ts';
import { startTokenListServer, type TokenListServer } from '../devchain/tokenlist-server.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { startTestApp } from './app.ts';
import { deployToken } from './contracts.ts';
import { startTrap } from './loopback-internet.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';

/** Who streams many wallets names their tokens, and gets them from the lists that everybody uses. */
const LOGO = 'https://lists.test/gold.png';

let chain: TestChain;
let proxy: NodeProxy;
let app: App;
let gold: Address;
let silver: Address;
let fresh: Address;
let host: TokenListServer;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  silver = await deployToken(chain, { symbol: 'SILVER' });
  fresh = await deployToken(chain, { symbol: 'FRESH' });
  const entry = { chainId: chain.chainId, name: 'Gold', symbol: 'GOLD', decimals: 18, logoURI: LOGO };
  host = await startTokenListServer({
    name: 'A list',
    timestamp: '2026-01-01T00:00:00Z',
    version: { major: 1, minor: 0, patch: 0 },
    tokens: [
      { ...entry, address: gold },
      { ...entry, address: chain.weth },
      { ...entry, chainId: 1, address: silver },
    ],
  });
  proxy = await startNodeProxy(chain);
  app = await startTestApp({ chainId: chain.chainId, url: proxy.url, wsUrl: proxy.wsUrl, weth: chain.weth });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly data?: { readonly tokens: readonly { readonly address: Address }[] } | null;
  readonly errors?: readonly unknown[];
}

const QUERY = `query ($chainId: Int!, $lists: [URL!], $custom: [Address!]) {
  tokens(chainId: $chainId, tokensListsUrls: $lists, customTokens: $custom) { address }
}`;

async function ask(
  of: App,
  variables: { chainId?: number; lists?: readonly string[]; custom?: readonly Address[] },
  { query = QUERY, headers = {} } = {},
): Promise<Answer> {
  const body = { query, variables: { chainId: chain.chainId, ...variables } };
  return (await rest(of, 'POST', '/graphql', { body, headers })).json as Answer;
}

const addresses = ({ data }: Answer) => data?.tokens.map(({ address }) => address);
const named = (...tokens: Address[]) => tokens.map(checksum);
const refusal = (code: string, message: unknown) => ({ errors: [{ message, extensions: { code } }] });

describe('the tokens that a session would watch', () => {
  it('are those of the lists on that chain, the custom ones, and those that every session has', async () => {
    const answer = await ask(app, { lists: [host.url], custom: [silver, gold] });
    expect(addresses(answer)).toEqual(named(NATIVE, chain.weth, silver, gold));
    const owner = await chain.newWallet();
    const body = { tokensListsUrls: [host.url], customTokens: [silver, gold] };
    const path = `/${chain.chainId}/sessions/${owner}`;
    expect(await rest(app, 'POST', path, { body })).toMatchObject({ status: 200 });
    const query = `{ session(chainId: ${chain.chainId}, owner: "${owner}") { tokens } }`;
    const { json } = await rest(app, 'POST', '/graphql', { body: { query } });
    expect(json).toEqual({ data: { session: { tokens: addresses(answer) } } });
  });

  it('are the always watched ones where nothing is named', async () => {
    expect(addresses(await ask(app, {}))).toEqual(named(NATIVE, chain.weth));
    expect(addresses(await ask(app, { lists: [], custom: [] }))).toEqual(named(NATIVE, chain.weth));
  });

  it('make no session', async () => {
    const metrics = () => fetch(`${app.url}/metrics`).then((response) => response.text());
    const watched = async () => (await metrics()).match(/^balance_stream_(sessions|watched_pairs).*$/gm);
    const before = await watched();
    expect(before).toHaveLength(2);
    await ask(app, { lists: [host.url] });
    expect(await watched()).toEqual(before);
  });

  it('cost the chain nothing by their addresses, and say of themselves what balances say', async () => {
    proxy.reset();
    expect(addresses(await ask(app, { lists: [host.url], custom: [fresh] }))).toContain(checksum(fresh));
    expect(proxy.count('eth_call')).toBe(0);
    const query = QUERY.replace('{ address }', '{ address symbol decimals logoURI native }');
    const { data } = await ask(app, { lists: [host.url], custom: [fresh] }, { query });
    expect(data?.tokens).toEqual([
      { address: checksum(NATIVE), symbol: 'ETH', decimals: 18, logoURI: null, native: true },
      { address: checksum(chain.weth), symbol: 'WETH', decimals: 18, logoURI: LOGO, native: false },
      { address: checksum(fresh), symbol: 'FRESH', decimals: 18, logoURI: null, native: false },
      { address: checksum(gold), symbol: 'GOLD', decimals: 18, logoURI: LOGO, native: false },
    ]);
    expect(proxy.count('eth_call')).toBeGreaterThan(0);
  });
});

describe('what is refused as it is of a session', () => {
  it('a chain that is not served, and more lists than twenty', async () => {
    expect(await ask(app, { chainId: 424242 })).toMatchObject(
      refusal('CHAIN_NOT_SERVED', 'chain 424242 is not served'),
    );
    const lists = Array.from({ length: 21 }, (_, i) => `${host.url}?${i}`);
    expect(await ask(app, { lists })).toMatchObject(
      refusal('BAD_USER_INPUT', '21 token lists exceed the limit of 20 a request'),
    );
  });

  it('a list that cannot be had, by its name', async () => {
    const missing = `${host.url}.gone`;
    expect(await ask(app, { lists: [host.url, missing] })).toMatchObject(
      refusal('TOKEN_LIST_UNAVAILABLE', `token list ${missing}: answered with status 404`),
    );
  });

  it('an address that is not of the public internet: nothing is connected to', async () => {
    await using trap = await startTrap();
    await using strict = await startTestApp(chain, { ALLOW_PRIVATE_TOKEN_LISTS: 'false' });
    const url = `https://127.0.0.1:${trap.port}/`;
    expect(await ask(strict, { lists: [url] })).toMatchObject(
      refusal('TOKEN_LIST_REJECTED', `token list ${url}: its address is not public`),
    );
    expect(trap.caught).toBe(0);
  });

  it('more tokens than a session may have, beside those that every session has', async () => {
    await using narrow = await startTestApp(chain, { MAX_WATCHED_TOKENS_LIMIT: '1' });
    expect(addresses(await ask(narrow, { lists: [host.url] }))).toHaveLength(3);
    expect(await ask(narrow, { lists: [host.url], custom: [silver] })).toMatchObject(
      refusal('TOKEN_LIMIT_EXCEEDED', '2 tokens exceed the limit of 1 tokens a session'),
    );
  });

  it('who asks too often, and who has no key', async () => {
    await using busy = await startTestApp(chain, { RATE_LIMIT_PER_MINUTE: '2', API_KEYS: 'of-the-desk' });
    expect(await ask(busy, {})).toMatchObject(refusal('UNAUTHENTICATED', expect.any(String)));
    const headers = { 'x-api-key': 'of-the-desk' };
    for (const _ of [1, 2]) expect(addresses(await ask(busy, {}, { headers }))).toHaveLength(2);
    expect(await ask(busy, {}, { headers })).toMatchObject(refusal('RATE_LIMITED', expect.any(String)));
  });
});
