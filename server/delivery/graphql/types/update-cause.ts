import { builder } from '../builder.ts';

export const UpdateCause = builder.enumType('UpdateCause', {
  description: 'Why an update was sent.',
  values: {
    SUBSCRIBED: { description: 'The stream was opened or resumed.' },
    SESSION_CHANGED: { description: 'Tokens or spenders were added to the session or left it.' },
    EVENT: { description: 'A new block moved balances.' },
    RECONCILED: { description: 'A periodic full read found balances that had moved without an event.' },
    REORG: {
      description:
        'The chain reorganised, and balances, or the blocks and transactions that they changed in, are others on the ' +
        'branch that won. An amount that is the same has itself as `previousAmount`.',
    },
  },
});
