import type {
  AllowanceFieldsFragment,
  BalanceFieldsFragment,
  BlockFieldsFragment,
  WatchBalancesSubscription,
} from './gql/graphql.ts';
import type { WalletUpdate } from './source/source.ts';
import type { Allowance, Block, WatchedBalance } from './types.ts';

export function toWalletUpdate(update: WatchBalancesSubscription['balances']): WalletUpdate {
  const { kind, cause, removed } = update;
  return {
    kind,
    cause,
    block: toBlock(update.block),
    balances: update.balances.map(toBalance),
    allowances: update.allowances.map(toAllowance),
    removed,
    via: 'service',
  };
}

/** What came over the wire, with amounts and heights as what they are. */
export function toBalance(balance: BalanceFieldsFragment): WatchedBalance {
  return {
    ...balance,
    amount: toAmount(balance.amount),
    previousAmount: toAmount(balance.previousAmount),
    block: toBlock(balance.block),
  };
}

function toAllowance(allowance: AllowanceFieldsFragment): Allowance {
  return {
    ...allowance,
    amount: BigInt(allowance.amount),
    previousAmount: toAmount(allowance.previousAmount),
    block: toBlock(allowance.block),
  };
}

export function toBlock({ number, hash, timestamp }: BlockFieldsFragment): Block {
  return { number: BigInt(number), hash, timestamp };
}

function toAmount(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
