import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChainState, createBalancesClient, type WatchedBalance } from '../../client/index.ts';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain, type Transaction } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint, transfer } from './contracts.ts';
import { eventsOf } from './events.ts';
import { failure, type NodeProxy, type Passing, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';

/** Whoever follows a chain knows at any time which of its blocks stand, and which may still be replaced. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  // Two blocks below the head are safe, four are final.
  chain = running.use(await startTestChain({ args: ['--slots-in-an-epoch', '2'] }));
  await chain.mine(10);
  proxy = running.use(await startNodeProxy(chain));
});
afterEach(() => running.disposeAsync());

async function start(environment = {}): Promise<App> {
  return running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
}

/** The real client, following the chain: every state that it has seen. */
class ChainWatcher implements Disposable {
  readonly states: ChainState[] = [];
  failure: unknown;
  readonly #client;

  constructor({ url }: Pick<App, 'url'>) {
    this.#client = createBalancesClient({ url });
    this.#follow().catch((error: unknown) => {
      this.failure = error;
    });
  }

  async #follow(): Promise<void> {
    for await (const state of this.#client.watchChain(chain.chainId)) this.states.push(state);
  }

  get latest(): ChainState | undefined {
    return this.states.at(-1);
  }

  get reorgs() {
    return this.states.flatMap(({ reorg }) => reorg ?? []);
  }

  [Symbol.dispose](): void {
    this.#client.dispose();
  }
}

function watch(app: App): ChainWatcher {
  return running.use(new ChainWatcher(app));
}

/** It knows of its chain what the node says, now that it is quiet. */
async function agrees(watcher: ChainWatcher): Promise<ChainState> {
  return await eventually(async () => {
    if (watcher.failure) throw watcher.failure;
    const [head, safe, finalized] = await Promise.all(
      (['latest', 'safe', 'finalized'] as const).map((blockTag) => chain.client.getBlock({ blockTag })),
    );
    expect(watcher.latest).toMatchObject({
      chainId: chain.chainId,
      head: { number: head?.number, hash: head?.hash },
      safe: { number: safe?.number, hash: safe?.hash },
      finalized: { number: finalized?.number, hash: finalized?.hash },
    });
    return watcher.latest as ChainState;
  });
}

/** At no time was anything told that a reader could not make sense of. */
function isSound({ states }: ChainWatcher): void {
  for (const { head, safe, finalized } of states) {
    if (safe) expect(head.number).toBeGreaterThanOrEqual(safe.number);
    if (safe && finalized) expect(safe.number).toBeGreaterThanOrEqual(finalized.number);
    if (finalized) expect(head.number).toBeGreaterThanOrEqual(finalized.number);
  }
}

function finalizedOf({ states }: ChainWatcher): readonly (bigint | undefined)[] {
  return states.map(({ finalized }) => finalized?.number);
}

function isRising(numbers: readonly (bigint | undefined)[]): void {
  expect(numbers).toEqual(numbers.toSorted((one, other) => Number((one ?? 0n) - (other ?? 0n))));
}

const tagOf = ({ method, params }: Passing) =>
  method === 'eth_getBlockByNumber' && (params[0] === 'safe' || params[0] === 'finalized')
    ? params[0]
    : undefined;

/** How often the node was asked for each tag from now on. */
function countTags(): { safe: number; finalized: number } {
  const asked = { safe: 0, finalized: 0 };
  proxy.fault = async (request, node) => {
    const tag = tagOf(request);
    if (tag) asked[tag] += 1;
    return await node();
  };
  return asked;
}

/** So that the new blocks cannot be the old ones. */
function another(): Transaction {
  return { from: chain.deployer, to: chain.weth, value: 1n };
}

async function isAtHead(app: App): Promise<void> {
  await eventually(async () => {
    const { number } = await chain.head();
    expect((await rest(app, 'GET', '/health')).json).toMatchObject({ chains: [{ head: { number } }] });
  });
}

async function metricsOf(app: App): Promise<string> {
  return await (await fetch(`${app.url}/metrics`)).text();
}

async function circuits(app: App): Promise<readonly string[]> {
  const { json } = await rest(app, 'GET', '/health');
  const { chains } = json as { chains: { endpoints: { circuit: string }[] }[] };
  return chains.flatMap(({ endpoints }) => endpoints.map(({ circuit }) => circuit));
}

async function readAt(app: App, at: string, token: Address, owner: Address) {
  const query = `{ balance(owner: "${owner}", token: "${token}", at: ${at}) { amount block { number } } }`;
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as {
    data?: { balance: { amount: string; block: { number: string } } };
    errors?: { extensions: { code: string } }[];
  };
}

function subscribe(app: App): Promise<Response> {
  const query = `subscription { chain(id: ${chain.chainId}) { head { number } finalized { number } reorg { depth } } }`;
  return fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
}

/** A watcher of a server that has seen the last so many blocks come, and so remembers them. */
async function followedFor(blocks: number): Promise<{ watcher: ChainWatcher; before: ChainState }> {
  const watcher = watch(await start());
  await agrees(watcher);
  await chain.mine(blocks);
  return { watcher, before: await agrees(watcher) };
}

describe('a chain that is followed', () => {
  it('tells where it stands at once, all of it, then every head and what becomes safe and final', async () => {
    const app = await start();
    const watcher = watch(app);
    await agrees(watcher);
    expect(watcher.states).toHaveLength(1);
    const before = watcher.latest?.finalized?.number ?? 0n;
    for (let block = 0; block < 3; block += 1) {
      await chain.mine();
      await agrees(watcher);
    }
    expect(watcher.latest?.finalized?.number).toBe(before + 3n);
    isSound(watcher);
    isRising(finalizedOf(watcher));
    expect(watcher.reorgs).toEqual([]);
    const sent = `balance_stream_updates_sent_total{door="graphql"} ${watcher.states.length}`;
    expect(await metricsOf(app)).toContain(sent);
  });

  it('is asked what is final once for all who follow, and by nobody where nobody does', async () => {
    const asked = countTags();
    const app = await start();
    await chain.mine(3);
    await isAtHead(app);
    expect(asked).toEqual({ safe: 0, finalized: 0 });

    const one = watch(app);
    await agrees(one);
    const other = watch(app);
    await agrees(other);
    expect(asked).toEqual({ safe: 1, finalized: 1 });
    await chain.mine();
    await Promise.all([agrees(one), agrees(other)]);
    expect(asked).toEqual({ safe: 2, finalized: 2 });

    one[Symbol.dispose]();
    other[Symbol.dispose]();
    await eventually(async () =>
      expect(await metricsOf(app)).toContain('balance_stream_streams{door="graphql"} 0'),
    );
    await chain.mine(2);
    await isAtHead(app);
    const later = watch(app);
    await agrees(later);
    expect(asked).toEqual({ safe: 3, finalized: 3 });
  });

  it('refuses to tell of a chain that is not served', async () => {
    await using client = createBalancesClient({ url: (await start()).url });
    await expect(client.watchChain(5).next()).rejects.toMatchObject({ code: 'CHAIN_NOT_SERVED' });
  });
});

describe('a reorganisation', () => {
  it('three deep: from which head, to which, how deep; what is final stays', async () => {
    const { watcher, before } = await followedFor(5);
    await chain.reorg(3, [another()]);
    const after = await agrees(watcher);
    expect(watcher.reorgs).toEqual([{ depth: 3, from: before.head, to: expect.anything() }]);
    const { to } = watcher.reorgs[0] ?? {};
    const { hash } = await chain.client.getBlock({ blockNumber: to?.number ?? -1n });
    expect(to?.hash).toBe(hash);
    expect(after.safe?.number).toBe(before.safe?.number);
    expect(after.safe?.hash).not.toBe(before.safe?.hash);
    // From the reorganisation on nobody was told of the block that had been safe.
    const since = watcher.states.slice(watcher.states.findIndex(({ reorg }) => reorg));
    expect(since.map(({ safe }) => safe?.hash)).not.toContain(before.safe?.hash);
    expect(since.map(({ finalized }) => finalized?.hash)).toEqual(since.map(() => before.finalized?.hash));
    isSound(watcher);
  });

  it('of what was called final, as on a development chain: it is not called so any more', async () => {
    const { watcher, before } = await followedFor(8);
    await chain.reorg(6, [another()]);
    const after = await agrees(watcher);
    expect(watcher.reorgs).toMatchObject([{ depth: 6, from: before.head }]);
    expect(after.finalized?.number).toBe(before.finalized?.number);
    const since = watcher.states.slice(watcher.states.findIndex(({ reorg }) => reorg));
    expect(since.map(({ finalized }) => finalized?.hash)).not.toContain(before.finalized?.hash);
    isSound(watcher);
  });

  it('deeper than is remembered: nothing is called final until the endpoints have been asked anew', async () => {
    const watcher = watch(await start());
    const before = await agrees(watcher);
    await chain.reorg(6, [another()]);
    await agrees(watcher);
    expect(watcher.reorgs).toMatchObject([{ from: before.head }]);
    const since = watcher.states.slice(watcher.states.findIndex(({ reorg }) => reorg));
    expect(since.map(({ finalized }) => finalized?.hash)).not.toContain(before.finalized?.hash);
    isSound(watcher);
  });

  it('that leaves the chain shorter, with nothing in the place of the blocks', async () => {
    const { watcher } = await followedFor(5);
    const snapshot = await chain.client.snapshot();
    const { hash } = await chain.head();
    await chain.mine(3);
    const before = await agrees(watcher);
    await chain.client.revert({ id: snapshot });
    await eventually(() => expect(watcher.latest?.head.hash).toBe(hash));
    expect(watcher.reorgs).toEqual([{ depth: 3, from: before.head, to: watcher.latest?.head }]);
    // Of what is left the same is final, whatever the node calls so now.
    expect(watcher.latest?.finalized).toEqual(before.finalized);
    isSound(watcher);
    await chain.mine(5);
    await agrees(watcher);
  });
});

describe('a chain that goes back', () => {
  it('below all that the server has seen of it: nothing is told that is above its head', async () => {
    const snapshot = await chain.client.snapshot();
    await chain.mine(3);
    const watcher = watch(await start());
    const before = await agrees(watcher);
    await chain.client.revert({ id: snapshot });
    const after = await agrees(watcher);
    expect(watcher.reorgs).toEqual([{ depth: 3, from: before.head, to: after.head }]);
    isSound(watcher);
  });
});

describe('endpoints', () => {
  it('that lag do not take back what is final', async () => {
    const watcher = watch(await start());
    const { finalized } = await agrees(watcher);
    let lagged = 0;
    proxy.fault = async (request, node) => {
      if (!tagOf(request)) return await node();
      lagged += 1;
      return result(request, await chain.rawBlock('0x2'));
    };
    await chain.mine();
    await eventually(() => expect(lagged).toBe(2));
    await chain.mine();
    await eventually(() => expect(lagged).toBe(4));
    expect(watcher.latest?.finalized).toEqual(finalized);
    proxy.fault = undefined;
    await chain.mine();
    await agrees(watcher);
    isRising(finalizedOf(watcher));
  });

  it('that are ahead of our head: what is final is told once the head is there', async () => {
    const watcher = watch(await start());
    const { head } = await agrees(watcher);
    proxy.fault = async (request, node) =>
      tagOf(request) ? result(request, await chain.rawBlock('latest')) : await node();
    const late: (() => void)[] = [];
    proxy.heads = (told, tell) => {
      const { number } = told as { number: string };
      if (BigInt(number) === head.number + 1n) tell(told);
      else late.push(() => tell(told));
    };
    await chain.mine(2);
    await eventually(() => {
      expect(watcher.latest?.head.number).toBe(head.number + 1n);
      expect(late).toHaveLength(1);
    });
    late[0]?.();
    await eventually(() => expect(watcher.latest?.finalized?.number).toBe(head.number + 2n));
    expect(watcher.latest?.head.number).toBe(head.number + 2n);
    isSound(watcher);
  });

  it('that call more final though no block comes: it is told all the same', async () => {
    proxy.fault = async (request, node) =>
      tagOf(request) ? result(request, await chain.rawBlock('0x1')) : await node();
    const watcher = watch(await start());
    await eventually(() => expect(watcher.latest?.finalized?.number).toBe(1n));
    proxy.fault = undefined;
    await agrees(watcher);
    expect(finalizedOf(watcher)).toEqual([1n, watcher.latest?.finalized?.number]);
  });

  it('that do not say for a while: the head is told meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    proxy.fault = async (request, node) => {
      if (tagOf(request)) await gate.promise;
      return await node();
    };
    const watcher = watch(await start({ RPC_TIMEOUT_MS: '60000' }));
    await eventually(() => expect(watcher.latest).toMatchObject({ safe: null, finalized: null }));
    const { number } = await chain.mine();
    await eventually(() => expect(watcher.latest?.head.number).toBe(BigInt(number)));
    gate.resolve();
    await agrees(watcher);
    isSound(watcher);
  });

  it('that know neither tag: null, all else as ever, and they are taken for ill by nobody', async () => {
    const owner = await chain.newWallet();
    let asked = 0;
    proxy.fault = async (request, node) => {
      if (!tagOf(request)) return await node();
      asked += 1;
      return failure(request, -32602, 'invalid argument 0: hex string without 0x prefix');
    };
    const app = await start();
    const watcher = watch(app);
    await eventually(() => expect(watcher.latest).toMatchObject({ safe: null, finalized: null }));
    expect(asked).toBeGreaterThan(0);
    for (const at of ['SAFE', 'FINALIZED']) {
      const { errors } = await readAt(app, at, chain.weth, owner);
      expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
      expect(new Set(await circuits(app))).toEqual(new Set(['closed']));
    }
    expect(await readAt(app, 'LATEST', chain.weth, owner)).toMatchObject({
      data: { balance: { amount: '0' } },
    });
    const { number } = await chain.mine();
    await eventually(() => expect(watcher.latest?.head.number).toBe(BigInt(number)));

    // A node that was upgraded, or a chain that has reached its first final block.
    proxy.fault = undefined;
    await eventually(async () => {
      await chain.mine();
      expect(watcher.latest?.finalized).not.toBeNull();
    });
    isSound(watcher);
  });
});

describe('a stream of a chain', () => {
  it('stays open while the node is silent, and while it is gone, and goes on after', async () => {
    const app = running.use(await startTestApp(chain));
    const watcher = watch(app);
    const { head } = await agrees(watcher);
    const response = await subscribe(app);
    let isOver = false;
    let events = 0;
    const reading = (async () => {
      for await (const { event } of eventsOf(response)) if (event) events += 1;
      isOver = true;
    })();
    reading.catch(() => {});

    chain.freeze();
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    chain.thaw();
    await chain.mine(2);
    await agrees(watcher);

    await chain.down();
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    await chain.up();
    await chain.mine(7);
    const after = await agrees(watcher);
    expect(after.head.number).toBe(head.number + 9n);
    expect(isOver).toBe(false);
    expect(events).toBeGreaterThan(2);
    expect(watcher.reorgs).toEqual([]);
    isRising(finalizedOf(watcher));
    isSound(watcher);
  });

  it('ends without a last word when the service stops, and its client goes on with the next', async () => {
    const app = await startTestApp(chain);
    const watcher = watch(app);
    await agrees(watcher);
    const told: object[] = [];
    const events = eventsOf(await subscribe(app));
    for await (const event of events) {
      told.push(event);
      if ('event' in event) break;
    }
    const raw = eventsOf(await subscribe(app));
    await raw.next();
    await app[Symbol.asyncDispose]();
    for await (const event of raw) told.push(event);
    expect(told.map((event) => ('event' in event ? event.event : undefined))).not.toContain('complete');
    expect(told.some((event) => 'event' in event && !('id' in event))).toBe(true);

    await chain.mine(2);
    running.use(await startTestApp(chain, { HTTP_BIND: new URL(app.url).host }));
    await agrees(watcher);
    expect(watcher.failure).toBeUndefined();
  });
});

describe('a custody desk', () => {
  it('holds a change until its block is final, and never lets one go that was taken back', async () => {
    const gold = await deployToken(chain, { symbol: 'GOLD' });
    const [alice, owner] = [await chain.newWallet(), await chain.newWallet()];
    await mint(chain, gold, alice, 100n);
    const app = await start();
    await using client = createBalancesClient({ url: app.url });
    const { chainId } = chain;
    const held = new Map<string, WatchedBalance>();
    const released: (bigint | null)[] = [];
    const collect = async () => {
      for await (const { changes } of client.watchBalances({ chainId, owner, customTokens: [gold] }))
        for (const { token, now } of changes)
          if (now) held.set(token.address.toLowerCase(), now);
          else held.delete(token.address.toLowerCase());
    };
    const release = async () => {
      for await (const { finalized } of client.watchChain(chainId))
        for (const [address, change] of held) {
          if (!finalized || change.block.number > finalized.number) continue;
          const token = change.token.address;
          const final = await client.balance({ chainId, owner, token, at: 'FINALIZED' });
          if (final.amount !== change.amount || held.get(address) !== change) continue;
          held.delete(address);
          if (address === gold) released.push(change.amount);
        }
    };
    void Promise.all([collect(), release()]);
    await eventually(() => expect(held.has(gold)).toBe(true));
    await chain.mine(4);
    await eventually(() => expect(released).toEqual([0n]));

    // Paid, and taken back before it was final.
    await transfer(chain, gold, { from: alice, to: owner, amount: 40n });
    await eventually(() => expect(held.get(gold)?.amount).toBe(40n));
    await chain.reorg(1, [another()]);
    await eventually(() => expect(held.get(gold)?.amount).toBe(0n));
    await transfer(chain, gold, { from: alice, to: owner, amount: 7n });
    await eventually(() => expect(held.get(gold)?.amount).toBe(7n));
    expect(released).toEqual([0n]);
    expect((await readAt(app, 'FINALIZED', gold, owner)).data?.balance.amount).toBe('0');
    expect((await readAt(app, 'LATEST', gold, owner)).data?.balance.amount).toBe('7');
    await eventually(async () => {
      await chain.mine();
      expect(released).toEqual([0n, 7n]);
    });
    expect((await readAt(app, 'FINALIZED', gold, owner)).data?.balance.amount).toBe('7');
  });
});
