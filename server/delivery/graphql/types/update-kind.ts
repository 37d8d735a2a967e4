import { builder } from '../builder.ts';

export const UpdateKind = builder.enumType('UpdateKind', {
  description: 'How an update is to be folded into what the client knows.',
  values: {
    SNAPSHOT: {
      description: 'Everything that is watched on its chain: replace all that is known of the chain.',
    },
    DIFF: { description: 'What changed: set this, delete `removed`, keep the rest.' },
  },
});
