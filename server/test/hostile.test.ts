import { hexToBigInt } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WatchedBalance } from '../../client/index.ts';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { artifact, type ContractName } from '../devchain/contracts/artifacts.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { call, deploy, deployManyTokens, deployToken, mint } from './contracts.ts';
import { failure, type NodeProxy, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Tokens are written by strangers: whatever they do, it is nobody's loss but that of who watches them. */
let chain: TestChain;
let proxy: NodeProxy;
let app: App;
let gold: Address;

/** As in HostileTokens.sol. */
const Mood = {
  Well: 0,
  Reverts: 1,
  Answers: 2,
  RevertsWith: 3,
  Invalid: 4,
  Endless: 5,
  RevertsForOne: 6,
  Tires: 7,
  Greedy: 8,
} as const;
const Boast = { Deceives: 0, Endless: 1, Invalid: 2, Bombs: 3 } as const;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  proxy = await startNodeProxy(chain);
  // Recovery is seen within this.
  app = await start({ SNAPSHOT_INTERVAL: '2' });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

function start(environment: Record<string, string> = {}): Promise<App> {
  return startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment);
}

function watch(server: App, owner: Address, ...customTokens: Address[]): Watcher {
  return new Watcher(server, { chainId: chain.chainId, owner, customTokens });
}

function held(watcher: Watcher, token: Address): WatchedBalance | undefined {
  const balances = [...(watcher.latest?.balances.values() ?? [])];
  return balances.find((balance) => balance.token.address.toLowerCase() === token);
}

function setMood(token: Address, mood: number, measure: bigint | number = 0): Promise<unknown> {
  return call(chain, 'FickleToken', token, 'setMood', [mood, BigInt(measure)]);
}

async function quiet(server: App): Promise<void> {
  await eventually(async () => {
    const { number } = await chain.head();
    const { json } = await rest(server, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ head: { number }, pendingTouches: 0 }] });
  });
}

/** The contract's code at so many addresses. */
async function plant(contract: ContractName, count: number, prefix: string): Promise<Address[]> {
  const { deployedBytecode: bytecode } = artifact(contract);
  const tokens = Array.from(
    { length: count },
    (_, index): Address => `0x${prefix}${index.toString(16).padStart(32, '0')}`,
  );
  await Promise.all(tokens.map((address) => chain.client.setCode({ address, bytecode })));
  await chain.mine();
  return tokens;
}

type Spoil = (token: Address, owner: Address) => Promise<unknown>;

const kinds: [what: string, spoil: Spoil, reason: RegExp][] = [
  ['reverts', (token) => setMood(token, Mood.Reverts), /^balanceOf reverted$/],
  [
    'answers nothing',
    (token) => setMood(token, Mood.Answers, 0),
    /no contract .* or balanceOf returns nothing/,
  ],
  ['answers 31 bytes', (token) => setMood(token, Mood.Answers, 31), /returned 31 bytes instead of 32/],
  ['answers 100 kB', (token) => setMood(token, Mood.Answers, 100_000), /returned 100000 bytes instead of 32/],
  ['answers 1 MB', (token) => setMood(token, Mood.Answers, 1_000_000), /all the gas|answers too much/],
  ['answers 2 MB', (token) => setMood(token, Mood.Answers, 2_000_000), /all the gas|answers too much/],
  ['reverts with 100 kB', (token) => setMood(token, Mood.RevertsWith, 100_000), /reverted with 100000 bytes/],
  [
    'reverts with 1 MB',
    (token) => setMood(token, Mood.RevertsWith, 1_000_000),
    /all the gas|answers too much/,
  ],
  [
    'reverts with 2 MB',
    (token) => setMood(token, Mood.RevertsWith, 2_000_000),
    /all the gas|answers too much/,
  ],
  ['is an invalid instruction', (token) => setMood(token, Mood.Invalid), /uses up all the gas/],
  ['never ends', (token) => setMood(token, Mood.Endless), /uses up all the gas/],
  [
    'reverts for one wallet alone',
    (token, owner) => setMood(token, Mood.RevertsForOne, hexToBigInt(owner)),
    /^balanceOf reverted$/,
  ],
];

describe('a token that turns bad', () => {
  it.each(kinds)(
    'and %s: costs nobody else anything, says why, and is well again when it is',
    async (_, spoil, reason) => {
      const [owner, other] = [await chain.newWallet(), await chain.newWallet()];
      const token = await deploy(chain, 'FickleToken');
      using mine = watch(app, owner, gold, token);
      using theirs = watch(app, other, gold, token);
      await Promise.all([mine.snapshot(), theirs.snapshot()]);
      for (const wallet of [owner, other]) await mint(chain, token, wallet, 5n);
      await eventually(() => expect([mine.amount(token), theirs.amount(token)]).toEqual([5n, 5n]));

      await spoil(token, owner);
      // In one block with what it could spoil.
      await chain.automine(false);
      await mint(chain, token, owner, 1n);
      for (const wallet of [owner, other]) await mint(chain, gold, wallet, 7n);
      await chain.mine();
      await chain.automine(true);
      await eventually(() => {
        expect([mine.amount(gold), theirs.amount(gold)]).toEqual([7n, 7n]);
        expect(held(mine, token)).toMatchObject({ status: 'UNREADABLE', amount: null, formatted: null });
        expect(held(mine, token)?.reason).toMatch(reason);
      });
      for (let round = 1n; round <= 3n; round += 1n) {
        for (const wallet of [owner, other]) await mint(chain, gold, wallet, 1n);
        await eventually(() =>
          expect([mine.amount(gold), theirs.amount(gold)]).toEqual([7n + round, 7n + round]),
        );
      }
      for (const watcher of [mine, theirs])
        expect(watcher.states.map((state) => state.balances.get(gold)?.status ?? 'OK')).not.toContain(
          'UNREADABLE',
        );

      // Nothing tells of it: it is found by being tested again.
      await setMood(token, Mood.Well);
      await eventually(() =>
        expect(held(mine, token)).toMatchObject({ status: 'OK', amount: 6n, reason: null }),
      );
      expect(mine.latest?.kind).toBe('DIFF');
    },
  );

  it('does not hold up the others while it is looked into', async () => {
    await using server = await start();
    const owner = await chain.newWallet();
    const token = await deploy(chain, 'FickleToken');
    await quiet(server);
    using watcher = watch(server, owner, gold, token);
    await watcher.snapshot();
    await setMood(token, Mood.Reverts);
    await quiet(server);
    const served = Promise.withResolvers<void>();
    proxy.fault = async (request, node) => {
      const text = JSON.stringify(request.params);
      if (request.method === 'eth_call' && text.includes(token.slice(2)) && !text.includes(gold.slice(2)))
        await served.promise;
      return await node();
    };
    await chain.automine(false);
    for (const each of [token, gold]) await mint(chain, each, owner, 1n);
    await chain.mine();
    await chain.automine(true);
    await eventually(() => expect(watcher.amount(gold)).toBe(1n));
    expect(held(watcher, token)?.status).toBe('OK');
    served.resolve();
    await eventually(() => expect(held(watcher, token)?.status).toBe('UNREADABLE'));
    proxy.fault = undefined;
  });

  it('in quarantine a token costs no call, however often it is touched', async () => {
    await using server = await start();
    const owner = await chain.newWallet();
    const token = await deploy(chain, 'FickleToken');
    using watcher = watch(server, owner, gold, token);
    await watcher.snapshot();
    await setMood(token, Mood.Invalid);
    await mint(chain, token, owner, 1n);
    await eventually(() => expect(held(watcher, token)?.status).toBe('UNREADABLE'));
    await quiet(server);
    // What tests it again is that token's own cost, and is asked of nothing but it.
    let reads = 0;
    let tests = 0;
    proxy.fault = async (request, node) => {
      const text = JSON.stringify(request.params);
      if (request.method === 'eth_call' && text.includes(owner.slice(2))) {
        if (text.includes(token.slice(2))) tests += 1;
        if (text.includes(gold.slice(2))) reads += 1;
        expect(text.includes(token.slice(2)) && text.includes(gold.slice(2))).toBe(false);
      }
      return await node();
    };
    const ROUNDS = 10;
    for (let round = 1; round <= ROUNDS; round += 1) {
      await chain.automine(false);
      await mint(chain, token, owner, 1n);
      await mint(chain, gold, owner, 1n);
      await chain.mine();
      await chain.automine(true);
      await eventually(() => expect(watcher.amount(gold)).toBe(BigInt(round)));
    }
    proxy.fault = undefined;
    // One a block, as without it.
    expect(reads).toBe(ROUNDS);
    expect(tests).toBeLessThan(ROUNDS);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/balance_stream_quarantined_pairs\{chain="31337"\} 1\n/);
  });
});

describe('a token that behaves alone and not in company', () => {
  it('is read apart from the others, and right', async () => {
    await using server = await start({ SNAPSHOT_INTERVAL: '3600' });
    const owner = await chain.newWallet();
    const token = await deploy(chain, 'FickleToken');
    // So many that what it leaves is not enough for them.
    const neighbours = await deployManyTokens(chain, 100, { owner, amount: () => 0n });
    await quiet(server);
    using watcher = watch(server, owner, token, gold, ...neighbours);
    await watcher.snapshot();
    await setMood(token, Mood.Greedy, 5_000_000);
    const touchAll = async (amount: bigint) => {
      await chain.automine(false);
      await Promise.all(
        [token, gold, ...neighbours].map((each) =>
          call(chain, 'TestToken', each, 'mint', [owner, 1n], { gas: 100_000n }),
        ),
      );
      await chain.mine();
      await chain.automine(true);
      await eventually(() => {
        for (const each of [token, gold, ...neighbours]) expect(watcher.amount(each)).toBe(amount);
      });
    };
    await touchAll(1n);
    // Its token is found out by then, or soon.
    let calls: string[] = [];
    await eventually(async () => {
      await quiet(server);
      calls = [];
      proxy.fault = async (request, node) => {
        if (request.method === 'eth_call') calls.push(JSON.stringify(request.params));
        return await node();
      };
      await touchAll((watcher.amount(gold) ?? 0n) + 1n);
      proxy.fault = undefined;
      const withIt = calls.filter((text) => text.includes(token.slice(2)));
      expect(withIt.length).toBeGreaterThan(0);
      for (const text of withIt) for (const each of neighbours) expect(text).not.toContain(each.slice(2));
    });
    expect(held(watcher, token)?.status).toBe('OK');
    expect(
      watcher.states.flatMap(({ balances }) => [...balances.values()]).map(({ status }) => status),
    ).not.toContain('UNREADABLE');
  });

  it('and breaks at the hundredth call: everybody is read, its own holders too', async () => {
    await using server = await start({ SNAPSHOT_INTERVAL: '3600' });
    const token = await deploy(chain, 'FickleToken');
    await setMood(token, Mood.Tires, 99);
    await quiet(server);
    const holders = await Promise.all([...Array(120)].map(() => chain.newWallet(0n)));
    const path = (owner: Address) => `/${chain.chainId}/sessions/${owner}`;
    for (const owner of holders)
      await rest(server, 'POST', path(owner), { body: { customTokens: [token, gold] } });
    using first = watch(server, holders[0] ?? gold, token, gold);
    using last = watch(server, holders.at(-1) ?? gold, token, gold);
    await Promise.all([first.snapshot(), last.snapshot()]);
    await chain.automine(false);
    await call(chain, 'FickleToken', token, 'mintToMany', [holders, 3n], { gas: 20_000_000n });
    for (const owner of [holders[0], holders.at(-1)]) await mint(chain, gold, owner ?? gold, 4n);
    await chain.mine();
    await chain.automine(true);
    await eventually(() => {
      for (const watcher of [first, last]) {
        expect(watcher.amount(gold)).toBe(4n);
        expect(watcher.amount(token)).toBe(3n);
      }
    });
    await quiet(server);
    const statuses = [first, last].flatMap(({ states }) =>
      states.flatMap(({ balances }) => [...balances.values()].map(({ status }) => status)),
    );
    expect(statuses).not.toContain('UNREADABLE');
  });
});

describe('five hundred hostile tokens of one stranger', () => {
  it.each([
    ['invalid', 'InvalidToken', 'badbad01'],
    ['endless', 'EndlessToken', 'badbad02'],
  ] as const)(
    'that are %s beside a good wallet: bounded calls, and the good wallet is right and fresh',
    async (_, contract, prefix) => {
      await using server = await start();
      const [owner, stranger] = [await chain.newWallet(), await chain.newWallet()];
      using good = watch(server, owner, gold);
      await good.snapshot();
      await mint(chain, gold, owner, 1n);
      await eventually(() => expect(good.amount(gold)).toBe(1n));
      const tokens = await plant(contract, 500, prefix);
      await quiet(server);
      proxy.reset();
      let running = 0;
      let most = 0;
      proxy.fault = async (request, node) => {
        if (request.method !== 'eth_call') return await node();
        const isHostile = JSON.stringify(request.params).includes(prefix);
        if (!isHostile) return await node();
        running += 1;
        most = Math.max(most, running);
        try {
          return await node();
        } finally {
          running -= 1;
        }
      };
      const made = rest(server, 'POST', `/${chain.chainId}/sessions/${stranger}`, {
        body: { customTokens: tokens },
      });
      // Meanwhile the good wallet is served as ever.
      for (let round = 2n; round <= 6n; round += 1n) {
        await mint(chain, gold, owner, 1n);
        await eventually(() => expect(good.amount(gold)).toBe(round));
      }
      await made;
      using bad = watch(server, stranger, gold, ...tokens);
      const { balances } = await bad.snapshot();
      const unreadable = [...balances.values()].filter(({ status }) => status === 'UNREADABLE');
      expect(unreadable).toHaveLength(500);
      expect(held(bad, gold)).toMatchObject({ status: 'OK', amount: 0n });
      proxy.fault = undefined;
      const spent = proxy.count('eth_call');
      expect(spent).toBeLessThan(3 * 500);
      expect(most).toBeLessThanOrEqual(1 + 4 + 4);
      expect(
        good.states.flatMap((state) => [...state.balances.values()].map(({ status }) => status)),
      ).not.toContain('UNREADABLE');
    },
  );
});

describe('what a token says of itself', () => {
  const boasts: [what: string, boast: number, expected: object][] = [
    ['deceives', Boast.Deceives, { symbol: 'GOLD!', name: 'x'.repeat(256), decimals: null }],
    ['never ends', Boast.Endless, { symbol: null, name: null, decimals: null }],
    ['is invalid', Boast.Invalid, { symbol: null, name: null, decimals: null }],
    ['is a megabyte', Boast.Bombs, { symbol: null, name: null, decimals: null }],
  ];
  it.each(boasts)(
    'and %s: it is cut, cleaned or null, and its neighbours have their names',
    async (_, boast, expected) => {
      await using server = await start();
      const owner = await chain.newWallet();
      const hostile = await deploy(chain, 'BoastfulToken', [boast]);
      const iron = await deployToken(chain, { symbol: 'IRON', name: 'Iron', decimals: 3 });
      using watcher = watch(server, owner, hostile, iron, gold);
      await watcher.snapshot();
      await mint(chain, hostile, owner, 2n);
      await mint(chain, iron, owner, 2n);
      await eventually(() => {
        expect(held(watcher, hostile)).toMatchObject({ status: 'OK', amount: 2n });
        expect(held(watcher, hostile)?.token).toMatchObject(expected);
        expect(held(watcher, iron)?.token).toMatchObject({ symbol: 'IRON', name: 'Iron', decimals: 3 });
      });
    },
  );

  it('is not asked for again with every update, where it was refused', async () => {
    await using server = await start();
    const owner = await chain.newWallet();
    const hostile = await deploy(chain, 'BoastfulToken', [Boast.Endless]);
    using watcher = watch(server, owner, hostile, gold);
    await watcher.snapshot();
    await mint(chain, hostile, owner, 1n);
    await eventually(() => expect(watcher.amount(hostile)).toBe(1n));
    await quiet(server);
    let asked = 0;
    proxy.fault = async (request, node) => {
      if (JSON.stringify(request.params).includes('313ce567')) asked += 1;
      return await node();
    };
    for (let round = 2n; round <= 6n; round += 1n) {
      await mint(chain, hostile, owner, 1n);
      await eventually(() => expect(watcher.amount(hostile)).toBe(round));
    }
    proxy.fault = undefined;
    expect(asked).toBe(0);
  });
});

describe('a node that counts gas in another way', () => {
  it('and has not enough for the proof makes no healthy token unreadable', async () => {
    await using server = await start();
    const owner = await chain.newWallet();
    const bad = await deploy(chain, 'InvalidToken');
    const good = await deployToken(chain);
    // The proof is what makes calls so long.
    proxy.fault = async (request, node) =>
      request.method === 'eth_call' && JSON.stringify(request.params).length > 40_000
        ? failure(request, -32000, 'out of gas')
        : await node();
    await quiet(server);
    using watcher = watch(server, owner, bad, good);
    await watcher.snapshot();
    await mint(chain, good, owner, 1n);
    await eventually(() => {
      expect(watcher.amount(good)).toBe(1n);
      expect(held(watcher, bad)?.status).toBe('UNREADABLE');
    });
    proxy.fault = undefined;
    expect(watcher.states.map(({ balances }) => balances.get(good)?.status ?? 'OK')).not.toContain(
      'UNREADABLE',
    );
  });
});

describe('one-off reads', () => {
  it('of a hostile token cost the others of their batch nothing', async () => {
    await using server = await start();
    const owner = await chain.newWallet();
    const hostile = await deploy(chain, 'EndlessToken');
    await mint(chain, gold, owner, 9n);
    const read = (token: Address) => rest(server, 'GET', `/${chain.chainId}/balance/${owner}/${token}`);
    for (let round = 0; round < 3; round += 1) {
      const [good, bad] = await Promise.all([read(gold), read(hostile)]);
      expect(good).toEqual({ status: 200, json: { balance: '9' } });
      expect(bad.status).toBe(400);
    }
    // Known by now: answered without asking, but where it was just due to be tested again.
    await eventually(async () => {
      proxy.reset();
      expect((await read(hostile)).status).toBe(400);
      expect(proxy.count('eth_call')).toBe(0);
    });
  });
});

describe('an answer over the limit', () => {
  it.each([
    ['of an eth_call', 3],
    ['of any', 17],
  ])('%s is looked into like a refusal, and is no fault of the endpoint', async (_, megabytes) => {
    const bomb = await deployToken(chain);
    const big = `0x${'00'.repeat(megabytes * 1024 * 1024)}`;
    for (const url of [proxy.url, proxy.wsUrl]) {
      await using server = await start({ [`RPC_URLS_${chain.chainId}`]: url });
      const owner = await chain.newWallet();
      await mint(chain, gold, owner, 3n);
      await quiet(server);
      proxy.reset();
      let bombs = 0;
      proxy.fault = async (request, node) => {
        if (request.method !== 'eth_call' || !JSON.stringify(request.params).includes(bomb.slice(2)))
          return await node();
        bombs += 1;
        return result(request, big);
      };
      using watcher = watch(server, owner, bomb, gold);
      await watcher.snapshot();
      expect(watcher.amount(gold)).toBe(3n);
      expect(held(watcher, bomb)?.reason).toContain('answers too much');
      await mint(chain, gold, owner, 1n);
      await eventually(() => expect(watcher.amount(gold)).toBe(4n));
      expect(bombs).toBeGreaterThan(0);
      // One that is taken for ill is probed with this; so is a socket, which such an answer closes, when it is new.
      if (url === proxy.url) expect(proxy.count('eth_chainId')).toBe(0);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toMatch(/balance_stream_endpoint_up\{.*\} 1\n/);
      proxy.fault = undefined;
    }
  });
});
