import { setTimeout as sleep } from 'node:timers/promises';
import { maxUint256, parseEther } from 'viem';
import type { Address } from '../../chain/types.ts';
import {
  approve,
  call,
  mint,
  pay,
  payFromContract,
  silentMint,
  transfer,
  transferFrom,
  transferMany,
  unwrap,
  wrap,
} from '../contracts.ts';
import type { Random } from './random.ts';
import { ordinary, type World } from './world.ts';

/**
 * What happens on the chain while things go wrong around it: everything that moves a balance, with and without
 * an event, and some that moves none. Blocks come on demand with many transactions or none, one for every
 * transaction, and by the clock, by turns.
 */
export interface Traffic {
  /** A last burst, in a few blocks of its own. */
  burst(): Promise<void>;
  readonly sent: number;
  /** Not sent, or in no block: the node was away. */
  readonly failed: number;
  /** Settles once the signal has aborted and the chain is quiet: no block comes by itself any more. */
  readonly ended: Promise<void>;
}

type Action = (world: World, random: Random) => Promise<unknown>;
type Mode = 'demand' | 'auto' | 'clock';

const TOLD: readonly [weight: number, act: Action][] = [
  [10, sendToken],
  [3, (world, random) => mint(world.chain, anyToken(world, random), someone(world, random), amount(random))],
  [4, sendCoin],
  [2, (world, random) => payFromContract(world.chain, { from: world.payer, ...coin(world, random) })],
  [2, (world, random) => wrap(world.chain, wallet(world, random), ether(random))],
  [2, (world, random) => unwrap(world.chain, wallet(world, random), ether(random) / 10n)],
  [4, approveSome],
  [4, draw],
  [1, decree],
  [1, sendMany],
];
/** By no event: only reading again can tell. */
const UNTOLD: typeof TOLD = [
  [
    3,
    (world, random) => silentMint(world.chain, plain(world, random), wallet(world, random), amount(random)),
  ],
  [1, rebase],
];

const TICK_MS = [20, 250] as const;
/** What is in no block by then (its block was replaced, the node went away) is not waited for. */
const MOST_WAIT_MS = 400;
/** Ticks between one way of making blocks and another. */
const TICKS_A_MODE = [5, 20] as const;

export function startTraffic(
  world: World,
  { random, silent, signal }: { random: Random; silent: boolean; signal: AbortSignal },
): Traffic {
  const actions = [...TOLD, ...(silent ? UNTOLD : [])];
  const lots = actions.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
  const { chain } = world;
  const counts = { sent: 0, failed: 0 };

  async function attempt(task: () => Promise<unknown>): Promise<void> {
    const settled = task().then(
      () => {
        counts.sent += 1;
      },
      () => {
        counts.failed += 1;
      },
    );
    await Promise.race([settled, sleep(MOST_WAIT_MS)]);
  }
  const some = (most: number) =>
    Promise.all(
      Array.from({ length: random.whole(1, most) }, () => random.pick(lots)).map((act) =>
        attempt(() => act(world, random)),
      ),
    );

  async function tick(mode: Mode): Promise<void> {
    if (mode === 'demand') {
      await some(random.chance(0.1) ? 50 : 10);
      await chain.mine(random.chance(0.2) ? random.whole(2, 5) : 1);
    } else await some(mode === 'auto' ? 4 : 8);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const mode = random.pick<Mode>(['demand', 'demand', 'auto', 'clock']);
      await become(world, mode).catch(() => {});
      for (let ticks = random.whole(...TICKS_A_MODE); ticks > 0 && !signal.aborted; ticks -= 1) {
        // While the node is away there is no chain for anything to happen on.
        await tick(mode).catch(() => {});
        await sleep(random.between(...TICK_MS), undefined, { signal }).catch(() => {});
      }
    }
    await become(world, 'demand');
  }
  return {
    async burst() {
      for (let blocks = random.whole(1, 3); blocks > 0; blocks -= 1) await tick('demand');
    },
    get sent() {
      return counts.sent;
    },
    get failed() {
      return counts.failed;
    },
    ended: run(),
  };
}

async function become({ chain }: World, mode: Mode): Promise<void> {
  if (mode === 'clock') await chain.mineEvery(1);
  else await chain.automine(mode === 'auto');
}

function sendToken(world: World, random: Random): Promise<unknown> {
  const [from, to] = two(world, random);
  return transfer(world.chain, anyToken(world, random), { from, to, amount: amount(random) });
}

function sendCoin(world: World, random: Random): Promise<unknown> {
  const [from] = two(world, random);
  return pay(world.chain, { from, ...coin(world, random) });
}

function sendMany(world: World, random: Random): Promise<unknown> {
  const movement = { from: world.payer, to: wallet(world, random), amount: amount(random) };
  return transferMany(world.chain, plain(world, random), movement, random.whole(2, 30));
}

function approveSome(world: World, random: Random): Promise<unknown> {
  const owner = wallet(world, random);
  const spender = random.chance(0.7) ? random.pick(world.spenders) : someone(world, random);
  const given = random.chance(0.2) ? maxUint256 : amount(random);
  return approve(world.chain, anyToken(world, random), { owner, spender, amount: given });
}

/** Reverts where it is not allowed. */
function draw(world: World, random: Random): Promise<unknown> {
  const [from, to] = [wallet(world, random), someone(world, random)];
  const spender = random.pick(world.spenders);
  const drawn = amount(random) / 100n;
  return transferFrom(world.chain, anyToken(world, random), { from, to, amount: drawn, spender });
}

/** A block follows at once: it stands for the new state by its hash. */
async function decree(world: World, random: Random): Promise<void> {
  await world.chain.setNativeBalance(wallet(world, random), 500n * ether(random));
  await world.chain.mine();
}

function rebase({ chain, tokens }: World, random: Random): Promise<unknown> {
  const index = (parseEther('1') * BigInt(random.whole(900, 1100))) / 1000n;
  return call(chain, 'RebasingToken', tokens.rebasing, 'rebase', [index]);
}

function two(world: World, random: Random): [Address, Address] {
  const [one, other] = [wallet(world, random), someone(world, random)];
  return random.chance(0.5) ? [one, other] : [other, one];
}

function coin(world: World, random: Random): { to: Address; amount: bigint } {
  return { to: someone(world, random), amount: ether(random) / 10n };
}

function wallet({ wallets }: World, random: Random): Address {
  return random.pick(wallets);
}

function someone({ wallets, outsiders }: World, random: Random): Address {
  return random.chance(0.75) ? random.pick(wallets) : random.pick(outsiders);
}

function plain({ tokens }: World, random: Random): Address {
  return random.pick(tokens.plain);
}

function anyToken({ tokens }: World, random: Random): Address {
  return random.pick(ordinary(tokens));
}

function amount(random: Random): bigint {
  return BigInt(random.whole(1, 1_000_000));
}

function ether(random: Random): bigint {
  return parseEther('1') / BigInt(random.whole(1, 1000));
}
