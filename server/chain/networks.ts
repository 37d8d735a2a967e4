import type { Chain as ViemChain } from 'viem';
import * as viemChains from 'viem/chains';
import type { Address } from './types.ts';

/** What is ours to know about a chain; names, coins and Multicall3 come from viem's definitions. */
interface Known {
  wrappedNative?: Address;
  /** CoW Protocol's GPv2Settlement, where it is deployed. */
  settlement?: Address;
  /** Subdomain of `g.alchemy.com`. */
  alchemy?: string;
  /** Only where viem does not say it. */
  blockTimeMs?: number;
}

/** The same on every chain that it is deployed on: https://docs.cow.fi/cow-protocol/reference/contracts/core */
const SETTLEMENT: Address = '0x9008d19f58aabd9ed0d60970565aa8510560ab41';

const KNOWN: Readonly<Record<number, Known>> = {
  1: {
    wrappedNative: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
    settlement: SETTLEMENT,
    alchemy: 'eth-mainnet',
  },
  42161: {
    wrappedNative: '0x82af49447d8a07e3bd95bd0d56f35241523fbab1',
    settlement: SETTLEMENT,
    alchemy: 'arb-mainnet',
  },
  11155111: {
    wrappedNative: '0xfff9976782d46cc05630d1f6ebab18b2324d6b14',
    settlement: SETTLEMENT,
    alchemy: 'eth-sepolia',
    blockTimeMs: 12_000,
  },
  8453: {
    wrappedNative: '0x4200000000000000000000000000000000000006',
    settlement: SETTLEMENT,
    alchemy: 'base-mainnet',
  },
  56: {
    wrappedNative: '0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c',
    settlement: SETTLEMENT,
    alchemy: 'bnb-mainnet',
  },
  100: {
    wrappedNative: '0xe91d153e0b41518a2ce8dd3d7944fa863463a97d',
    settlement: SETTLEMENT,
    alchemy: 'gnosis-mainnet',
  },
  137: {
    wrappedNative: '0x0d500b1d8e8ef31e21c99d1db9a6444d3adf1270',
    settlement: SETTLEMENT,
    alchemy: 'polygon-mainnet',
  },
  43114: {
    wrappedNative: '0xb31f66aa3c1e785363f0875a1b74e27b85fd66c7',
    settlement: SETTLEMENT,
    alchemy: 'avax-mainnet',
  },
  59144: {
    wrappedNative: '0xe5d7c2a44ffddf6b295a15c148167daaaf5cf34f',
    settlement: SETTLEMENT,
    alchemy: 'linea-mainnet',
  },
  57073: {
    wrappedNative: '0x4200000000000000000000000000000000000006',
    settlement: SETTLEMENT,
    alchemy: 'ink-mainnet',
  },
  // The embedded chain has none until one is put there.
  31337: { settlement: SETTLEMENT, blockTimeMs: 1000 },
  9745: {
    wrappedNative: '0x6100e367285b01f48d07953803a2d8dca5d19873',
    settlement: SETTLEMENT,
    alchemy: 'plasma-mainnet',
  },
};

/** The chains that an `ALCHEMY_API_KEY` alone serves. */
export const ALCHEMY_DEFAULT_CHAINS: readonly number[] = [1, 42161, 11155111];

const CANONICAL_MULTICALL: Address = '0xca11bde05977b3631167028862be2a173976ca11';
const DEFAULT_BLOCK_TIME_MS = 12_000;

export interface NativeCurrency {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
}

export interface Network {
  readonly id: number;
  readonly name: string;
  readonly nativeCurrency: NativeCurrency;
  readonly wrappedNative: Address | undefined;
  readonly multicall: Address;
  /** The contract whose trades are watched; undefined where there is none. */
  readonly settlement: Address | undefined;
  /** A first guess, until the chain's own pace has been observed. */
  readonly blockTimeMs: number;
}

const viemById: ReadonlyMap<number, ViemChain> = new Map(
  // viem lists a few ids twice (31337 is anvil, foundry and hardhat): the first name wins.
  (Object.values(viemChains) as ViemChain[]).toReversed().map((chain) => [chain.id, chain]),
);

/** The network of that id, or undefined where viem knows none. */
export function networkOf(
  id: number,
  overrides: { multicall?: Address | undefined; wrappedNative?: Address | undefined } = {},
): Network | undefined {
  const viem = viemById.get(id);
  if (!viem) return undefined;
  const known = KNOWN[id];
  const multicall = viem.contracts?.multicall3 as { address: string } | undefined;
  return {
    id,
    name: viem.name,
    nativeCurrency: viem.nativeCurrency,
    wrappedNative: overrides.wrappedNative ?? known?.wrappedNative,
    settlement: known?.settlement,
    multicall:
      overrides.multicall ?? (multicall?.address.toLowerCase() as Address | undefined) ?? CANONICAL_MULTICALL,
    blockTimeMs: known?.blockTimeMs ?? viem.blockTime ?? DEFAULT_BLOCK_TIME_MS,
  };
}

/** The endpoints that Alchemy has for a chain, or none where it is not known to serve it. */
export function alchemyEndpoints(id: number, apiKey: string): string[] {
  const host = KNOWN[id]?.alchemy;
  if (!host) return [];
  return [`wss://${host}.g.alchemy.com/v2/${apiKey}`, `https://${host}.g.alchemy.com/v2/${apiKey}`];
}
