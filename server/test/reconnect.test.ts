import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BalancesClient,
  type BalancesClientOptions,
  type BalancesState,
  createBalancesClient,
  type WatchOptions,
} from '../../client/index.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTokenListServer, type TokenListServer } from '../devchain/tokenlist-server.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import { balanceOf, deployToken, mint, transfer } from './contracts.ts';
import { ServerProcess } from './server-process.ts';

/** The real client on the real server, which is a process that is killed, frozen and started with empty memory. */
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
let chain: TestChain;
let running: AsyncDisposableStack;
let gold: Address;
let silver: Address;
let owner: Address;
let port: number;
let server: ServerProcess;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  gold = await deployToken(chain, { symbol: 'GOLD' });
  silver = await deployToken(chain, { symbol: 'SILVER' });
  owner = await chain.newWallet();
  await mint(chain, gold, owner, 10n);
  port = await freePort();
  await start();
});
afterEach(() => running.disposeAsync());

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  listening.close();
  await once(listening, 'close');
  return port;
}

/** Where it was before, with nothing in its memory. */
async function start(environment: Record<string, string> = {}): Promise<void> {
  server = running.use(
    new ServerProcess({
      HTTP_BIND: `127.0.0.1:${port}`,
      CHAINS: String(chain.chainId),
      [`RPC_URLS_${chain.chainId}`]: `${chain.wsUrl},${chain.url}`,
      [`WRAPPED_NATIVE_${chain.chainId}`]: chain.weth,
      ALLOW_PRIVATE_TOKEN_LISTS: 'true',
      SNAPSHOT_INTERVAL: '3600',
      SSE_HEARTBEAT_INTERVAL: '0.2',
      RATE_LIMIT_PER_MINUTE: '1000000',
      ...environment,
    }),
  );
  await server.url();
}

async function kill(): Promise<void> {
  server[Symbol.dispose]();
  await server.exited;
}

/** What a program sends: operations by name, in order. */
interface Program {
  readonly client: BalancesClient;
  readonly sent: readonly string[];
  readonly opened: () => number;
}

function program(options: Partial<BalancesClientOptions> = {}): Program {
  const sent: string[] = [];
  const client = createBalancesClient({
    url: `http://127.0.0.1:${port}`,
    silenceTimeoutMs: 3000,
    fetch: async (input, init) => {
      sent.push(/(?:query|mutation|subscription) (\w+)/.exec(String(init?.body))?.[1] ?? '');
      return await fetch(input, init);
    },
    ...options,
  });
  running.adopt(client, (one) => one.dispose());
  return { client, sent, opened: () => sent.filter((name) => name.startsWith('Watch')).length };
}

class Seen {
  readonly states: BalancesState[] = [];
  readonly #owner: Address;
  readonly unsubscribe: () => void;

  constructor({ client }: Program, options: Partial<WatchOptions> = {}) {
    this.#owner = options.owner ?? owner;
    const watch = client.watchBalances({ chainId: chain.chainId, owner, customTokens: [gold], ...options });
    this.unsubscribe = watch.subscribe((state) => this.states.push(state));
  }

  get latest(): BalancesState | undefined {
    return this.states.at(-1);
  }

  amount(token: Address): bigint | null | undefined {
    return this.latest?.balances.get(token)?.amount;
  }

  /** States of the connection, each as long as it lasted. */
  get course(): readonly string[] {
    const states = this.states.map(({ status }) => status.state);
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** It is live, and holds what the chain says of all it holds. */
  async agrees(...tokens: readonly Address[]): Promise<void> {
    await eventually(async () => {
      expect(this.latest?.status).toMatchObject({ state: 'live', retries: 0, error: null });
      expect(new Set(this.latest?.balances.keys())).toEqual(new Set([NATIVE, chain.weth, ...tokens]));
      for (const token of [NATIVE, ...tokens])
        expect(this.amount(token)).toBe(await balanceOf(chain, token, this.#owner));
    });
  }

  async isStale(): Promise<void> {
    await eventually(() => expect(this.latest?.status.state).toBe('stale'));
  }
}

describe('a client whose server', () => {
  it('is killed keeps what it knows, marked stale, and is live with what is true once it is back', async () => {
    const seen = new Seen(program());
    await seen.agrees(gold);
    await kill();
    await seen.isStale();
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(seen.latest?.status.retries).toBeGreaterThan(1));
    expect(seen.amount(gold)).toBe(10n);
    expect(seen.latest?.status.error?.code).toBe('CONNECTION_FAILED');
    await start();
    await seen.agrees(gold);
    expect(seen.amount(gold)).toBe(15n);
    expect(seen.course).toEqual(['live', 'stale', 'live']);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(seen.amount(gold)).toBe(16n));
  });

  it('is started anew while a transfer happens never takes what was for what is', async () => {
    const other = await chain.newWallet();
    const seen = new Seen(program());
    await seen.agrees(gold);
    await kill();
    await transfer(chain, gold, { from: owner, to: other, amount: 4n });
    await start();
    await transfer(chain, gold, { from: owner, to: other, amount: 3n });
    await seen.agrees(gold);
    const afterwards = seen.states.slice(seen.states.findIndex(({ status }) => status.state === 'stale'));
    const live = afterwards.filter(({ status }) => status.state === 'live');
    expect(live.map(({ balances }) => balances.get(gold)?.amount)).not.toContain(10n);
  });

  it('is frozen is found out by its silence, and trusted again when it has thawed', async () => {
    const seen = new Seen(program());
    await seen.agrees(gold);
    server.process.kill('SIGSTOP');
    await seen.isStale();
    expect(seen.latest?.status.error?.message).toContain('nothing was heard for 3000 ms');
    await mint(chain, gold, owner, 5n);
    server.process.kill('SIGCONT');
    await seen.agrees(gold);
    expect(seen.amount(gold)).toBe(15n);
  });

  it('drops the connection alone, with nothing to tell, is live again once it says so', async () => {
    let cut = () => {};
    const seen = new Seen(
      program({
        async fetch(input, init) {
          const response = await fetch(input, init);
          const { readable, writable } = new TransformStream();
          const control = new AbortController();
          cut = () => control.abort();
          response.body?.pipeTo(writable, { signal: control.signal }).catch(() => {});
          return new Response(readable, response);
        },
      }),
    );
    await seen.agrees(gold);
    const before = seen.states.length;
    cut();
    await eventually(() => expect(seen.course).toEqual(['live', 'stale', 'live']));
    expect(seen.states.slice(before).flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('is slow to say what happened meanwhile is not believed to have nothing to say', async () => {
    let cut = () => {};
    const seen = new Seen(
      program({
        async fetch(input, init) {
          const response = await fetch(input, init);
          let chunks = 0;
          const late = new TransformStream<Uint8Array, Uint8Array>({
            async transform(chunk, controller) {
              // What comes first is the stream itself, with a heartbeat.
              if (chunks++ > 0) await new Promise((resolve) => setTimeout(resolve, 600));
              controller.enqueue(chunk);
            },
          });
          const control = new AbortController();
          cut = () => control.abort();
          response.body?.pipeTo(late.writable, { signal: control.signal }).catch(() => {});
          return new Response(late.readable, response);
        },
      }),
    );
    await seen.agrees(gold);
    cut();
    await mint(chain, gold, owner, 100n);
    await seen.agrees(gold);
    expect(seen.amount(gold)).toBe(110n);
    expect(seen.course).toEqual(['live', 'stale', 'live']);
  });

  it('has several wallets on one stream: all of them are right again', async () => {
    const wallets = await Promise.all([chain.newWallet(), chain.newWallet(), chain.newWallet()]);
    const desk = program();
    const seen = wallets.map((wallet) => new Seen(desk, { owner: wallet }));
    for (const one of seen) await one.agrees(gold);
    expect(desk.opened()).toBe(1);
    await kill();
    for (const one of seen) await one.isStale();
    for (const [index, wallet] of wallets.entries()) await mint(chain, gold, wallet, BigInt(index + 1));
    await start();
    for (const one of seen) await one.agrees(gold);
    expect(seen.map((one) => one.amount(gold))).toEqual([1n, 2n, 3n]);
    expect(desk.sent).not.toContain('CreateSession');
  });
});

describe('one client for a whole page', () => {
  let lists: TokenListServer;
  beforeEach(async () => {
    const tokens = [
      {
        chainId: chain.chainId,
        address: silver,
        name: 'Silver',
        symbol: 'SILVER',
        decimals: 18,
        logoURI: '',
      },
    ];
    const version = { major: 1, minor: 0, patch: 0 };
    lists = running.use(
      await startTokenListServer({ name: 'A list', timestamp: '2026-01-01T00:00:00Z', version, tokens }),
    );
  });

  it('has what each part asks for in one session, and makes it again of all of it', async () => {
    const page = program({ clientId: CLIENT });
    const [row, list, bare] = [
      new Seen(page),
      new Seen(page, { customTokens: [], tokensListsUrls: [lists.url] }),
      new Seen(page, { customTokens: [] }),
    ];
    await row.agrees(gold);
    await list.agrees(silver);
    await bare.agrees();
    expect(page.opened()).toBe(1);
    await kill();
    await list.isStale();
    await mint(chain, silver, owner, 7n);
    await mint(chain, gold, owner, 7n);
    await start();
    await Promise.all([row.agrees(gold), list.agrees(silver), bare.agrees()]);
    expect(list.amount(silver)).toBe(7n);
  });

  it('is right though the list is away when the server comes back', async () => {
    const seen = new Seen(program(), { tokensListsUrls: [lists.url] });
    await seen.agrees(gold, silver);
    await kill();
    await lists[Symbol.asyncDispose]();
    await mint(chain, silver, owner, 7n);
    await start();
    await seen.agrees(gold, silver);
    expect(seen.amount(silver)).toBe(7n);
  });

  it('tells one that asks for what cannot be had, and goes on with the others', async () => {
    const page = program();
    const bad = [
      new Seen(page, { tokensListsUrls: [`${lists.url}/none.json`] }),
      new Seen(page, { customTokens: ['0x12'] }),
      new Seen(page, { customTokens: Array.from({ length: 1001 }, (_, n) => tokenAt(n)) }),
    ];
    const good = new Seen(page);
    await good.agrees(gold);
    await eventually(() =>
      expect(bad.map(({ latest }) => latest?.status.state)).toEqual(Array(3).fill('failed')),
    );
    expect(bad.map(({ latest }) => latest?.status.error?.code)).toEqual([
      expect.stringMatching(/^TOKEN_LIST_(REJECTED|UNAVAILABLE)$/),
      'BAD_USER_INPUT',
      'TOKEN_LIMIT_EXCEEDED',
    ]);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(good.amount(gold)).toBe(11n));
    expect(good.course).toEqual(['live']);
    expect(bad.map(({ states }) => states.length)).toEqual([1, 1, 1]);
  });

  it('of a thousand rows writes its session once', async () => {
    const page = program();
    const rows = Array.from({ length: 999 }, (_, n) => new Seen(page, { customTokens: [tokenAt(n)] }));
    rows.push(new Seen(page));
    await eventually(() =>
      expect(rows.map(({ latest }) => latest?.status.state)).toEqual(Array(1000).fill('live')),
    );
    expect([...page.sent].sort()).toEqual(['CreateSession', 'ListTokens', 'WatchBalances']);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(rows[999]?.amount(gold)).toBe(11n));
    expect(rows.filter(({ states }) => states.length > 1)).toHaveLength(1);
  });

  it('where five others of the same address have sessions of the wallet is served without one', async () => {
    const others = Array.from({ length: 5 }, () => new Seen(program()));
    for (const other of others) await other.agrees(gold);
    const sixth = program();
    const seen = new Seen(sixth);
    await seen.agrees(gold);
    expect(sixth.sent).toContain('WatchWallets');
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(seen.amount(gold)).toBe(11n));
    expect(seen.course).toEqual(['live']);
  });
});

describe('two programs with the same client id', () => {
  it("do not take each other's tokens", async () => {
    const [one, other] = [program({ clientId: CLIENT }), program({ clientId: CLIENT })];
    const first = new Seen(one);
    await first.agrees(gold);
    const second = new Seen(other, { customTokens: [silver] });
    await Promise.all([first.agrees(gold), second.agrees(silver)]);
    await mint(chain, gold, owner, 5n);
    await mint(chain, silver, owner, 7n);
    await eventually(() => expect([first.amount(gold), second.amount(silver)]).toEqual([15n, 7n]));
    await Promise.all([first.agrees(gold), second.agrees(silver)]);
    for (const { status, balances } of first.states)
      if (status.state === 'live') expect(balances.has(gold)).toBe(true);
  });

  it('are right again when one of them names a session that the other watches', async () => {
    const spenders = [await chain.newWallet()];
    const seen = new Seen(program({ clientId: CLIENT }), { spenders });
    await seen.agrees(gold);
    const { client } = program({ clientId: CLIENT });
    await client.createSession({ chainId: chain.chainId, owner, customTokens: [silver] });
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(seen.amount(gold)).toBe(15n));
    await seen.agrees(gold);
  });
});

describe('what trying again cannot mend', () => {
  it.each<[string, Partial<WatchOptions>, string]>([
    ['no key', {}, 'UNAUTHENTICATED'],
    ['no key, of two wallets', { owner: `0x${'ab'.repeat(20)}` }, 'UNAUTHENTICATED'],
  ])('%s: the watch fails, once, and nothing is sent any more', async (_, options, code) => {
    await kill();
    await start({ API_KEYS: 'of-the-desk-0123456789' });
    const stranger = program();
    const seen = [new Seen(stranger), new Seen(stranger, options)];
    await eventually(() =>
      expect(seen.map(({ latest }) => latest?.status.error?.code)).toEqual([code, code]),
    );
    const sent = stranger.sent.length;
    // Longer than the first pauses between attempts.
    const before = performance.now();
    await eventually(() => expect(performance.now() - before).toBeGreaterThan(1500));
    expect([stranger.sent.length, ...seen.map(({ states }) => states.length)]).toEqual([sent, 1, 1]);
    const desk = new Seen(program({ apiKey: 'of-the-desk-0123456789' }));
    await desk.agrees(gold);
  });

  it('a chain that is not served', async () => {
    const stranger = program();
    const seen = new Seen(stranger, { chainId: 5 });
    await eventually(() =>
      expect(seen.latest?.status).toMatchObject({ state: 'failed', error: { code: 'CHAIN_NOT_SERVED' } }),
    );
    expect(stranger.sent.length).toBeLessThanOrEqual(2);
  });
});

function tokenAt(n: number): Address {
  return `0x${(0xbeef0000 + n).toString(16).padStart(40, '0')}`;
}
