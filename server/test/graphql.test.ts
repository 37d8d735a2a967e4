import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTokenListServer } from '../devchain/tokenlist-server.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint } from './contracts.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

let chain: TestChain;
let app: App;
let gold: Address;
let iron: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  iron = await deployToken(chain, { symbol: 'IRON', decimals: 0 });
  app = await startTestApp(chain);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

async function query(text: string): Promise<unknown> {
  const { json } = await rest(app, 'POST', '/graphql', { body: { query: text } });
  return json;
}

describe('GraphQL on a real chain', () => {
  it('a session that is set anew: what came is sent, what left is in `removed` and gone', async () => {
    const owner = await chain.newWallet();
    const session = { chainId: chain.chainId, owner };
    using watcher = new Watcher(app, session);
    expect((await watcher.snapshot()).balances.has(gold)).toBe(false);
    const { client } = watcher;
    await client.createSession({ ...session, customTokens: [gold] });
    await eventually(() => expect(watcher.amount(gold)).toBe(0n));
    const updated = await client.updateSession({ ...session, customTokens: [iron] });
    expect(updated.tokens.map((token) => token.toLowerCase())).toContain(iron);
    await eventually(() => expect(watcher.amount(iron)).toBe(0n));
    await eventually(() => expect(watcher.amount(gold)).toBeUndefined());
    const symbols = watcher.states
      .slice(1)
      .flatMap(({ changes }) => changes.map(({ token }) => token.symbol));
    expect(new Set(symbols)).toEqual(new Set(['GOLD', 'IRON']));
    await mint(chain, gold, owner, 5n);
    await mint(chain, iron, owner, 6n);
    await eventually(() => expect(watcher.amount(iron)).toBe(6n));
    expect(watcher.amount(gold)).toBeUndefined();
  });

  it('a client that is not ours, graphql-sse, is told as its protocol has it', async () => {
    const owner = await chain.newWallet();
    const body = { customTokens: [gold] };
    await rest(app, 'POST', `/${chain.chainId}/sessions/${owner}`, { body });
    const client = createClient({ url: `${app.url}/graphql`, retryAttempts: 0 });
    const updates = client.iterate({
      query: `subscription {
        balances(chainId: ${chain.chainId}, owner: "${owner}") { kind balances { amount token { symbol } } }
      }`,
    });
    expect((await updates.next()).value).toMatchObject({ data: { balances: { kind: 'SNAPSHOT' } } });
    await mint(chain, gold, owner, 5n);
    expect((await updates.next()).value).toEqual({
      data: { balances: { kind: 'DIFF', balances: [{ amount: '5', token: { symbol: 'GOLD' } }] } },
    });
    client.dispose();
    const lost = createClient({ url: `${app.url}/graphql`, retryAttempts: 0 });
    const query = `subscription { balances(chainId: ${chain.chainId}, owner: "${gold}") { kind } }`;
    expect((await lost.iterate({ query }).next()).value).toMatchObject({
      errors: [{ extensions: { code: 'SESSION_NOT_FOUND' } }],
    });
  });

  it('a token list gives the tokens of this chain, and their logos', async () => {
    const owner = await chain.newWallet();
    const entry = { name: 'Gold', symbol: 'GOLD', decimals: 18, logoURI: 'https://logo.example/gold.png' };
    await using lists = await startTokenListServer({
      name: 'A list',
      timestamp: '2026-01-01T00:00:00Z',
      version: { major: 1, minor: 0, patch: 0 },
      tokens: [
        { ...entry, chainId: chain.chainId, address: gold },
        { ...entry, chainId: 1, address: iron },
      ],
    });
    using watcher = new Watcher(app, { chainId: chain.chainId, owner, tokensListsUrls: [lists.url] });
    const { balances } = await watcher.snapshot();
    expect(balances.get(gold)?.token.logoURI).toBe('https://logo.example/gold.png');
    expect(balances.has(iron)).toBe(false);
    expect(balances.size).toBe(3);
  });

  it('one-off reads at the latest, the safe and the finalized block', async () => {
    const owner = await chain.newWallet();
    await mint(chain, iron, owner, 1n);
    await chain.mine(100);
    await mint(chain, iron, owner, 1n);
    const tags = ['LATEST', 'SAFE', 'FINALIZED'];
    const fields = tags.map(
      (at) =>
        `${at}: balance(owner: "${owner}", token: "${iron}", at: ${at}) { amount formatted block { number hash } }`,
    );
    const { data } = (await query(`{ ${fields.join(' ')} }`)) as {
      data: Record<string, { amount: string; formatted: string; block: { hash: `0x${string}` } }>;
    };
    expect(data.LATEST).toMatchObject({ amount: '2', formatted: '2' });
    for (const tag of tags) {
      const { amount, block } = data[tag] ?? {};
      expect(amount).toBe(String(await balanceOf(chain, iron, owner, block?.hash)));
    }
  });

  it('says which chains are served, and refuses the others by code', async () => {
    const answer = await query(
      '{ chains { id name healthy head { number } native { symbol } wrappedNative { address } } }',
    );
    expect(answer).toMatchObject({
      data: { chains: [{ id: chain.chainId, healthy: true, native: { symbol: 'ETH' } }] },
    });
    expect(
      await query(`{ balance(chainId: 5, owner: "${gold}", token: "native") { amount } }`),
    ).toMatchObject({
      errors: [{ extensions: { code: 'CHAIN_NOT_SERVED' } }],
    });
  });
});
