import { builder } from '../builder.ts';
import { MAX_CONDITIONS } from '../wallet-items.ts';
import { Condition } from './condition.ts';

export const WalletItem = builder.inputType('WalletItem', {
  description: 'Tokens of one wallet on one chain. Items of the same wallet and chain are one.',
  fields: (t) => ({
    chainId: t.int({
      required: true,
      description: 'EIP-155 id of a chain in `chains`, else `CHAIN_NOT_SERVED`.',
    }),
    owner: t.field({ type: 'Address', required: true, description: 'The wallet.' }),
    tokens: t.field({
      type: ['Address'],
      required: true,
      description: 'At least one, else `BAD_USER_INPUT`; `"native"` is the native coin.',
    }),
    conditions: t.field({
      type: [Condition],
      required: false,
      description:
        'With any, what follows the snapshot of this item are only balances that cross one, and those that become ' +
        'unreadable or readable again. After a reconnect the chains of such items begin with a snapshot, whose ' +
        '`crossed` says what holds. `previousAmount` is what was told last, and `transactions` are those of all ' +
        `changes since. At most ${MAX_CONDITIONS} in all items, else \`BAD_USER_INPUT\`.`,
    }),
  }),
});
