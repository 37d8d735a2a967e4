import { parseEther, parseUnits } from 'viem';
import type { Address } from '../../chain/types.ts';
import { startTestChain, type TestChain } from '../anvil.ts';
import { deploy, deployManyTokens, mint } from '../contracts.ts';

/** A chain with tokens of every sort, and wallets that hold some of each. */
export interface World extends AsyncDisposable {
  readonly chain: TestChain;
  readonly wallets: readonly Address[];
  /** They hold and move tokens too, and nobody watches them. */
  readonly outsiders: readonly Address[];
  /** Those of them whose allowances are watched. */
  readonly spenders: readonly Address[];
  /** A contract that holds the coin and the plain tokens. */
  readonly payer: Address;
  readonly tokens: Tokens;
}

export interface Tokens {
  /** TestTokens. */
  readonly plain: readonly Address[];
  readonly rebasing: Address;
  readonly usdt: Address;
  readonly bytes32: Address;
  /** Whose balanceOf fails, each in another way. */
  readonly hostile: readonly Address[];
}

interface WorldOptions {
  readonly wallets: number;
  /** Hostile ones not counted; at least 4. */
  readonly tokens: number;
}

const OUTSIDERS = 3;
const SPENDERS = 2;
const MINTS_A_BLOCK = 100;
/** States of so many past blocks are kept: with all of them the state file grows past bearing. */
const STATES_KEPT = 128;

export async function startWorld(options: WorldOptions): Promise<World> {
  await using starting = new AsyncDisposableStack();
  const chain = starting.use(
    await startTestChain({ mining: 'manual', args: ['--prune-history', String(STATES_KEPT)] }),
  );
  const payer = await deploy(chain, 'Payer');
  const plain = await deployManyTokens(chain, options.tokens - 3, {
    owner: payer,
    amount: () => parseUnits('1000000', 18),
  });
  const tokens: Tokens = {
    plain,
    rebasing: await deploy(chain, 'RebasingToken'),
    usdt: await deploy(chain, 'UsdtLike'),
    bytes32: await deploy(chain, 'Bytes32Token', [word('4d4b52'), word('4d616b6572')]),
    hostile: [await deploy(chain, 'RevertingToken'), await deploy(chain, 'SizedAnswerToken', [31n])],
  };
  await chain.mine();
  await chain.setNativeBalance(payer, parseEther('1000000'));
  const people: Address[] = [];
  for (let index = 0; index < options.wallets + OUTSIDERS; index += 1)
    people.push(await chain.newWallet(parseEther('1000')));
  let minted = 0;
  for (const token of ordinary(tokens))
    for (const owner of people) {
      await mint(chain, token, owner, parseUnits('1000', 18));
      minted += 1;
      if (minted % MINTS_A_BLOCK === 0) await chain.mine();
    }
  await chain.mine();
  const running = starting.move();
  return {
    chain,
    wallets: people.slice(OUTSIDERS),
    outsiders: people.slice(0, OUTSIDERS),
    spenders: people.slice(0, SPENDERS),
    payer,
    tokens,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** All that can be held and sent. */
export function ordinary({ plain, rebasing, usdt, bytes32 }: Tokens): readonly Address[] {
  return [...plain, rebasing, usdt, bytes32];
}

/** Text of a few bytes as a bytes32. */
function word(hex: string): `0x${string}` {
  return `0x${hex.padEnd(64, '0')}`;
}
