import { formatUnits } from 'viem';
import type { UpdatedBalance } from '../../../watch/update.ts';
import { builder } from '../builder.ts';
import { BalanceStatus } from './balance-status.ts';
import { Block } from './block.ts';
import { ConditionKind } from './condition-kind.ts';
import { fromMetadata, Token } from './token.ts';

export interface BalanceOnChain {
  readonly chainId: number;
  readonly balance: UpdatedBalance;
}

export const Balance = builder.objectRef<BalanceOnChain>('Balance').implement({
  description: 'What one wallet holds of one token: always the absolute amount, never a difference.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', { description: 'EIP-155 id of the chain.' }),
    owner: t.field({
      type: 'Address',
      description: 'The wallet.',
      resolve: ({ balance }) => balance.owner,
    }),
    token: t.field({
      type: Token,
      description: 'What is held.',
      resolve: ({ chainId, balance }) => ({ chainId, address: balance.token }),
    }),
    amount: t.field({
      type: 'BigInt',
      nullable: true,
      description: "In the token's smallest unit. Null only where `status` is `UNREADABLE`.",
      resolve: ({ balance }) => balance.amount,
    }),
    formatted: t.string({
      nullable: true,
      description:
        'The amount in whole tokens, exact, as `1.5`. Null where there is no amount or the token does not say its decimals.',
      resolve({ chainId, balance: { amount, token } }, _, context) {
        if (amount === null) return null;
        return fromMetadata({ chainId, address: token }, context, ({ decimals }) =>
          decimals === null ? null : formatUnits(amount, decimals),
        );
      },
    }),
    previousAmount: t.field({
      type: 'BigInt',
      nullable: true,
      description: 'The amount before this one, in the smallest unit; null where none is known.',
      resolve: ({ balance }) => balance.previousAmount,
    }),
    transactions: t.field({
      type: ['Hash'],
      description:
        'Transactions that moved the balance to this amount; empty where they are not known, as after a rebase or in a one-off read.',
      resolve: ({ balance }) => balance.transactions,
    }),
    block: t.field({
      type: Block,
      description: 'Where this amount was first seen.',
      resolve: ({ balance }) => balance.block,
    }),
    status: t.field({
      type: BalanceStatus,
      description: 'Whether the balance could be read.',
      resolve: ({ balance }) => (balance.amount === null ? 'UNREADABLE' : 'OK'),
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it could not be read, in words; null where it could.',
      resolve: ({ balance }) => balance.reason,
    }),
    crossed: t.field({
      type: [ConditionKind],
      description:
        "Which of the subscriber's conditions this balance has crossed with this update; in a `SNAPSHOT` those of kind " +
        '`BELOW` and `ABOVE` that hold already. Empty without conditions.',
      resolve: ({ balance }) => balance.crossed ?? [],
    }),
  }),
});
