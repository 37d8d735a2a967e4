import { encodeFunctionData, erc20Abi } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { REMEMBERED_BLOCKS } from '../chain/lineage.ts';
import { MOST_WALLETS_EVERY_BLOCK } from '../chain/scan.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { type Replacement, startTestChain, type TestChain, type Transaction } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint, silentMint, transfer } from './contracts.ts';
import { eventsOf } from './events.ts';
import { failure, type NodeProxy, type Passing, startNodeProxy } from './node-proxy.ts';
import { RestStream, rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Whatever the chain takes back, balances go back with it, and what clients hold is what the new branch says. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let alice: Address;
let bob: Address;
let carol: Address;
let wallets: readonly Address[];

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  wallets = await Promise.all([chain.newWallet(), chain.newWallet(), chain.newWallet()]);
  [alice, bob, carol] = wallets as [Address, Address, Address];
  await mint(chain, gold, alice, 100n);
});
afterEach(() => running.disposeAsync());

async function start(environment = {}): Promise<App> {
  return running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
}

async function watch(app: App, owner: Address): Promise<Watcher> {
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  return watcher;
}

async function watchAll(app: App): Promise<readonly Watcher[]> {
  return await Promise.all(wallets.map((owner) => watch(app, owner)));
}

/** The server stands at the chain's head, by hash, and has nothing left to read. */
async function isQuiet(app: App): Promise<void> {
  await eventually(async () => {
    const { number, hash } = await chain.head();
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ healthy: true, head: { number, hash }, pendingTouches: 0 }] });
  });
}

/** The server has taken in the newest block, whatever that is, and every watcher holds what the chain says. */
async function agree(app: App, watchers: readonly Watcher[]): Promise<void> {
  await isQuiet(app);
  await eventually(async () => {
    for (const [index, watcher] of watchers.entries())
      for (const token of [gold, NATIVE])
        expect({ index, token, amount: watcher.amount(token) }).toEqual({
          index,
          token,
          amount: await balanceOf(chain, token, wallets[index] ?? NATIVE),
        });
  });
}

function transferring(from: Address, to: Address, amount: bigint): Transaction {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
  return { from, to: gold, data };
}

function paying(from: Address, to: Address, value: bigint): Transaction {
  return { from, to, value };
}

/** All of them in the next block, and so many blocks altogether. */
async function mineWith(transactions: readonly Transaction[], blocks: number): Promise<readonly Hash[]> {
  await chain.automine(false);
  const hashes: Hash[] = [];
  for (const transaction of transactions) hashes.push(await chain.send(transaction));
  await chain.mine(blocks);
  await chain.automine(true);
  return hashes;
}

function causes(watcher: Watcher | undefined): readonly string[] {
  return (watcher?.states ?? []).flatMap(({ cause }) => cause ?? []);
}

async function headOf(app: App): Promise<unknown> {
  const { json } = await rest(app, 'GET', '/health');
  return (json as { chains: { head: { hash: Hash } }[] }).chains[0]?.head.hash;
}

async function reorgsOf(app: App): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/balance_stream_reorgs_total\{chain="31337"\} (\d+)/.exec(text)?.[1]);
}

/** Holds every answer to such a request until it is let go; the node gives it at once. */
function holdAnswers(isHeld: (request: Passing) => boolean): { held: Promise<void>; letGo: () => void } {
  const held = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  proxy.fault = async (request, node) => {
    const answer = await node();
    if (isHeld(request)) {
      held.resolve();
      await gate.promise;
    }
    return answer;
  };
  return {
    held: held.promise,
    letGo() {
      proxy.fault = undefined;
      gate.resolve();
    },
  };
}

type Fate = 'dropped' | 'moved to the last block' | 'replaced';

describe('a reorganisation', () => {
  const depths = [1, 3, 64];
  const fates: readonly Fate[] = ['dropped', 'moved to the last block', 'replaced'];
  const cases = depths.flatMap((depth) => fates.map((fate) => ({ depth, fate })));
  it.each(cases)('$depth deep, its transactions $fate', async ({ depth, fate }) => {
    const app = await start();
    const watchers = await watchAll(app);
    const [ofAlice, ofBob, ofCarol] = watchers;
    const old = await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], 1);
    // A few at a time, so that each of them is scanned and remembered.
    for (let more = depth - 1; more > 0; more -= 9) {
      await chain.mine(Math.min(9, more));
      await isQuiet(app);
    }
    await agree(app, watchers);
    expect(ofBob?.amount(gold)).toBe(40n);

    const at = depth - 1;
    // Something in it is always another one: otherwise the new block could be the old one.
    const other = { ...paying(chain.deployer, chain.weth, 1n), at: 0 };
    const replacements: Record<Fate, readonly Replacement[]> = {
      dropped: [other],
      'moved to the last block': [other, ...old.map((again) => ({ again, at }))],
      replaced: [other, { ...transferring(alice, carol, 25n), at }, { ...paying(carol, alice, 9n), at }],
    };
    await chain.reorg(depth, replacements[fate]);
    await agree(app, watchers);
    const balances = [ofAlice, ofBob, ofCarol].map((watcher) => watcher?.amount(gold));
    const expected: Record<Fate, readonly bigint[]> = {
      dropped: [100n, 0n, 0n],
      'moved to the last block': [60n, 40n, 0n],
      replaced: [75n, 0n, 25n],
    };
    expect(balances).toEqual(expected[fate]);
    expect(await reorgsOf(app)).toBe(1);
    if (fate === 'moved to the last block') {
      const { transactions } = await chain.client.getBlock();
      expect(transactions).toEqual(expect.arrayContaining([...old]));
    } else {
      // Bob held 40 and says so, why he does not any more, and the transaction that took them is not named.
      expect(causes(ofBob)).toContain('REORG');
      const back = [...(ofBob?.latest?.balances.values() ?? [])].find(
        ({ token }) => token.address.toLowerCase() === gold,
      );
      expect(back).toMatchObject({ amount: 0n, previousAmount: 40n, transactions: [] });
    }
    // And life goes on.
    await transfer(chain, gold, { from: alice, to: carol, amount: 1n });
    await agree(app, watchers);
    expect(await reorgsOf(app)).toBe(1);
  });

  it('to a branch that is shorter: the height goes down, and the balances with it', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    const snapshot = await chain.client.snapshot();
    await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], 6);
    await agree(app, watchers);
    const before = await chain.head();
    await chain.client.revert({ id: snapshot });
    await mineWith([transferring(alice, carol, 5n)], 2);
    expect((await chain.head()).number).toBe(before.number - 4);
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([95n, 0n, 5n]);
    expect(causes(watchers[1])).toContain('REORG');
    expect(watchers[1]?.latest?.block?.number).toBeLessThan(before.number);
    await mint(chain, gold, bob, 3n);
    await agree(app, watchers);
  });

  it('while no head is heard, in a gap short enough to be scanned', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], 3);
    await agree(app, watchers);
    proxy.loseHeads = true;
    await chain.reorg(3, [{ ...transferring(alice, carol, 25n), at: 1 }]);
    const moved = await mineWith([transferring(alice, bob, 1n)], 5);
    proxy.loseHeads = false;
    await chain.mine();
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([74n, 1n, 25n]);
    expect(causes(watchers[1])).toContain('REORG');
    const told = watchers[1]?.states.flatMap(({ balances }) =>
      [...balances.values()].flatMap((balance) => balance.transactions),
    );
    expect(told).toEqual(expect.arrayContaining([...moved]));
    expect(await reorgsOf(app)).toBe(1);
  });

  it('while no head is heard, in a gap too long to be scanned: it is called by its name', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], 3);
    await agree(app, watchers);
    proxy.loseHeads = true;
    await chain.reorg(3, [{ ...transferring(alice, carol, 25n), at: 1 }]);
    await chain.mine(40);
    proxy.loseHeads = false;
    await chain.mine();
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([75n, 0n, 25n]);
    expect(causes(watchers[1])).toEqual(['SUBSCRIBED', 'EVENT', 'REORG']);
    expect(await reorgsOf(app)).toBe(1);
  });

  it('deeper than is remembered: everything is read again, and called by its name', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    const depth = REMEMBERED_BLOCKS + 44;
    await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], depth);
    await agree(app, watchers);
    await chain.reorg(depth, [{ ...transferring(alice, carol, 25n), at: 9 }]);
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([75n, 0n, 25n]);
    expect(causes(watchers[1]).at(-1)).toBe('REORG');
    expect(await reorgsOf(app)).toBe(1);
    await mint(chain, gold, bob, 3n);
    await agree(app, watchers);
  });

  it('that has the same effect by another transaction: it is told, to who was told of the lost one, too', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    const [lost] = await mineWith([transferring(alice, bob, 40n)], 1);
    await agree(app, watchers);
    await chain.reorg(1, [
      paying(chain.deployer, chain.weth, 1n),
      { ...transferring(alice, bob, 40n), gas: 200_000n },
    ]);
    await agree(app, watchers);
    using later = new Watcher(app, { chainId: chain.chainId, owner: bob, customTokens: [gold] });
    const { balances } = await later.snapshot();
    const { transactions } = await chain.client.getBlock();
    expect(balances.get(gold)?.transactions).toEqual([transactions.at(-1)]);
    expect(transactions).not.toContain(lost);
    const { number, hash } = await chain.head();
    const told = [...(watchers[1]?.latest?.balances.values() ?? [])].find(({ amount }) => amount === 40n);
    // Whoever adds up what each change amounts to does not count it twice.
    expect(told).toMatchObject({
      previousAmount: 40n,
      transactions: [transactions.at(-1)],
      block: { number: BigInt(number), hash },
    });
    expect(causes(watchers[1]).at(-1)).toBe('REORG');
  });

  it('while a block below it waits to be read: what moved a balance there is told', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    await agree(app, watchers);
    proxy.fault = async (request, node) =>
      request.method === 'eth_call' ? failure(request, -32005, 'limit exceeded') : await node();
    const stands = await mint(chain, gold, bob, 5n);
    const lost = await mint(chain, gold, bob, 6n);
    await eventually(async () => expect(await headOf(app)).toBe((await chain.head()).hash));
    await chain.reorg(1, [paying(chain.deployer, chain.weth, 1n)]);
    await eventually(async () => expect(await headOf(app)).toBe((await chain.head()).hash));
    proxy.fault = undefined;
    await agree(app, watchers);
    const told = [...(watchers[1]?.latest?.balances.values() ?? [])].find(({ amount }) => amount === 5n);
    expect(told).toMatchObject({ previousAmount: 0n, transactions: [stands] });
    expect(lost).not.toBe(stands);
  });

  it('with more wallets than a block reads the native balances of: those that go back are read', async () => {
    const app = await start();
    const body = { customTokens: [gold] };
    for (let index = 0; index < MOST_WALLETS_EVERY_BLOCK; index += 1) {
      const stranger = `0x${(0x5000_0000 + index).toString(16).padStart(40, '0')}`;
      await rest(app, 'POST', `/${chain.chainId}/sessions/${stranger}`, { body });
    }
    const watchers = await watchAll(app);
    const before = await balanceOf(chain, NATIVE, bob);
    await mineWith([paying(carol, bob, 7n)], 3);
    await agree(app, watchers);
    expect(watchers[1]?.amount(NATIVE)).toBe(before + 7n);
    await chain.reorg(3, [{ ...paying(alice, carol, 9n), at: 1 }]);
    await agree(app, watchers);
    expect(watchers[1]?.amount(NATIVE)).toBe(before);
    expect(causes(watchers[1])).toContain('REORG');
  });

  it('of a block that only a reconciliation had seen something in', async () => {
    const app = await start({ SNAPSHOT_INTERVAL: '0.2' });
    const watcher = await watch(app, alice);
    await mineWith([], 1);
    await silentMint(chain, gold, alice, 11n);
    await eventually(() => expect(watcher.amount(gold)).toBe(111n));
    expect(watcher.latest?.cause).toBe('RECONCILED');
    await chain.reorg(2, [paying(chain.deployer, chain.weth, 1n)]);
    await agree(app, [watcher]);
    expect(watcher.amount(gold)).toBe(100n);
    expect(causes(watcher)).toContain('REORG');
  });
});

describe('a reorganisation that arrives while something is in flight', () => {
  const inFlight: [what: string, isHeld: (request: Passing) => boolean][] = [
    ['a read', ({ method }) => method === 'eth_call'],
    ['the logs of a block', ({ method }) => method === 'eth_getLogs'],
  ];
  it.each(inFlight)('%s: what the lost branch said reaches nobody', async (_, isHeld) => {
    const app = await start();
    const watchers = await watchAll(app);
    await isQuiet(app);
    const { held, letGo } = holdAnswers(isHeld);
    await mineWith([transferring(alice, bob, 40n)], 1);
    await held;
    await chain.reorg(1, [transferring(alice, bob, 2n)]);
    // A read is let go only once the server knows of the other branch; the logs of a block keep it from that.
    const { hash } = await chain.head();
    if (isHeld({ id: 1, method: 'eth_call', params: [] }))
      await eventually(async () =>
        expect((await rest(app, 'GET', '/health')).json).toMatchObject({ chains: [{ head: { hash } }] }),
      );
    letGo();
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([98n, 2n, 0n]);
    const seen = watchers[1]?.states.flatMap(({ balances }) =>
      [...balances.values()].map(({ amount }) => amount),
    );
    expect(seen).not.toContain(40n);
  });

  it('a read that fails once all is read on the new branch: nobody needs it, and all is well', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    await isQuiet(app);
    const held = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let failed = 0;
    let lost = '';
    proxy.fault = async (request, node) => {
      if (request.method !== 'eth_call') return await node();
      lost ||= JSON.stringify(request.params[1]);
      if (JSON.stringify(request.params[1]) !== lost) return await node();
      held.resolve();
      await gate.promise;
      failed += 1;
      return failure(request, -32000, 'unknown block');
    };
    await mineWith([transferring(alice, bob, 40n)], 1);
    await held.promise;
    await chain.reorg(1, [transferring(alice, bob, 2n)]);
    await agree(app, watchers);
    gate.resolve();
    await eventually(() => expect(failed).toBe(2));
    await agree(app, watchers);
    // Asked over HTTP and WebSocket it failed twice, and nothing else is read that could make up for it.
    for (let look = 0; look < 5; look += 1) expect((await rest(app, 'GET', '/health')).status).toBe(200);
  });

  it('the headers of a walk back: they are of no branch any more, and it is walked anew', async () => {
    const app = await start();
    const watchers = await watchAll(app);
    await isQuiet(app);
    proxy.loseHeads = true;
    await mineWith([transferring(alice, bob, 40n)], 5);
    const before = await chain.head();
    let isWalking = false;
    const { held, letGo } = holdAnswers(({ method, params }) => {
      isWalking ||= method === 'eth_getBlockByNumber' && params[0] !== 'latest';
      return isWalking;
    });
    proxy.loseHeads = false;
    await chain.mine();
    await held;
    await chain.reorg(4, [{ ...transferring(alice, bob, 2n), at: 2 }]);
    await chain.reorg(6, [{ ...transferring(alice, carol, 3n), at: 4 }]);
    letGo();
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([97n, 0n, 3n]);
    expect((await chain.head()).number).toBe(before.number + 1);
  });
});

describe('during a reorganisation', () => {
  /** The new branch is known to be there, and what it holds is not known yet. */
  async function inTheMiddle(app: App, meanwhile: () => Promise<void>): Promise<void> {
    await mineWith([transferring(alice, bob, 40n), paying(carol, bob, 7n)], 3);
    await isQuiet(app);
    const { held, letGo } = holdAnswers(({ method }) => method === 'eth_getLogs');
    await chain.reorg(3, [
      { ...transferring(alice, carol, 25n), at: 1 },
      { ...paying(bob, carol, 1n), at: 2 },
    ]);
    await held;
    await meanwhile();
    letGo();
  }

  it('a wallet that is subscribed has the new branch in the end', async () => {
    const app = await start();
    const ofAlice = await watch(app, alice);
    const joined: Watcher[] = [];
    await inTheMiddle(app, async () => {
      for (const owner of [bob, carol])
        joined.push(running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] })));
      await eventually(async () => {
        const { json } = await rest(app, 'GET', '/health');
        expect(json).not.toMatchObject({ chains: [{ pendingTouches: 0 }] });
      });
    });
    const watchers = [ofAlice, ...joined];
    await agree(app, watchers);
    expect(watchers.map((watcher) => watcher.amount(gold))).toEqual([75n, 0n, 25n]);
  });

  it('a token that is added has the new branch in the end', async () => {
    const silver = await deployToken(chain, { symbol: 'SILVER' });
    const app = await start();
    const watchers = await watchAll(app);
    await mint(chain, silver, bob, 5n);
    // Whoever names no token is told of those of its client's session.
    const ofSession = running.use(new Watcher(app, { chainId: chain.chainId, owner: bob }));
    await ofSession.snapshot();
    await inTheMiddle(app, async () => {
      await ofSession.client.createSession({ chainId: chain.chainId, owner: bob, customTokens: [silver] });
    });
    await agree(app, watchers);
    await eventually(async () => expect(ofSession.amount(silver)).toBe(await balanceOf(chain, silver, bob)));
  });
});

describe('a resume after a reorganisation', () => {
  const query = (owner: Address, after: string) => `subscription {
    balances(chainId: ${chain.chainId}, owner: "${owner}", after: "${after}") {
      kind
      balances { amount token { address } }
    }
  }`;
  async function resume(app: App, owner: Address, after: string) {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: query(owner, after) }),
    });
    for await (const { data } of eventsOf(response))
      if (data) return JSON.parse(data).data.balances as { kind: string; balances: { amount: string }[] };
    throw new Error('the stream ended');
  }

  /** A reader of the session that all of the wallet's devices share. */
  async function sharing(app: App, owner: Address): Promise<RestStream> {
    await rest(app, 'POST', `/${chain.chainId}/sessions/${owner}`, { body: { customTokens: [gold] } });
    const stream = running.use(new RestStream(app, `/sse/${chain.chainId}/balances/${owner}`));
    await eventually(() => expect(stream.events).toHaveLength(1));
    return stream;
  }

  it('from a cursor of the lost branch is a snapshot of the new one', async () => {
    const app = await start();
    const keeps = await watch(app, bob);
    const away = await sharing(app, bob);
    await mineWith([transferring(alice, bob, 40n)], 2);
    await eventually(() => expect(away.folded[gold]).toBe('40'));
    await isQuiet(app);
    const cursor = away.events.at(-1)?.id ?? '';
    away[Symbol.dispose]();
    await chain.reorg(2, [transferring(alice, bob, 2n)]);
    await isQuiet(app);
    await eventually(() => expect(keeps.amount(gold)).toBe(2n));
    const { kind, balances } = await resume(app, bob, cursor);
    expect(kind).toBe('SNAPSHOT');
    expect(balances).toEqual(
      expect.arrayContaining([
        { amount: '2', token: { address: expect.stringMatching(new RegExp(gold, 'i')) } },
      ]),
    );
  });

  it('from a cursor of a block that stands is what the new branch changed', async () => {
    const app = await start();
    await watch(app, bob);
    await isQuiet(app);
    const away = await sharing(app, bob);
    const [first] = away.events;
    await mineWith([transferring(alice, bob, 40n)], 2);
    await isQuiet(app);
    await chain.reorg(2, [transferring(alice, bob, 2n)]);
    await isQuiet(app);
    const { kind, balances } = await resume(app, bob, first?.id ?? '');
    expect(kind).toBe('DIFF');
    expect(balances.map(({ amount }) => amount)).toContain('2');
  });
});
