import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFunctionData, erc20Abi, type Hex, multicall3Abi } from 'viem';
import type { Address } from '../../chain/types.ts';
import { artifact } from '../../devchain/contracts/artifacts.ts';
import { startTestChain, type TestChain } from '../anvil.ts';
import { deployManyTokens } from '../contracts.ts';
import type { StallOptions } from './options.ts';

/** A chain whose wallets hold much of every token, in numbers that are long, so that every change is. */
export interface World extends AsyncDisposable {
  readonly chain: TestChain;
  readonly wallets: readonly Address[];
  readonly tokens: readonly Address[];
  /** What the chain says at its head. */
  truth(): Promise<ReadonlyMap<Address, ReadonlyMap<Address, bigint>>>;
  /** Blocks in which every balance grows by one, each once the last was told, until it is told to end. */
  flood(told: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Ten blocks a second in which so many balances grow by one, in turns, until it is told to end. */
  grow(balancesASecond: number, signal: AbortSignal): Promise<void>;
}

const LONG = 10n ** 70n;
const BLOCKS_A_SECOND = 10;
/** Of a transaction: well within what anvil lets one use. */
const MOST_MINTS = 200;
const GAS_A_MINT = 60_000n;
const MINTS_A_BLOCK_OF_FUNDS = 600;

export async function startWorld({ wallets: count, tokens: tokenCount }: StallOptions): Promise<World> {
  await using starting = new AsyncDisposableStack();
  const chain = starting.use(
    await startTestChain({ mining: 'manual', args: ['--gas-limit', '300000000', '--prune-history', '128'] }),
  );
  const tokens = await deployManyTokens(chain, tokenCount, { owner: chain.deployer, amount: () => LONG });
  const wallets = await Promise.all(Array.from({ length: count }, () => chain.newWallet()));
  const pairs = wallets.flatMap((owner) => tokens.map((token) => ({ owner, token })));
  const mint = async (some: readonly { owner: Address; token: Address }[], amount: bigint) => {
    for (let from = 0; from < some.length; from += MOST_MINTS) {
      const calls = some.slice(from, from + MOST_MINTS);
      const data = mintsOf(calls, amount);
      await chain.send({
        from: chain.deployer,
        to: chain.multicall,
        data,
        gas: 500_000n + GAS_A_MINT * BigInt(calls.length),
      });
    }
  };
  for (let from = 0; from < pairs.length; from += MINTS_A_BLOCK_OF_FUNDS) {
    await mint(pairs.slice(from, from + MINTS_A_BLOCK_OF_FUNDS), LONG);
    await chain.mine();
  }
  // In an order in which every wallet has its share of every block.
  const turns = tokens.flatMap((token) => wallets.map((owner) => ({ owner, token })));
  let next = 0;
  const running = starting.move();
  return {
    chain,
    wallets,
    tokens,
    async truth() {
      const { hash } = await chain.head();
      return new Map(
        await Promise.all(
          wallets.map(async (owner) => {
            const amounts = await chain.client.multicall({
              multicallAddress: chain.multicall,
              blockHash: hash,
              allowFailure: false,
              batchSize: 0,
              contracts: tokens.map(
                (address) => ({ address, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }) as const,
              ),
            });
            return [owner, new Map(tokens.map((token, index) => [token, amounts[index] ?? 0n]))] as const;
          }),
        ),
      );
    },
    async flood(told, signal) {
      while (!signal.aborted) {
        await mint(pairs, 1n);
        await chain.mine();
        await told();
      }
    },
    async grow(balancesASecond, signal) {
      let due = 0;
      while (!signal.aborted) {
        const startedMs = performance.now();
        due += balancesASecond / BLOCKS_A_SECOND;
        const some = Array.from(
          { length: Math.floor(due) },
          (_, index) => turns[(next + index) % turns.length],
        );
        due -= some.length;
        next = (next + some.length) % turns.length;
        await mint(
          some.filter((pair) => pair !== undefined),
          1n,
        );
        await chain.mine();
        const leftMs = 1000 / BLOCKS_A_SECOND - (performance.now() - startedMs);
        await sleep(Math.max(0, leftMs), undefined, { signal }).catch(() => {});
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function mintsOf(pairs: readonly { owner: Address; token: Address }[], amount: bigint): Hex {
  const { abi } = artifact('TestToken');
  const calls = pairs.map(({ owner, token }) => ({
    target: token,
    allowFailure: false,
    callData: encodeFunctionData({ abi, functionName: 'mint', args: [owner, amount] }),
  }));
  return encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] });
}
