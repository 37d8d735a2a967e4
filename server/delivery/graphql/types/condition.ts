import { builder } from '../builder.ts';

export const Condition = builder.inputType('Condition', {
  description:
    'When a balance is to be told: exactly one of `below`, `above` and `changeOver`, else `BAD_USER_INPUT`. Amounts ' +
    "are in the token's smallest unit.",
  fields: (t) => ({
    token: t.field({
      type: 'Address',
      required: true,
      description: "One of the item's tokens, else `BAD_USER_INPUT`.",
    }),
    below: t.field({
      type: 'BigInt',
      required: false,
      description: 'Crossed when the balance falls from this or more to less than this.',
    }),
    above: t.field({
      type: 'BigInt',
      required: false,
      description: 'Crossed when the balance rises from this or less to more than this.',
    }),
    changeOver: t.field({
      type: 'BigInt',
      required: false,
      description:
        'Crossed when the balance differs by more than this from what the subscriber was last sent of it.',
    }),
  }),
});
