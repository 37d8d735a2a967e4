import { type Address, getAddress, parseUnits } from 'viem';
import type { Deployment } from './genesis.ts';

/** A token of the embedded chain: how it comes about, and what a token list says of it. */
export interface TokenDefinition extends Deployment {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly colour: string;
  /** What the first wallet starts with, in smallest units; the others get multiples of it. */
  readonly endowment: bigint;
}

/** https://uniswap.org/tokenlist.schema.json */
export interface TokenList {
  readonly name: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
  readonly tokens: readonly {
    readonly chainId: number;
    readonly address: Address;
    readonly name: string;
    readonly symbol: string;
    readonly decimals: number;
    readonly logoURI: string;
  }[];
}

export type TokenFacts = Omit<TokenDefinition, keyof Deployment | 'endowment'>;

export const WETH: TokenFacts = { name: 'Wrapped Ether', symbol: 'WETH', decimals: 18, colour: '#ec4899' };

export const TOKENS = {
  dai: standard('Dai Stablecoin (test)', 'DAI', 18, '#f59e0b', '10000'),
  link: standard('ChainLink Token (test)', 'LINK', 18, '#2563eb', '400'),
  usdc: standard('USD Coin (test)', 'USDC', 6, '#0ea5e9', '25000'),
  usdt: {
    contract: 'UsdtLike',
    name: 'Tether USD (test)',
    symbol: 'USDT',
    decimals: 6,
    colour: '#10b981',
    endowment: parseUnits('12000', 6),
  },
  rebasing: {
    contract: 'RebasingToken',
    name: 'Rebasing Ether (test)',
    symbol: 'rbETH',
    decimals: 18,
    colour: '#8b5cf6',
    endowment: parseUnits('20', 18),
  },
} as const satisfies Record<string, TokenDefinition>;

export type TokenKey = keyof typeof TOKENS;

export function tokenList(
  chainId: number,
  tokens: readonly (TokenFacts & { readonly address: Address })[],
): TokenList {
  return {
    name: 'balance-stream embedded chain',
    timestamp: '2026-01-01T00:00:00.000Z',
    version: { major: 1, minor: 0, patch: 0 },
    tokens: tokens.map(({ address, name, symbol, decimals, colour }) => ({
      chainId,
      address: getAddress(address),
      name,
      symbol,
      decimals,
      logoURI: logo(symbol, colour),
    })),
  };
}

function standard(name: string, symbol: string, decimals: number, colour: string, endowment: string) {
  return {
    contract: 'TestToken',
    args: [name, symbol, decimals],
    name,
    symbol,
    decimals,
    colour,
    endowment: parseUnits(endowment, decimals),
  } as const;
}

/** A disc with a letter, in the URI itself: nothing has to be fetched for it. */
function logo(symbol: string, colour: string): string {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<circle cx="16" cy="16" r="16" fill="${colour}"/>` +
    '<text x="16" y="22" font-family="sans-serif" font-size="17" fill="#fff" text-anchor="middle">' +
    `${symbol.charAt(0).toUpperCase()}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
