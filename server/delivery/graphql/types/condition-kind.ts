import { builder } from '../builder.ts';

export const ConditionKind = builder.enumType('ConditionKind', {
  description: 'What a balance may be asked to be told of alone.',
  values: {
    BELOW: { description: 'It fell from the amount or more to less than the amount.' },
    ABOVE: { description: 'It rose from the amount or less to more than the amount.' },
    CHANGE_OVER: {
      description: 'It differs by more than the amount from what the subscriber was last sent of it.',
    },
  },
});
