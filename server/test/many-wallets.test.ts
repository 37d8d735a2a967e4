import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint, pay, transfer } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { RestStream, rest } from './rest-stream.ts';
import { type Item, WalletStream } from './wallet-stream.ts';

/** Many wallets, two chains, one stream: as a custody desk mirrors its hot wallets. */
let here: TestChain;
let there: TestChain;
let gold: Address;
let silver: Address;
let running: AsyncDisposableStack;
let owner: Address;

beforeAll(async () => {
  [here, there] = await Promise.all([startTestChain(), startTestChain({ chainId: 1337 })]);
  [gold, silver] = [
    await deployToken(here, { symbol: 'GOLD' }),
    await deployToken(there, { symbol: 'SILVER', decimals: 6 }),
  ];
});
beforeEach(async () => {
  running = new AsyncDisposableStack();
  owner = await here.newWallet();
  await there.setNativeBalance(owner, 5n);
});
afterEach(() => running.disposeAsync());
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
  await there?.[Symbol.asyncDispose]();
});

const start = async (environment = {}) =>
  running.use(await startTestApp([here, there], { SESSION_IDLE_TTL: '5', ...environment }));

const onBoth = (): Item[] => [
  { chainId: here.chainId, owner, tokens: [gold, 'native'] },
  { chainId: there.chainId, owner, tokens: [silver, 'native'] },
];

const watch = (app: App, items: readonly Item[], after?: string, headers?: Record<string, string>) =>
  running.use(new WalletStream(app, items, after, headers));

/** The chains that it has had a snapshot of. */
const snapshots = ({ updates }: WalletStream) =>
  updates.filter(({ kind }) => kind === 'SNAPSHOT').map(({ balances }) => balances[0]?.chainId);

async function opened(stream: WalletStream, chains = 2): Promise<void> {
  await eventually(() => expect(snapshots(stream)).toHaveLength(chains));
}

const refusedWith = (code: string, message: string) =>
  expect.objectContaining({
    message: expect.stringContaining(message),
    extensions: expect.objectContaining({ code }),
  });

describe('one stream of a wallet on two chains', () => {
  it('begins with a snapshot of each, and goes on with what changes, each update of one chain', async () => {
    const app = await start();
    const stream = watch(app, onBoth());
    await opened(stream);
    expect(snapshots(stream).sort()).toEqual([there.chainId, here.chainId]);
    expect(stream.amount(there.chainId, owner, NATIVE)).toBe(5n);
    expect(stream.amount(here.chainId, owner, gold)).toBe(0n);

    const minted = [await mint(here, gold, owner, 7n), await mint(there, silver, owner, 8n)];
    await eventually(() => {
      expect(stream.amount(here.chainId, owner, gold)).toBe(7n);
      expect(stream.amount(there.chainId, owner, silver)).toBe(8n);
    });
    const diffs = stream.updates.filter(({ kind }) => kind === 'DIFF');
    for (const { balances } of diffs) expect(new Set(balances.map(({ chainId }) => chainId)).size).toBe(1);
    // What moved, from what, in which transaction.
    const changes = diffs.flatMap(({ balances }) => balances);
    for (const [chain, transaction] of [
      [here, minted[0]],
      [there, minted[1]],
    ] as const)
      expect(changes).toContainEqual(
        expect.objectContaining({
          chainId: chain.chainId,
          previousAmount: '0',
          transactions: [transaction],
          crossed: [],
        }),
      );
  });

  it('a node that dies holds up the other chain in nothing', async () => {
    const other = running.use(await startTestChain({ chainId: 1338 }));
    const copper = await deployToken(other, { symbol: 'COPPER' });
    const app = running.use(await startTestApp([here, other]));
    const items = [
      { chainId: here.chainId, owner, tokens: [gold] },
      { chainId: other.chainId, owner, tokens: [copper] },
    ];
    const stream = watch(app, items);
    await opened(stream);
    await other.kill();
    await mint(here, gold, owner, 1n);
    await eventually(() => expect(stream.amount(here.chainId, owner, gold)).toBe(1n));
    // Whoever comes now is told of the chain that is there, and of the other once it is back.
    const late = await here.newWallet();
    const latecomer = watch(
      app,
      items.map((item) => ({ ...item, owner: late })),
    );
    await opened(latecomer, 1);
    await mint(here, gold, late, 2n);
    await eventually(() => expect(latecomer.amount(here.chainId, late, gold)).toBe(2n));
    expect(snapshots(latecomer)).toEqual([here.chainId]);

    await other.up();
    await mint(other, copper, owner, 3n);
    await mint(other, copper, late, 4n);
    await eventually(() => {
      expect(stream.amount(other.chainId, owner, copper)).toBe(3n);
      expect(latecomer.amount(other.chainId, late, copper)).toBe(4n);
    });
    expect(snapshots(stream)).toHaveLength(2);
  });

  it('a chain without a node at the start comes when it can', async () => {
    const other = running.use(await startTestChain({ chainId: 1338 }));
    await other.down();
    const app = running.use(await startTestApp([here, other]));
    const stream = watch(app, [
      { chainId: here.chainId, owner, tokens: ['native'] },
      { chainId: other.chainId, owner, tokens: ['native'] },
    ]);
    await opened(stream, 1);
    await other.up();
    await opened(stream, 2);
  });
});

describe('a cursor', () => {
  it('covers all chains: who comes back is told what changed on either, and nothing else', async () => {
    const app = await start();
    const stream = watch(app, onBoth());
    await opened(stream);
    await mint(here, gold, owner, 7n);
    await eventually(() => expect(stream.amount(here.chainId, owner, gold)).toBe(7n));
    stream[Symbol.dispose]();

    await mint(there, silver, owner, 9n);
    await mint(here, gold, owner, 1n);
    const resumed = watch(app, onBoth(), stream.cursor);
    await eventually(() => {
      expect(resumed.amount(there.chainId, owner, silver)).toBe(9n);
      expect(resumed.amount(here.chainId, owner, gold)).toBe(8n);
    });
    expect(snapshots(resumed)).toEqual([]);
    expect(resumed.amount(there.chainId, owner, NATIVE)).toBeUndefined();
  });

  it('of one chain alone resumes that one, and the other begins anew', async () => {
    const app = await start();
    const [mine, theirs] = onBoth() as [Item, Item];
    const stream = watch(app, [mine]);
    await opened(stream, 1);
    await mint(here, gold, owner, 7n);
    await eventually(() => expect(stream.amount(here.chainId, owner, gold)).toBe(7n));
    stream[Symbol.dispose]();
    const both = watch(app, [mine, theirs], stream.cursor);
    await opened(both, 1);
    expect(snapshots(both)).toEqual([there.chainId]);
    await mint(here, gold, owner, 1n);
    await eventually(() => expect(both.amount(here.chainId, owner, gold)).toBe(8n));
  });

  it('of other tokens, or of a list that is forgotten, gets everything', async () => {
    const app = await start({ SESSION_IDLE_TTL: '1' });
    const stream = watch(app, onBoth());
    await opened(stream);
    const [mine, theirs] = onBoth() as [Item, Item];
    const other = watch(app, [{ ...mine, tokens: ['native'] }, theirs], stream.cursor);
    await opened(other, 1);
    expect(snapshots(other)).toEqual([here.chainId]);
    stream[Symbol.dispose]();
    other[Symbol.dispose]();
    await eventually(async () => {
      const { chains } = (await rest(app, 'GET', '/health')).json as { chains: { pendingTouches: number }[] };
      expect(chains).toBeDefined();
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      expect(metrics).toContain('balance_stream_session_pairs 0\n');
    });
    await opened(watch(app, onBoth(), stream.cursor));
  });
});

describe('what it costs', () => {
  let proxy: NodeProxy;
  let app: App;

  beforeEach(async () => {
    proxy = running.use(await startNodeProxy(here));
    app = running.use(await startTestApp({ ...here, url: proxy.url, wsUrl: proxy.wsUrl }));
  });

  it('a second stream, and a session of the same wallet, read nothing more', async () => {
    const items = [{ chainId: here.chainId, owner, tokens: [gold, here.weth, 'native' as const] }];
    const first = watch(app, items);
    await opened(first, 1);
    await eventually(async () => {
      const { number } = await here.head();
      expect((await rest(app, 'GET', '/health')).json).toMatchObject({
        chains: [{ head: { number }, pendingTouches: 0 }],
      });
    });
    proxy.reset();
    const second = watch(app, items);
    await rest(app, 'POST', `/${here.chainId}/sessions/${owner}`, { body: { customTokens: [gold] } });
    using session = new RestStream(app, `/sse/${here.chainId}/balances/${owner}`);
    await opened(second, 1);
    await eventually(() => expect(session.folded[gold]).toBe('0'));
    expect(proxy.count('eth_call')).toBe(0);
    await mint(here, gold, owner, 3n);
    await eventually(() => {
      for (const stream of [first, second]) expect(stream.amount(here.chainId, owner, gold)).toBe(3n);
      expect(session.folded[gold]).toBe('3');
    });
    expect(proxy.count('eth_call')).toBe(1);
  });

  it('1,000 wallets of 10 tokens are one stream, and a change of one of them one balance', async () => {
    const owners = Array.from(
      { length: 1000 },
      (_, index): Address => `0x${(0xabc000 + index).toString(16).padStart(40, '0')}`,
    );
    const tokens = Array.from(
      { length: 9 },
      (_, index): Address => `0x${(0xdef000 + index).toString(16).padStart(40, '0')}`,
    );
    const items = owners.map((one) => ({ chainId: here.chainId, owner: one, tokens: [gold, ...tokens] }));
    const stream = watch(app, items);
    await opened(stream, 1);
    expect(stream.updates[0]?.balances).toHaveLength(10_000);
    await mint(here, gold, owners[500] as Address, 42n);
    await eventually(() => expect(stream.amount(here.chainId, owners[500] as Address, gold)).toBe(42n));
    expect(stream.updates.flatMap(({ kind, balances }) => (kind === 'DIFF' ? balances : []))).toHaveLength(1);
  });
});

describe('limits', () => {
  it('as many pairs as MAX_PAIRS_PER_STREAM, counted once each, and not one more', async () => {
    const app = await start({ MAX_PAIRS_PER_STREAM: '4' });
    const stream = watch(app, [...onBoth(), ...onBoth()]);
    await opened(stream);
    const [mine, theirs] = onBoth() as [Item, Item];
    const tooMany = watch(app, [{ ...mine, tokens: [...mine.tokens, here.weth] }, theirs]);
    await tooMany.ended;
    expect(tooMany.errors).toEqual([refusedWith('TOKEN_LIMIT_EXCEEDED', '5 pairs')]);
  });

  it('what nobody listens to any more makes room for what somebody does', async () => {
    const app = await start({ MAX_WATCHED_PAIRS: '4', SESSION_IDLE_TTL: '600' });
    const stream = watch(app, onBoth());
    await opened(stream);
    const others = onBoth().map((item) => ({ ...item, owner: here.weth }));
    const refused = watch(app, others);
    await refused.ended;
    expect(refused.errors).toEqual([refusedWith('CAPACITY_EXCEEDED', 'no more than 4 pairs')]);
    stream[Symbol.dispose]();
    await eventually(async () => {
      const next = watch(app, others);
      await opened(next);
    });
  });
});

describe('the share of an address', () => {
  const asked = (owner: Address, count: number) => [
    { chainId: here.chainId, owner, tokens: Array.from({ length: count }, (_, index) => numbered(index)) },
  ];
  const numbered = (index: number): Address => `0x${(0x7000 + index).toString(16).padStart(40, '0')}`;
  const from = (address: string) => ({ 'x-forwarded-for': address });

  it('leaves room for others, and what it no longer listens to goes first', async () => {
    const app = await start({
      MAX_WATCHED_PAIRS: '12',
      MAX_WATCHED_PAIRS_PER_ADDRESS: '8',
      SESSION_IDLE_TTL: '600',
      TRUST_PROXY: '127.0.0.1',
    });
    const [greedy, modest] = [from('192.0.2.1'), from('192.0.2.2')];
    const first = watch(app, asked(owner, 4), undefined, greedy);
    const second = watch(app, asked(gold, 4), undefined, greedy);
    await opened(first, 1);
    await opened(second, 1);
    const refused = watch(app, asked(here.weth, 4), undefined, greedy);
    await refused.ended;
    expect(refused.errors).toEqual([refusedWith('RATE_LIMITED', 'no more than 8 pairs')]);
    const others = [{ chainId: here.chainId, owner: here.multicall, tokens: [gold, here.weth] }];
    const other = watch(app, others, undefined, modest);
    await opened(other, 1);

    // Nobody listens to it, but who has a cursor may come back: what makes room is the other one's own.
    const { cursor } = other;
    other[Symbol.dispose]();
    first[Symbol.dispose]();
    await eventually(async () => {
      const third = watch(app, asked(here.weth, 4), undefined, greedy);
      await opened(third, 1);
    });
    const resumed = watch(app, others, cursor, modest);
    await mint(here, gold, here.multicall, 1n);
    await eventually(() => expect(resumed.updates.map(({ kind }) => kind)).toEqual(['DIFF']));
  });

  it('is also of conditions, for as long as the stream is there', async () => {
    const app = await start({ MAX_WATCHED_PAIRS_PER_ADDRESS: '8' });
    const conditions = Array.from({ length: 5 }, (_, index) => ({ token: gold, below: `${index}` }));
    const alarm = [{ chainId: here.chainId, owner, tokens: [gold], conditions }];
    const first = watch(app, alarm);
    await opened(first, 1);
    // The pair is watched already.
    const refused = watch(app, alarm);
    await refused.ended;
    expect(refused.errors).toEqual([refusedWith('RATE_LIMITED', 'no more than 8 pairs')]);
    first[Symbol.dispose]();
    await eventually(() => opened(watch(app, alarm), 1));
  });

  it('is of sessions, too: of whoever wrote them last', async () => {
    const app = await start({
      MAX_WATCHED_PAIRS: '20',
      MAX_WATCHED_PAIRS_PER_ADDRESS: '8',
      TRUST_PROXY: '127.0.0.1',
    });
    const write = (wallet: Address, tokens: number, address: string) =>
      rest(app, 'POST', `/${here.chainId}/sessions/${wallet}`, {
        body: { customTokens: asked(wallet, tokens)[0]?.tokens },
        headers: from(address),
      });
    expect(await write(owner, 5, '192.0.2.1')).toMatchObject({ status: 200, json: { tokens: 7 } });
    expect(await write(gold, 1, '192.0.2.1')).toMatchObject({ status: 429 });
    // What a stranger has put into a list that all share is no reason to refuse who owns it.
    expect(await write(owner, 6, '192.0.2.2')).toMatchObject({ status: 200, json: { tokens: 8 } });
    expect(await write(gold, 1, '192.0.2.2')).toMatchObject({ status: 429 });
    expect(await write(gold, 1, '192.0.2.1')).toMatchObject({ status: 200, json: { tokens: 3 } });
  });
});

describe('conditions', () => {
  it('only what crosses one is told, and which', async () => {
    const app = await start();
    await mint(here, gold, owner, 100n);
    const alarm = { chainId: here.chainId, owner, tokens: [gold, NATIVE] };
    const all = watch(app, [alarm]);
    await eventually(() => expect(all.amount(here.chainId, owner, gold)).toBe(100n));
    const stream = watch(app, [{ ...alarm, conditions: [{ token: gold, below: '50' }] }]);
    await opened(stream, 1);
    const rich = await here.newWallet();
    const send = (amount: bigint) => transfer(here, gold, { from: owner, to: rich, amount });
    const first = await send(30n); // 70: nothing
    await pay(here, { from: rich, to: owner, amount: 1n }); // not asked for
    await eventually(() => expect(all.amount(here.chainId, owner, gold)).toBe(70n));
    const crossing = await send(30n); // 40: below
    await eventually(() => expect(stream.amount(here.chainId, owner, gold)).toBe(40n));
    await send(10n); // 30: still below
    await mint(here, gold, owner, 70n); // 100
    await eventually(() => expect(all.amount(here.chainId, owner, gold)).toBe(100n));
    await send(95n); // 5: below again
    await eventually(() => expect(stream.amount(here.chainId, owner, gold)).toBe(5n));
    const diffs = stream.updates.slice(1).flatMap(({ balances }) => balances);
    expect(diffs).toMatchObject([
      { amount: '40', previousAmount: '100', crossed: ['BELOW'], transactions: [first, crossing] },
      { amount: '5', previousAmount: '40', crossed: ['BELOW'], transactions: { length: 3 } },
    ]);
    expect(await balanceOf(here, gold, owner)).toBe(5n);
  });

  it('who comes back with a cursor is told everything, and what holds by then', async () => {
    const app = await start();
    const item = { chainId: here.chainId, owner, tokens: [gold], conditions: [{ token: gold, above: '10' }] };
    const stream = watch(app, [item]);
    const all = watch(app, [{ ...item, conditions: [] }]);
    await opened(stream, 1);
    stream[Symbol.dispose]();
    await mint(here, gold, owner, 11n);
    await eventually(() => expect(all.amount(here.chainId, owner, gold)).toBe(11n));
    const back = watch(app, [item], stream.cursor);
    await opened(back, 1);
    expect(back.updates[0]?.balances).toMatchObject([{ amount: '11', crossed: ['ABOVE'] }]);
    // And a cursor of who was told less is none for who wants it all.
    const wholly = watch(app, [{ ...item, conditions: [] }], stream.cursor);
    await opened(wholly, 1);
    expect(wholly.amount(here.chainId, owner, gold)).toBe(11n);
  });
});

it('stops without a word when the server does, so that its clients go elsewhere', async () => {
  const app = await startTestApp([here, there]);
  const stream = watch(app, onBoth());
  await opened(stream);
  await app[Symbol.asyncDispose]();
  await stream.ended;
  expect(stream.errors).toEqual([]);
});
