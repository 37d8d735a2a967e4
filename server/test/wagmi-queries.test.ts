import { type BalancesClient, createBalancesClient } from '@balance-stream/client';
import { liveBalances } from '@balance-stream/client/wagmi';
import { QueryClient, type QueryKey, QueryObserver, type QueryObserverOptions } from '@tanstack/react-query';
import { defineChain, erc20Abi, parseEther } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as wagmi from 'wagmi';
import * as queries from 'wagmi/query';
import * as wagmi2 from 'wagmi-core-2';
import * as queries2 from 'wagmi-core-2/query';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';

let chain: TestChain;
/** What the server reads from, and what wagmi does. */
let nodes: { readonly server: NodeProxy; readonly wagmi: NodeProxy };
let server: App;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  nodes = { server: await startNodeProxy(chain), wagmi: await startNodeProxy(chain) };
  gold = await deployToken(chain, { symbol: 'GOLD', decimals: 6 });
  const { url, wsUrl } = nodes.server;
  server = await startTestApp({ ...chain, url, wsUrl });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await nodes?.server[Symbol.asyncDispose]();
  await nodes?.wagmi[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

let owner: Address;
beforeEach(async () => {
  owner = await chain.newWallet(parseEther('10'));
  await mint(chain, gold, owner, 7n);
  for (const node of [nodes.server, nodes.wagmi]) node.fault = undefined;
});

interface Versions {
  readonly wagmi: Pick<typeof wagmi, 'createConfig' | 'http'>;
  readonly queries: Pick<typeof queries, 'getBalanceQueryOptions' | 'readContractQueryOptions' | 'hashFn'>;
}
const VERSION_3: Versions = { wagmi, queries };
// Their types differ in what is of no interest here.
const VERSION_2 = { wagmi: wagmi2, queries: queries2 } as unknown as Versions;

/** A wagmi application without its components: real queries, real observers, and nothing is read twice. */
function openApplication({
  version = VERSION_3,
  client = createBalancesClient({ url: server.url }),
}: {
  version?: Versions;
  client?: BalancesClient;
} = {}) {
  const own = defineChain({
    id: chain.chainId,
    name: 'Test',
    nativeCurrency: { name: 'Testcoin', symbol: 'TST', decimals: 18 },
    rpcUrls: { default: { http: [nodes.wagmi.url] } },
  });
  const config = version.wagmi.createConfig({
    chains: [own],
    transports: { [own.id]: version.wagmi.http(undefined, { retryCount: 0 }) },
  });
  const queryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } },
  });
  const stop = liveBalances({ client, queryClient, config });
  const leaving: (() => void)[] = [];
  return {
    config,
    queryClient,
    /** As a component does that uses the hook of these options. */
    observe<T>(options: object, { enabled = true } = {}) {
      const all = { ...options, enabled, queryKeyHashFn: version.queries.hashFn } as QueryObserverOptions<T>;
      const observer = new QueryObserver<T>(queryClient, { ...all, queryKey: all.queryKey as QueryKey });
      leaving.push(observer.subscribe(() => {}));
      return { ...observer, leave: leaving.at(-1), data: () => observer.getCurrentResult().data, observer };
    },
    balance: (options: object = {}) =>
      version.queries.getBalanceQueryOptions(config, { address: owner, chainId: chain.chainId, ...options }),
    balanceOf: (options: object = {}) =>
      version.queries.readContractQueryOptions(config, {
        abi: erc20Abi,
        address: gold,
        functionName: 'balanceOf',
        args: [owner],
        chainId: chain.chainId,
        ...options,
      }),
    [Symbol.dispose]() {
      for (const leave of leaving) leave();
      stop();
      queryClient.clear();
      client.dispose();
    },
  };
}

const shows = <T>({ data }: { data: () => T }, expected: unknown) =>
  eventually(() => expect(data()).toEqual(expected));

describe.each([
  ['wagmi 2', VERSION_2, (formatted: string) => ({ formatted })],
  ['wagmi 3', VERSION_3, () => ({})],
])('%s', (_, version, text) => {
  it('useBalance of the native coin has what the chain has, in its own shape', async () => {
    using application = openApplication({ version });
    const balance = application.observe(application.balance());
    const shape = { decimals: 18, symbol: 'TST' };
    await shows(balance, { ...shape, value: parseEther('10'), ...text('10') });
    await chain.setNativeBalance(owner, parseEther('2.5'));
    await shows(balance, { ...shape, value: parseEther('2.5'), ...text('2.5') });
  });

  it('useReadContract(balanceOf) has what the chain has', async () => {
    using application = openApplication({ version });
    const balance = application.observe(application.balanceOf());
    await shows(balance, 7n);
    await mint(chain, gold, owner, 5n);
    await shows(balance, 12n);
  });
});

it('wagmi 2: useBalance of a token has what the chain has, in its own shape', async () => {
  using application = openApplication({ version: VERSION_2 });
  const balance = application.observe(application.balance({ token: gold }));
  await shows(balance, { decimals: 6, symbol: 'GOLD', formatted: '0.000007', value: 7n });
  await mint(chain, gold, owner, 5n);
  await shows(balance, { decimals: 6, symbol: 'GOLD', formatted: '0.000012', value: 12n });
});

describe('which of two is newer', () => {
  it('what wagmi read after the wallet’s own transaction stays, while the server has not heard of the block', async () => {
    using application = openApplication();
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    await mint(chain, gold, owner, 1n);
    await shows(balance, 8n);
    const seen = record(application.queryClient);

    const held = hold(nodes.server);
    await mint(chain, gold, owner, 4n);
    await application.queryClient.invalidateQueries();
    await shows(balance, 12n);
    // Another component asks for the same: what the server knows of it is older.
    nodes.wagmi.reset();
    balance.leave?.();
    const again = application.observe<bigint>(application.balanceOf());
    await eventually(() => expect(nodes.wagmi.count('eth_blockNumber')).toBe(1));
    held.release();
    await mint(chain, gold, owner, 1n);
    await shows(again, 13n);
    expect(seen).toEqual([12n, 13n]);
  });

  it('what wagmi’s node answered late is put right', async () => {
    using application = openApplication();
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    await mint(chain, gold, owner, 1n);
    await shows(balance, 8n);

    const { promise: late, resolve: release } = Promise.withResolvers<void>();
    nodes.wagmi.fault = async ({ method }, node) => {
      const answer = await node();
      if (method === 'eth_call') await late;
      return answer;
    };
    nodes.wagmi.reset();
    const fetched = application.queryClient.invalidateQueries();
    await eventually(() => expect(nodes.wagmi.count('eth_call')).toBe(1));
    await mint(chain, gold, owner, 4n);
    await shows(balance, 12n);
    const seen = record(application.queryClient);
    release();
    await fetched;
    await eventually(() => expect(seen.at(-1)).toBe(12n));
    expect(seen).toEqual([8n, 12n]);
  });

  it('what a query that was not shown for a while holds is put right when it is shown again', async () => {
    using application = openApplication();
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    balance.leave?.();
    await mint(chain, gold, owner, 5n);
    await shows(application.observe<bigint>(application.balanceOf()), 12n);
  });

  it('what the application wrote in the hope of a transaction stays until the balance moves', async () => {
    using application = openApplication();
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    await mint(chain, gold, owner, 1n);
    await shows(balance, 8n);
    application.queryClient.setQueryData(application.balanceOf().queryKey, 20n);
    const native = application.observe<{ value: bigint }>(application.balance());
    await chain.setNativeBalance(owner, 1n);
    await eventually(() => expect(native.data()?.value).toBe(1n));
    expect(balance.data()).toBe(20n);
    await mint(chain, gold, owner, 4n);
    await shows(balance, 12n);
  });
});

describe('left to wagmi', () => {
  it('queries of another block, disabled ones, and those that nobody looks at', async () => {
    using application = openApplication();
    const live = application.observe<bigint>(application.balanceOf());
    const { number } = await chain.head();
    const pinned = application.observe<bigint>(application.balanceOf({ blockNumber: BigInt(number) }));
    const disabled = application.observe<bigint>(application.balanceOf({ scopeKey: 'disabled' }));
    await shows(live, 7n);
    await shows(pinned, 7n);
    await shows(disabled, 7n);
    disabled.observer.setOptions({ ...disabled.observer.options, enabled: false });
    const unseen = application.balanceOf({ scopeKey: 'unseen' });
    await application.queryClient.fetchQuery(unseen as never);
    await mint(chain, gold, owner, 5n);
    await shows(live, 12n);
    expect([pinned.data(), disabled.data()]).toEqual([7n, 7n]);
    expect(application.queryClient.getQueryData(unseen.queryKey)).toBe(7n);
  });

  it('everything while the server is away', async () => {
    const client = createBalancesClient({ url: 'http://127.0.0.1:1' });
    using application = openApplication({ client });
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    await mint(chain, gold, owner, 5n);
    await application.queryClient.invalidateQueries();
    await shows(balance, 12n);
  });

  it('chains that the server does not serve, of which it is asked once', async () => {
    await using other = await startTestApp({ ...chain, chainId: 5 });
    const bodies: string[] = [];
    const client = createBalancesClient({
      url: other.url,
      fetch: (url, init) => {
        bodies.push(String(init?.body));
        return fetch(url, init);
      },
    });
    using application = openApplication({ client });
    const balance = application.observe<bigint>(application.balanceOf());
    await shows(balance, 7n);
    await eventually(() => expect(bodies.join()).toContain(owner));
    await refusal(client, owner);
    await mint(chain, gold, owner, 5n);
    await application.queryClient.invalidateQueries();
    await shows(balance, 12n);

    const stranger = await chain.newWallet();
    await shows(application.observe<bigint>(application.balanceOf({ args: [stranger] })), 0n);
    // Who is refused after it was asked for has waited longer than it would have.
    await refusal(client, owner);
    expect(bodies.join()).not.toContain(stranger);
  });
});

it('a write counts as a fetch, and polling goes on', async () => {
  using application = openApplication();
  const balance = application.observe<bigint>(application.balanceOf());
  await shows(balance, 7n);
  const { dataUpdatedAt } = balance.observer.getCurrentResult();
  await mint(chain, gold, owner, 5n);
  await shows(balance, 12n);
  expect(balance.observer.getCurrentResult().dataUpdatedAt).toBeGreaterThan(dataUpdatedAt);
});

it('what else a query holds is made no fresher by a write', async () => {
  using application = openApplication();
  const balanceOf = { abi: erc20Abi, address: gold, functionName: 'balanceOf', args: [owner] } as const;
  const held = application.observe<{ result: bigint }[]>(
    queries.readContractsQueryOptions(application.config, {
      contracts: [balanceOf, { abi: erc20Abi, address: gold, functionName: 'totalSupply' }],
      chainId: chain.chainId,
    }),
  );
  const supply = await chain.client.readContract({
    abi: erc20Abi,
    address: gold,
    functionName: 'totalSupply',
  });
  const results = { data: () => held.data()?.map(({ result }) => result) };
  await shows(results, [7n, supply]);
  const { dataUpdatedAt } = held.observer.getCurrentResult();
  await mint(chain, gold, owner, 5n);
  await shows(results, [12n, supply]);
  expect(held.observer.getCurrentResult().dataUpdatedAt).toBe(dataUpdatedAt);
});

/** Waits until the server has refused to watch the wallet. */
async function refusal(client: BalancesClient, owner: Address): Promise<void> {
  const states = client.watchBalances({ chainId: chain.chainId, owner })[Symbol.asyncIterator]();
  await expect(states.next()).rejects.toMatchObject({ code: 'CHAIN_NOT_SERVED' });
}

/** Every amount that the one query holds from now on. */
function record(queryClient: QueryClient): bigint[] {
  const seen: bigint[] = [];
  queryClient.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success') return;
    const { data } = event.query.state;
    if (data !== seen.at(-1)) seen.push(data);
  });
  return seen;
}

/** The node says nothing more until it is released. */
function hold(node: NodeProxy) {
  const { promise, resolve } = Promise.withResolvers<void>();
  node.loseHeads = true;
  node.fault = async (_, ask) => {
    await promise;
    return await ask();
  };
  return {
    release() {
      node.loseHeads = false;
      node.fault = undefined;
      resolve();
    },
  };
}
