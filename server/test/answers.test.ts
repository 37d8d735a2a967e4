import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint } from './contracts.ts';
import { type Answer, type NodeProxy, type Passing, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Random } from './soak/random.ts';
import { type Below, odd, spoiled, spoiledText } from './spoil.ts';
import { Watcher } from './watcher.ts';

/**
 * An endpoint that says anything, before a server that follows the chain: it may cost time, never the process, and
 * once the endpoint says what the node says all is right. What throws outside of a request fails the run by itself.
 */
let chain: TestChain;
let running: AsyncDisposableStack;
let hostile: NodeProxy;
let honest: NodeProxy;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  hostile = running.use(await startNodeProxy(chain));
  honest = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

async function start(...endpoints: string[]): Promise<App> {
  const environment = { [`RPC_URLS_${chain.chainId}`]: endpoints.join(','), RPC_TIMEOUT_MS: '1000' };
  return running.use(await startTestApp(chain, environment));
}

async function watch(app: App): Promise<Watcher> {
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  return watcher;
}

async function agrees(watcher: Watcher): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, NATIVE])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, owner));
  });
}

async function isHealthy(app: App): Promise<void> {
  await eventually(async () => {
    const { number } = await chain.head();
    const { json } = await rest(app, 'GET', `/health/${chain.chainId}`);
    expect(json).toMatchObject({ healthy: true, head: { number } });
  });
}

type Spoil = (answer: Result, request: Passing, below: Below) => Answer;
type Result = Answer & { readonly result?: unknown };

/** What else was answered lately. */
const before: unknown[] = [];

const SPOILS: readonly Spoil[] = [
  (answer, request, below) => result(request, spoiled(answer.result, below)),
  (answer, _, below) => ({ status: 200, text: JSON.stringify(spoiled(answer, below)) ?? '' }),
  (answer, _, below) => ({
    status: 200,
    text: spoiledText(JSON.stringify(answer), below).toString('latin1'),
  }),
  (_, request, below) => result(request, odd(below)),
  (_, request, below) => result(request, before[below(before.length)]),
  (_, { id }, below) => ({
    status: [200, 302, 400, 404, 429, 500, 503][below(7)] ?? 200,
    text: JSON.stringify({ id, result: odd(below), error: odd(below) }),
    headers: { location: honest.url, 'retry-after': ['0', '-1', '1e9', 'soon'][below(4)] ?? '0' },
  }),
];

/** Some of the answers and heads are spoiled from now on, by a seed that a failure names. */
function spoil(): { readonly count: number; end(): void } {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const random = new Random(seed);
  onTestFailed(() => console.error(`answers were spoiled by the seed ${seed}`));
  const below: Below = (count) => random.whole(0, Math.max(0, count - 1));
  let count = 0;
  hostile.fault = async (request, node) => {
    const answer: Result = await node();
    before.push(answer.result);
    // One that answers nothing right is not asked much.
    if (random.chance(0.5)) return answer;
    count += 1;
    return random.pick(SPOILS)(answer, request, below);
  };
  hostile.heads = (head, tell) => {
    if (random.chance(0.5)) tell(head);
    else tell(spoiled(head, below) as object);
  };
  return {
    get count() {
      return count;
    },
    end() {
      hostile.fault = undefined;
      hostile.heads = undefined;
    },
  };
}

/** Blocks come and doors are knocked at until so many answers were spoiled. */
async function live(app: App, spoiling: { readonly count: number }, most: number): Promise<void> {
  await eventually(async () => {
    await mint(chain, gold, owner, 1n);
    const doors = ['/livez', '/health', `/${chain.chainId}/balance/${owner}/${gold}`];
    const answers = await Promise.all(doors.map((door) => rest(app, 'GET', door)));
    for (const { status } of answers) expect([200, 503, 400]).toContain(status);
    expect(spoiling.count).toBeGreaterThan(most);
  });
}

describe('an endpoint that answers at random', () => {
  it.each([
    ['beside one that is well', true, 12],
    ['and is the only one', false, 60],
  ])('%s', async (_, isBeside, most) => {
    const app = await start(hostile.wsUrl, hostile.url, ...(isBeside ? [honest.wsUrl, honest.url] : []));
    const watcher = await watch(app);
    const spoiling = spoil();
    await live(app, spoiling, most);
    spoiling.end();
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await isHealthy(app);
    expect(watcher.failure).toBeUndefined();
  });
});

/** The same in every block that it tells, by any way. */
function retold(changed: object): void {
  const isBlock = (value: unknown) => typeof value === 'object' && value !== null && 'parentHash' in value;
  hostile.fault = async (request, node) => {
    const answer: Result = await node();
    return isBlock(answer.result) ? result(request, { ...(answer.result as object), ...changed }) : answer;
  };
  hostile.heads = (head, tell) => tell({ ...head, ...changed });
}

describe('the only endpoint, once it is well again', () => {
  it.each<[string, () => void]>([
    ['after blocks of the far future', () => retold({ number: '0xfffffffffffff' })],
    ['after blocks of number 0', () => retold({ number: '0x0' })],
    ['after times that no date can tell', () => retold({ timestamp: '0xfffffffffffff' })],
    ['after one hash for all blocks', () => retold({ hash: `0x${'ab'.repeat(32)}` })],
    ['after blocks that are their own parents', () => retold({ parentHash: `0x${'ab'.repeat(32)}` })],
  ])('is followed as ever %s', async (_, begin) => {
    const app = await start(hostile.wsUrl, hostile.url);
    const watcher = await watch(app);
    hostile.reset();
    begin();
    await eventually(async () => {
      await mint(chain, gold, owner, 1n);
      expect((await rest(app, 'GET', '/health')).json).toMatchObject({ chains: [{}] });
      const asked = ['eth_getBlockByNumber', 'eth_getBlockByHash', 'eth_chainId'];
      expect(asked.reduce((sum, method) => sum + hostile.count(method), 0)).toBeGreaterThan(5);
    });
    hostile.fault = undefined;
    hostile.heads = undefined;
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await isHealthy(app);
  });

  it('is used though its first chain id could not be told', async () => {
    hostile.fault = async (request, node) =>
      request.method === 'eth_chainId' ? result(request, { toString: null, valueOf: null }) : await node();
    const app = await start(hostile.wsUrl, hostile.url);
    await eventually(() => expect(hostile.count('eth_chainId')).toBeGreaterThan(5));
    hostile.fault = undefined;
    const watcher = await watch(app);
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await isHealthy(app);
  });
});
