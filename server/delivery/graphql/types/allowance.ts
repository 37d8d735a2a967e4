import type { Allowance as WatchedAllowance } from '../../../watch/update.ts';
import { builder } from '../builder.ts';
import { Block } from './block.ts';
import { Token } from './token.ts';

export interface AllowanceOnChain {
  readonly chainId: number;
  readonly allowance: WatchedAllowance;
}

export const Allowance = builder.objectRef<AllowanceOnChain>('Allowance').implement({
  description:
    "How much of a wallet's token a spender may take: always the absolute amount, never a difference.",
  fields: (t) => ({
    owner: t.field({
      type: 'Address',
      description: 'The wallet that allows it.',
      resolve: ({ allowance }) => allowance.owner,
    }),
    token: t.field({
      type: Token,
      description: 'What may be taken.',
      resolve: ({ chainId, allowance }) => ({ chainId, address: allowance.token }),
    }),
    spender: t.field({
      type: 'Address',
      description: 'Who may take it.',
      resolve: ({ allowance }) => allowance.spender,
    }),
    amount: t.field({
      type: 'BigInt',
      description:
        "In the token's smallest unit, as the token's `allowance` answers: 2^256-1 commonly stands for no limit.",
      resolve: ({ allowance }) => allowance.amount,
    }),
    previousAmount: t.field({
      type: 'BigInt',
      nullable: true,
      description: 'The amount before this one, in the smallest unit; null where none is known.',
      resolve: ({ allowance }) => allowance.previousAmount,
    }),
    transactions: t.field({
      type: ['Hash'],
      description: 'Transactions that moved it to this amount; empty where they are not known.',
      resolve: ({ allowance }) => allowance.transactions,
    }),
    block: t.field({
      type: Block,
      description: 'Where this amount was first seen.',
      resolve: ({ allowance }) => allowance.block,
    }),
  }),
});
