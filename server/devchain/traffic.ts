import { setTimeout as sleep } from 'node:timers/promises';
import { type Abi, type Address, erc20Abi, parseEther } from 'viem';
import { artifact } from './contracts/artifacts.ts';
import type { Devchain } from './devchain.ts';

/**
 * What happens on the embedded chain while someone watches: every few seconds a wallet sends a token or coin to
 * another, wraps or unwraps, lets Permit2 spend a token, or the rebasing token rebases. Shares of what a wallet holds move, so none runs dry.
 */
export interface TrafficOptions {
  /** Takes part in most of what happens. Default: the first wallet. */
  readonly busiest?: Address | undefined;
  /** Longest and shortest pause between two actions; default 1,000 to 3,000. */
  readonly pauseMs?: readonly [least: number, most: number] | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly log: { debug(message: string): void; warn(message: string): void };
}

type Action = (chain: Devchain, wallet: Address, other: Address) => Promise<string>;

const GAS = 200_000n;

/** Each as often as it stands here. */
const ACTIONS: readonly Action[] = [
  sendToken,
  sendToken,
  sendToken,
  sendToken,
  sendCoin,
  sendCoin,
  wrap,
  unwrap,
  approve,
  rebase,
];

/** Permit2, where it is on the chains that have it; nobody draws here. */
const SPENDER: Address = '0x000000000022d473030f116ddee9f6b43ac78ba3';

/** Settles once the signal has aborted and the last action is over. Never rejects. */
export async function runTraffic(chain: Devchain, options: TrafficOptions): Promise<void> {
  const { signal, log, busiest = chain.wallets[0], pauseMs = [1_000, 3_000] } = options;
  let failing = false;
  while (!signal.aborted) {
    try {
      await sleep(between(...pauseMs), undefined, { signal });
    } catch {
      return;
    }
    try {
      const [wallet, other] = pair(chain.wallets, busiest);
      log.debug(`traffic: ${await pick(ACTIONS)(chain, wallet, other)}`);
      failing = false;
    } catch (error) {
      // One line for a chain that is away, however long it is; none when it goes because all stops.
      if (!failing && !signal.aborted) log.warn(`traffic: ${shortMessage(error)}`);
      failing = true;
    }
  }
}

async function sendToken(chain: Devchain, wallet: Address, other: Address): Promise<string> {
  const token = pick([...Object.values(chain.tokens), chain.weth]);
  const amount = share(await holding(chain, token, wallet), 1, 50);
  await write(chain, wallet, token, erc20Abi, 'transfer', [other, amount]);
  return `${wallet} sends ${amount} of ${token} to ${other}`;
}

async function sendCoin(chain: Devchain, wallet: Address, other: Address): Promise<string> {
  const value = share(parseEther('1'), 10, 500);
  await chain.client.sendTransaction({ account: wallet, to: other, value, gas: GAS });
  return `${wallet} pays ${value} to ${other}`;
}

async function wrap(chain: Devchain, wallet: Address): Promise<string> {
  const value = share(parseEther('1'), 50, 500);
  await write(chain, wallet, chain.weth, artifact('WETH9').abi, 'deposit', [], value);
  return `${wallet} wraps ${value}`;
}

async function unwrap(chain: Devchain, wallet: Address): Promise<string> {
  const amount = share(await holding(chain, chain.weth, wallet), 10, 100);
  await write(chain, wallet, chain.weth, artifact('WETH9').abi, 'withdraw', [amount]);
  return `${wallet} unwraps ${amount}`;
}

async function approve(chain: Devchain, wallet: Address): Promise<string> {
  const { dai } = chain.tokens;
  const amount = share(await holding(chain, dai, wallet), 10, 1_000);
  await write(chain, wallet, dai, erc20Abi, 'approve', [SPENDER, amount]);
  return `${wallet} lets ${SPENDER} spend ${amount} of ${dai}`;
}

async function rebase(chain: Devchain): Promise<string> {
  const index = share(parseEther('1'), 950, 1_050);
  const address = chain.tokens.rebasing;
  await write(chain, chain.deployer, address, artifact('RebasingToken').abi, 'rebase', [index]);
  return `${address} rebases to ${index}`;
}

function holding({ client }: Devchain, address: Address, owner: Address): Promise<bigint> {
  return client.readContract({ abi: erc20Abi, address, functionName: 'balanceOf', args: [owner] });
}

async function write(
  { client }: Devchain,
  account: Address,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[],
  value = 0n,
): Promise<void> {
  await client.writeContract({ abi, address, functionName, args, account, value, gas: GAS });
}

/** Two different wallets, three times out of four the busiest among them, on either side. */
function pair(wallets: readonly Address[], busiest: Address | undefined): [Address, Address] {
  const one = busiest && Math.random() < 0.75 ? busiest : pick(wallets);
  const two = pick(wallets.filter((wallet) => wallet !== one));
  return Math.random() < 0.5 ? [one, two] : [two, one];
}

/** Between `least` and `most` thousandths of an amount. */
function share(amount: bigint, least: number, most: number): bigint {
  return (amount * BigInt(Math.round(between(least, most) * 1_000))) / 1_000_000n;
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

function pick<T>(of: readonly T[]): T {
  const chosen = of[Math.floor(Math.random() * of.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}

/** viem's errors say in `message` what fills a screen, and in `shortMessage` what it is about. */
function shortMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'shortMessage' in error ? String(error.shortMessage) : error.message;
}
