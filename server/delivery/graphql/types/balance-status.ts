import { builder } from '../builder.ts';

export const BalanceStatus = builder.enumType('BalanceStatus', {
  description: 'Whether a balance could be read.',
  values: {
    OK: { description: '`amount` is what the token answered.' },
    UNREADABLE: {
      description: 'The token gave no usable answer (no contract, a revert, under 32 bytes): see `reason`.',
    },
  },
});
