import { builder } from '../builder.ts';

export const BlockTag = builder.enumType('BlockTag', {
  description: 'Which of the blocks of a chain to read at.',
  values: {
    LATEST: { description: 'The newest.' },
    SAFE: {
      description:
        'The newest that a reorganisation is unlikely to remove, as the chain defines it. `UPSTREAM_UNAVAILABLE` where ' +
        'its endpoints know of none.',
    },
    FINALIZED: {
      description:
        'The newest that no reorganisation can remove. `UPSTREAM_UNAVAILABLE` where the endpoints know of none.',
    },
  },
});
