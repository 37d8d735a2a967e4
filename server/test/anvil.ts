import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Hex,
  numberToHex,
  parseEther,
  type RpcTransactionRequest,
  TransactionReceiptNotFoundError,
} from 'viem';
import type { Address, BlockRef, Hash } from '../chain/types.ts';
import { type Anvil, type Mining, startAnvil } from '../devchain/anvil.ts';
import { type ChainClient, chainClient } from '../devchain/client.ts';
import { type Genesis, layGenesis } from '../devchain/genesis.ts';

/**
 * A chain for one test file: real, empty but for Multicall3 and WETH9, and in the test's hands. Any address may
 * send, without a key. What contracts.ts offers (tokens, transfers, wraps) acts on it.
 */
export interface TestChain extends Genesis, AsyncDisposable {
  readonly chainId: number;
  readonly url: string;
  readonly wsUrl: string;
  readonly client: ChainClient;
  /** The height at which the node was last started. */
  readonly upSince: number;
  head(): Promise<BlockRef>;
  /** A block, by hash, number or tag, as the node itself writes it; throws where there is none. */
  rawBlock(block: Hex | 'latest'): Promise<RawBlock>;
  /** A wallet that nobody has used, with some of the native coin (default: 10 of it). */
  newWallet(native?: bigint): Promise<Address>;
  /**
   * With automine on, or by the clock, it is in a block when this settles, and a revert throws. With automine off
   * it waits for `mine`, in order of sending; then say how much gas it needs where 300,000 is not enough.
   */
  send(transaction: Transaction): Promise<Hash>;
  /** Mines one block with whatever waits, then empty ones; answers with the last. */
  mine(blocks?: number): Promise<BlockRef>;
  /** Off: blocks come by `mine` only, so that one can be filled. */
  automine(on: boolean): Promise<void>;
  /** Blocks come by the clock from now on, every so many whole seconds. */
  mineEvery(seconds: number): Promise<void>;
  /** By decree. A block follows, so that its hash stands for the new state; with automine off that is for you. */
  setNativeBalance(owner: Address, amount: bigint): Promise<void>;
  /**
   * Replaces the newest blocks by as many others, with none of the old transactions but those given. None may be
   * as old as `upSince`: the node has no state from before it to go back to, and would go on from none.
   */
  reorg(depth: number, transactions?: readonly Replacement[]): Promise<BlockRef>;
  /** The node is there and says nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** The node is gone, with every connection to it. */
  down(): Promise<void>;
  /** As `down`, but in the midst of things: its last second or so of blocks may be gone for good. */
  kill(): Promise<void>;
  /** The node is back where it was, on the same chain. */
  up(): Promise<void>;
}

export interface RawBlock {
  readonly number: Hex;
  readonly hash: Hash;
}

export interface Transaction {
  readonly from: Address;
  readonly to?: Address;
  readonly value?: bigint;
  readonly data?: Hex;
  readonly gas?: bigint;
}

/** A transaction for the new blocks of a reorganisation: another one, or an old one as it was, its hash and all. */
export type Replacement = (Transaction | { readonly again: Hash }) & {
  /** The place of its block among the new ones; default 0, the first. */
  readonly at?: number;
};

export interface TestChainOptions {
  readonly chainId?: number;
  /** Default `auto`: a block for every transaction. */
  readonly mining?: Mining;
  /** More of anvil's own arguments. */
  readonly args?: readonly string[];
}

const ENOUGH_GAS = 300_000n;
const MINED_TIMEOUT_MS = 10_000;

export async function startTestChain(options: TestChainOptions = {}): Promise<TestChain> {
  let mining = options.mining ?? 'auto';
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'balance-stream-chain-'));
  const stateFile = join(folder, 'state.json');
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const start = (port: number, how: Mining) =>
    startAnvil({
      port,
      chainId: options.chainId,
      mining: how,
      stateFile,
      args: ['--auto-impersonate', '--order', 'fifo', ...(options.args ?? [])],
    });
  let upSince = 0;
  let anvil: Anvil = await start(0, mining === 'auto' ? 'manual' : mining);
  starting.defer(() => anvil[Symbol.asyncDispose]());
  const { port, url, wsUrl, chainId } = anvil;
  const client = chainClient(anvil);
  const { genesis } = await layGenesis(client);
  if (mining === 'auto') await client.setAutomine(true);
  const running = starting.move();
  // One at a time: anvil gives the same nonce to two that come together.
  let queue: Promise<unknown> = Promise.resolve();

  const chain: TestChain = {
    ...genesis,
    chainId,
    url,
    wsUrl,
    client,
    get upSince() {
      return upSince;
    },
    async head() {
      const { number, hash, timestamp } = await client.getBlock();
      return { number: Number(number), hash, timestamp: Number(timestamp) };
    },
    async rawBlock(block) {
      const method = block.length === 66 ? 'eth_getBlockByHash' : 'eth_getBlockByNumber';
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [block, false] }),
      });
      const { result } = (await response.json()) as { result: RawBlock | null };
      if (!result) throw new Error(`there is no block ${block}`);
      return result;
    },
    async newWallet(native = parseEther('10')) {
      const wallet: Address = `0x${randomBytes(20).toString('hex')}`;
      await client.setBalance({ address: wallet, value: native });
      return wallet;
    },
    async send({ from, gas, ...rest }) {
      // Without gas anvil would estimate it, on a state that lacks what waits to be mined.
      const waits = mining === 'manual';
      const sent = queue.then(() =>
        client.sendTransaction({ account: from, ...rest, gas: gas ?? (waits ? ENOUGH_GAS : undefined) }),
      );
      queue = sent.catch(() => {});
      const hash = await sent;
      if (!waits) await mined(client, hash);
      return hash;
    },
    async mine(blocks = 1) {
      await client.mine({ blocks });
      return chain.head();
    },
    async automine(on) {
      if (typeof mining === 'object') await client.setIntervalMining({ interval: 0 });
      await client.setAutomine(on);
      mining = on ? 'auto' : 'manual';
    },
    async setNativeBalance(owner, amount) {
      await client.setBalance({ address: owner, value: amount });
      if (mining !== 'manual') await client.mine({ blocks: 1 });
    },
    async reorg(depth, transactions = []) {
      const { number } = await chain.head();
      if (number - depth < upSince) throw new Error(`block ${number - depth} is older than the node knows`);
      const placed = await Promise.all(
        transactions.map(async (one): Promise<[RpcTransactionRequest, number]> => {
          const request = 'again' in one ? await asItWas(client, one.again) : requestOf(one);
          return [request, one.at ?? 0];
        }),
      );
      await client.request({ method: 'anvil_reorg', params: [depth, placed] });
      return chain.head();
    },
    freeze: () => anvil.freeze(),
    thaw: () => anvil.thaw(),
    async mineEvery(seconds) {
      await client.setAutomine(false);
      await client.setIntervalMining({ interval: seconds });
      mining = { everyMs: seconds * 1000 };
    },
    down: () => anvil.stop(),
    async kill() {
      await written(stateFile);
      await anvil.kill();
    },
    async up() {
      anvil = await start(port, mining);
      upSince = (await chain.head()).number;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  return chain;
}

function requestOf({ from, to, value = 0n, data, gas = ENOUGH_GAS }: Transaction) {
  return {
    from,
    ...(to && { to }),
    ...(data && { data }),
    value: numberToHex(value),
    gas: numberToHex(gas),
  };
}

/** With nonce and fees: what it is hashed over. */
async function asItWas(client: ChainClient, hash: Hash) {
  const { from, to, value, input, gas, nonce, maxFeePerGas, maxPriorityFeePerGas } =
    await client.getTransaction({ hash });
  return {
    ...requestOf({ from, value, data: input, gas, ...(to && { to }) }),
    type: '0x2' as const,
    nonce: numberToHex(nonce),
    maxFeePerGas: numberToHex(maxFeePerGas ?? 0n),
    maxPriorityFeePerGas: numberToHex(maxPriorityFeePerGas ?? 0n),
  };
}

/**
 * Asks for the receipt until there is one; throws where it says that the transaction reverted. (viem's own waits
 * for another block where it has just missed this one, and on a quiet chain none comes.)
 */
async function mined(client: ChainClient, hash: Hash): Promise<void> {
  const deadline = AbortSignal.timeout(MINED_TIMEOUT_MS);
  for (;;) {
    const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    });
    if (receipt?.status === 'reverted') throw new Error(`Transaction ${hash} reverted`);
    if (receipt) return;
    if (deadline.aborted) throw new Error(`Transaction ${hash} is in no block`);
    await sleep(5);
  }
}

const WRITES_EVERY_MS = 1000;

/**
 * Settles between two writings of the state file, which take a part of a second each: half a file is no chain to
 * come back to.
 */
async function written(file: string): Promise<void> {
  for (const deadlineMs = Date.now() + MINED_TIMEOUT_MS; Date.now() < deadlineMs; await sleep(20)) {
    const ageMs = Date.now() - (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
    if (ageMs > WRITES_EVERY_MS / 8 && ageMs < WRITES_EVERY_MS / 2) return;
  }
}
