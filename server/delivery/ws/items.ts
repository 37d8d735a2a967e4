import { formatUnits } from 'viem';
import type { Hash } from '../../chain/types.ts';
import type { TokenMetadata } from '../../ledger/metadata.ts';
import type { Update, UpdateCause, UpdatedBalance } from '../../watch/update.ts';
import type { Pair } from './pairs.ts';

/** A balance as clients of the hosted service know it. */
export interface Item {
  /** EIP-55. */
  readonly wallet: string;
  /** EIP-55, or `native`. */
  readonly token: string;
  /** As `evm:1`. */
  readonly chainId: string;
  /** In whole tokens, for reading only: a double has no more than 15 digits. Null where the token tells no decimals. */
  readonly balance: number | null;
  /** Exact, in the token's smallest unit. */
  readonly rawBalance: string;
  readonly decimals: number | null;
  readonly symbol: string | null;
  readonly name: string | null;
  readonly logo: string | null;
}

/** One that has changed: from what, where and why. */
export interface ChangedItem extends Item {
  /** Null where no amount was known before. */
  readonly previousBalance: number | null;
  readonly previousRawBalance: string | null;
  readonly cause: UpdateCause;
  /** That moved it, all of the block that are known. */
  readonly transactions: readonly Hash[];
  /** Where the amount was first seen. */
  readonly blockNumber: number;
  readonly blockHash: Hash;
  /** ISO 8601. */
  readonly blockTimestamp: string;
}

/** Undefined where the token cannot be read: there is nothing to say of it until it can. */
export function itemOf(
  { shown }: Pair,
  { amount }: UpdatedBalance,
  metadata: TokenMetadata,
): Item | undefined {
  if (amount === null) return undefined;
  const { decimals, symbol, name, logoURI: logo } = metadata;
  return {
    ...shown,
    balance: inWhole(amount, decimals),
    rawBalance: amount.toString(),
    decimals,
    symbol,
    name,
    logo,
  };
}

export function changedItemOf(
  pair: Pair,
  balance: UpdatedBalance,
  metadata: TokenMetadata,
  { cause }: Pick<Update, 'cause'>,
): ChangedItem | undefined {
  const item = itemOf(pair, balance, metadata);
  if (!item) return undefined;
  const { previousAmount, transactions, block } = balance;
  return {
    ...item,
    previousBalance: previousAmount === null ? null : inWhole(previousAmount, metadata.decimals),
    previousRawBalance: previousAmount?.toString() ?? null,
    cause,
    transactions,
    blockNumber: block.number,
    blockHash: block.hash,
    blockTimestamp: new Date(block.timestamp * 1000).toISOString(),
  };
}

function inWhole(amount: bigint, decimals: number | null): number | null {
  return decimals === null ? null : Number(formatUnits(amount, decimals));
}
