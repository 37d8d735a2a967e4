import type { TestChain } from '../anvil.ts';
import { mintTransaction } from '../contracts.ts';
import type { Random } from './random.ts';
import type { NodeFault } from './schedule.ts';
import type { World } from './world.ts';

/** Does something to the node. What it returns makes good what can be made good. */
type Strike = (world: World, random: Random) => Promise<() => Promise<void>>;

const STRIKES: Readonly<Record<NodeFault, Strike>> = {
  frozen: async ({ chain }) => {
    chain.freeze();
    return async () => chain.thaw();
  },
  killed: async ({ chain }) => {
    await chain.kill();
    return () => chain.up();
  },
  restarted: async ({ chain }) => {
    await chain.down();
    return () => chain.up();
  },
  reorganised: async ({ chain, tokens, wallets }, random) => {
    const { number } = await chain.mine(2);
    const depth = Math.min(random.whole(1, 8), number - chain.upSince - 1);
    const transactions = Array.from({ length: random.whole(0, 5) }, () =>
      mintTransaction(chain, random.pick(tokens.plain), random.pick(wallets), BigInt(random.whole(1, 1000))),
    );
    await chain.reorg(depth, transactions);
    await forgetWaiting(chain);
    return async () => {};
  },
  'rolled back': async ({ chain }) => {
    const id = await chain.client.snapshot();
    return async () => {
      await chain.client.revert({ id });
      await forgetWaiting(chain);
    };
  },
};

export function strike(kind: NodeFault, world: World, random: Random): Promise<() => Promise<void>> {
  return STRIKES[kind](world, random);
}

/** What was sent on top of blocks that are gone would wait for ever, and whatever its senders send after it. */
async function forgetWaiting(chain: TestChain): Promise<void> {
  await chain.client.request({ method: 'anvil_dropAllTransactions' });
}
