import { parseEther } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployManyTokens, deployToken, mint } from './contracts.ts';
import { RestStream, rest } from './rest-stream.ts';

const CLIENT_A = '11111111-1111-4111-8111-111111111111';
const CLIENT_B = '22222222-2222-4222-8222-222222222222';

let chain: TestChain;
let app: App;
let gold: Address;
let iron: Address;
let owner: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  iron = await deployToken(chain, { symbol: 'IRON' });
  app = await startTestApp(chain, { SESSION_IDLE_TTL: '60', MAX_CLIENTS_PER_OWNER: '2' });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const sessionPath = (wallet: Address) => `/${chain.chainId}/sessions/${wallet}`;
const ssePath = (wallet: Address, query = '') => `/sse/${chain.chainId}/balances/${wallet}${query}`;
const create = (wallet: Address, customTokens: readonly Address[], headers = {}) =>
  rest(app, 'POST', sessionPath(wallet), { body: { customTokens }, headers });

/** Whether the session lives, asked in the one way that does not prolong it. */
async function lives(server: App, wallet: Address): Promise<boolean> {
  const query = `{ session(chainId: ${chain.chainId}, owner: "${wallet}") { expiresAt } }`;
  const { json } = await rest(server, 'POST', '/graphql', { body: { query } });
  return (json as { data: { session: unknown } }).data.session !== null;
}

describe('a REST stream', () => {
  it('begins with everything, zeros included, then sends what changed and nothing else', async () => {
    owner = await chain.newWallet(parseEther('2'));
    const created = await create(owner, [gold, iron]);
    expect(created.status).toBe(200);
    expect(created.json).toMatchObject({ chainId: chain.chainId, tokens: 4 });
    using stream = new RestStream(app, ssePath(owner));
    await eventually(() => expect(stream.events).toHaveLength(1));
    expect(stream.events[0]?.balances).toEqual({
      [NATIVE]: parseEther('2').toString(),
      [chain.weth]: '0',
      [gold]: '0',
      [iron]: '0',
    });
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(stream.events).toHaveLength(2));
    expect(stream.events[1]?.balances).toEqual({ [gold]: '5' });
  });

  it('is refused with 404 where there is no session', async () => {
    const wallet = await chain.newWallet();
    const { status, json } = await rest(app, 'GET', ssePath(wallet));
    expect(status).toBe(404);
    expect(json).toMatchObject({ code: 404, message: expect.stringMatching(/^Not found: /) });
  });

  it('resumes after the last event id with what changed meanwhile, and with nothing where nothing did', async () => {
    const wallet = await chain.newWallet();
    await create(wallet, [gold, iron]);
    const first = new RestStream(app, ssePath(wallet));
    await eventually(() => expect(first.events).toHaveLength(1));
    await mint(chain, gold, wallet, 1n);
    await eventually(() => expect(first.events).toHaveLength(2));
    first[Symbol.dispose]();
    const cursor = first.events[1]?.id ?? '';

    // Nothing has happened: the next thing that it hears of is the next change.
    using quiet = new RestStream(app, ssePath(wallet, `?last_event_id=${cursor}`));
    await eventually(() => expect(quiet.isOpen).toBe(true));
    await mint(chain, iron, wallet, 8n);
    await eventually(() => expect(quiet.events).toHaveLength(1));
    expect(quiet.events[0]?.balances).toEqual({ [iron]: '8' });

    using resumed = new RestStream(app, ssePath(wallet), { 'last-event-id': cursor });
    await eventually(() => expect(resumed.events).toHaveLength(1));
    expect(resumed.events[0]?.balances).toEqual({ [iron]: '8' });

    // A cursor that proves nothing (nonsense, or another wallet's) is answered with everything.
    using nonsense = new RestStream(app, ssePath(wallet, '?last_event_id=nonsense'));
    await eventually(() => expect(Object.keys(nonsense.events[0]?.balances ?? {})).toHaveLength(4));
    using foreign = new RestStream(app, ssePath(owner, `?last_event_id=${cursor}`));
    await eventually(() => expect(Object.keys(foreign.events[0]?.balances ?? {})).toHaveLength(4));
  });

  it('ends at once for the server when the client goes: the session becomes idle', async () => {
    const wallet = await chain.newWallet();
    await using brief = await startTestApp(chain, { SESSION_IDLE_TTL: '0.3' });
    await rest(brief, 'POST', sessionPath(wallet), { body: { customTokens: [gold] } });
    const stream = new RestStream(brief, ssePath(wallet));
    await eventually(() => expect(stream.events).toHaveLength(1));
    await mint(chain, gold, wallet, 3n);
    await eventually(() => expect(stream.events).toHaveLength(2));
    expect(await lives(brief, wallet)).toBe(true);
    stream[Symbol.dispose]();
    await eventually(async () => expect(await lives(brief, wallet)).toBe(false));
  });
});

describe('a session', () => {
  it('goes after its idle time, counted from its creation where nobody listens', async () => {
    await using brief = await startTestApp(chain, { SESSION_IDLE_TTL: '0.3' });
    const wallet = await chain.newWallet();
    await rest(brief, 'POST', sessionPath(wallet), { body: { customTokens: [gold] } });
    await eventually(async () => expect(await lives(brief, wallet)).toBe(false));
    expect((await rest(brief, 'GET', ssePath(wallet))).status).toBe(404);
    const put = await rest(brief, 'PUT', sessionPath(wallet), { body: { customTokens: [gold] } });
    expect(put.status).toBe(404);
  });

  it('without a client id is shared by all devices of a wallet, and only grows', async () => {
    const wallet = await chain.newWallet();
    await create(wallet, [gold]);
    using stream = new RestStream(app, ssePath(wallet));
    await eventually(() => expect(stream.events).toHaveLength(1));
    expect((await create(wallet, [iron])).json).toMatchObject({ tokens: 4 });
    const put = await rest(app, 'PUT', sessionPath(wallet), { body: { customTokens: [gold] } });
    expect(put).toMatchObject({ status: 200, json: { tokens: 4 } });
    await eventually(() => expect(stream.events.at(-1)?.balances).toEqual({ [iron]: '0' }));
  });

  it('with a client id is that client’s own: PUT sets it, and what left is never sent again', async () => {
    const wallet = await chain.newWallet();
    const mine = { headers: { 'x-client-id': CLIENT_A } };
    await create(wallet, [gold], mine.headers);
    await create(wallet, [gold], { 'x-client-id': CLIENT_B });
    using a = new RestStream(app, ssePath(wallet, `?client_id=${CLIENT_A}`));
    using b = new RestStream(app, ssePath(wallet, `?client_id=${CLIENT_B}`));
    await eventually(() => expect([a.events.length, b.events.length]).toEqual([1, 1]));
    const put = await rest(app, 'PUT', sessionPath(wallet), { body: { customTokens: [iron] }, ...mine });
    expect(put).toMatchObject({ status: 200, json: { tokens: 3 } });
    await eventually(() => expect(a.folded[iron]).toBe('0'));
    await mint(chain, gold, wallet, 4n);
    await mint(chain, iron, wallet, 6n);
    await eventually(() => expect(a.folded[iron]).toBe('6'));
    await eventually(() => expect(b.folded[gold]).toBe('4'));
    expect(a.folded[gold]).toBe('0');
    expect(b.folded[iron]).toBeUndefined();
  });

  it('is one, however many create it at the same time', async () => {
    const wallet = await chain.newWallet();
    const all = await Promise.all([...Array(20)].map((_, i) => create(wallet, [i % 2 ? gold : iron])));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    using stream = new RestStream(app, ssePath(wallet));
    await eventually(() =>
      expect(Object.keys(stream.folded).sort()).toEqual([NATIVE, chain.weth, gold, iron].sort()),
    );
  });

  it('takes 1,000 tokens and refuses 1,001; the native coin and its wrapped token are not counted', async () => {
    const wallet = await chain.newWallet();
    const tokens = await deployManyTokens(chain, 1001, { owner: wallet });
    const refused = await create(wallet, tokens);
    expect(refused).toMatchObject({ status: 400, json: { code: 400 } });
    expect(JSON.stringify(refused.json)).toMatch(/1001 .*1000/);
    // Nothing of what was refused remains.
    expect((await rest(app, 'GET', ssePath(wallet))).status).toBe(404);
    const accepted = await create(wallet, [...tokens.slice(0, 1000), NATIVE, chain.weth]);
    expect(accepted).toMatchObject({ status: 200, json: { tokens: 1002 } });
    using stream = new RestStream(app, ssePath(wallet));
    await eventually(() => expect(Object.keys(stream.events[0]?.balances ?? {})).toHaveLength(1002));
    expect(stream.folded[tokens[999] ?? NATIVE]).toBe(parseEther('1000').toString());
    const one = await create(wallet, [tokens[1000] ?? NATIVE]);
    expect(one.status).toBe(400);
  });

  it('limits the clients of a wallet: those that listen stay, those that do not make room', async () => {
    const wallet = await chain.newWallet();
    const client = (digit: string) => ({ 'x-client-id': `${digit.repeat(8)}-1111-4111-8111-111111111111` });
    await create(wallet, [gold], client('a'));
    await create(wallet, [gold], client('b'));
    using a = new RestStream(app, ssePath(wallet), client('a'));
    await eventually(() => expect(a.events).toHaveLength(1));
    expect((await create(wallet, [gold], client('c'))).status).toBe(200);
    expect((await rest(app, 'GET', ssePath(wallet), { headers: client('b') })).status).toBe(404);
    using c = new RestStream(app, ssePath(wallet), client('c'));
    await eventually(() => expect(c.events).toHaveLength(1));
    expect((await create(wallet, [gold], client('d'))).status).toBe(429);
    expect((await create(wallet, [gold])).status).toBe(200);
  });
});

describe('one-off reads', () => {
  it('need no session', async () => {
    const wallet = await chain.newWallet(77n);
    await mint(chain, gold, wallet, 12n);
    const single = await rest(app, 'GET', `/${chain.chainId}/balance/${wallet}/${gold}`);
    expect(single).toEqual({ status: 200, json: { balance: '12' } });
    const codeless: Address = '0x00000000000000000000000000000000000c0de1';
    const many = await rest(app, 'POST', `/${chain.chainId}/balances/${wallet}`, {
      body: { tokens: [gold, 'native', iron, codeless] },
    });
    expect(many.status).toBe(200);
    expect(many.json).toEqual({ balances: { [gold]: '12', [NATIVE]: '77', [iron]: '0' } });
    const unreadable = await rest(app, 'GET', `/${chain.chainId}/balance/${wallet}/${codeless}`);
    expect(unreadable).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/^Bad request: /) },
    });
    expect((await rest(app, 'GET', `/1/balance/${wallet}/${gold}`)).status).toBe(404);
  });
});
