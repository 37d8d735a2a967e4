import type { BalanceStatus, BlockTag, ConditionKind, UpdateCause, UpdateKind } from './gql/graphql.ts';

export type { BalanceStatus, BlockTag, ConditionKind, UpdateCause, UpdateKind };

/** `0x` and 40 hex digits, in any case. */
export type Address = `0x${string}`;
export type Hash = `0x${string}`;

export interface Block {
  /** Height, as the chain's own RPC counts it. */
  readonly number: bigint;
  readonly hash: Hash;
  /** From the block's header, ISO 8601. */
  readonly timestamp: string;
}

export interface Token {
  readonly chainId: number;
  /** With its EIP-55 checksum; the native coin is `0xEeee…EEeE`. */
  readonly address: Address;
  /** What the token says of itself; null where it says nothing usable. */
  readonly symbol: string | null;
  readonly name: string | null;
  readonly decimals: number | null;
  /** As a token list has it, so of any scheme and host; null where none has one. */
  readonly logoURI: string | null;
  /** Whether it is the chain's own coin, and no contract. */
  readonly native: boolean;
}

/** What one wallet holds of one token: always the absolute amount. */
export interface WatchedBalance {
  readonly chainId: number;
  readonly owner: Address;
  readonly token: Token;
  /** In the token's smallest unit; null only where `status` is `UNREADABLE`. */
  readonly amount: bigint | null;
  /** In whole tokens, exact; null without an amount or without decimals. */
  readonly formatted: string | null;
  /** What it was before, in the token's smallest unit; null where the server does not know. */
  readonly previousAmount: bigint | null;
  /** Hashes of those that moved it to this amount, where they are known; else empty. */
  readonly transactions: readonly Hash[];
  /** Where this amount was first seen. */
  readonly block: Block;
  readonly status: BalanceStatus;
  /** Why it could not be read, in words. */
  readonly reason: string | null;
}

/** How much of a wallet's token a spender may take: always the absolute amount. */
export interface Allowance {
  readonly owner: Address;
  readonly token: Token;
  readonly spender: Address;
  /** In the token's smallest unit; 2^256-1 commonly stands for no limit. */
  readonly amount: bigint;
  /** What it was before, in the token's smallest unit; null where the server does not know. */
  readonly previousAmount: bigint | null;
  /** Hashes of those that moved it to this amount, where they are known; else empty. */
  readonly transactions: readonly Hash[];
  /** Where this amount was first seen. */
  readonly block: Block;
}

/** Which tokens of a wallet are watched, and whose allowances of them. */
export interface Session {
  readonly chainId: number;
  readonly owner: Address;
  readonly clientId: string | null;
  /** The native coin and its wrapped token included. */
  readonly tokens: readonly Address[];
  readonly spenders: readonly Address[];
  /** ISO 8601; null while a stream is open. */
  readonly expiresAt: string | null;
}

export interface SessionInput {
  readonly chainId: number;
  /** The wallet. */
  readonly owner: Address;
  /** A UUID; instead of the client's own. */
  readonly clientId?: string | undefined;
  /** Token lists in Uniswap's format. */
  readonly tokensListsUrls?: readonly string[] | undefined;
  readonly customTokens?: readonly (Address | 'native')[] | undefined;
  /**
   * Whose allowances of the watched tokens are watched, too: at most 10. Left out, they stay as they are; with a
   * client id these become all of them, without one they are added.
   */
  readonly spenders?: readonly Address[] | undefined;
}

/** Tokens of one wallet on one chain. */
export interface WalletItem {
  readonly chainId: number;
  /** The wallet. */
  readonly owner: Address;
  /** At least one. */
  readonly tokens: readonly (Address | 'native')[];
  /** With any, only balances that cross one are told after the snapshot. */
  readonly conditions?: readonly Condition[] | undefined;
}

/**
 * When a balance is to be told. `below` is crossed when it falls from the amount or more to less than it, `above`
 * when it rises from the amount or less to more than it, `changeOver` when it differs by more than that from what
 * was last told. In the token's smallest unit.
 */
export type Condition = {
  /** One of the item's. */
  readonly token: Address | 'native';
} & (
  | { readonly below: bigint; readonly above?: undefined; readonly changeOver?: undefined }
  | { readonly above: bigint; readonly below?: undefined; readonly changeOver?: undefined }
  | { readonly changeOver: bigint; readonly below?: undefined; readonly above?: undefined }
);
