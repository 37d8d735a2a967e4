import { builder } from '../builder.ts';

export const UpdateKind = builder.enumType('UpdateKind', {
  description: 'How an update is to be folded into what the client knows.',
  values: {
    SNAPSHOT: { description: 'Every watched token: replace everything.' },
    DIFF: { description: 'Those that changed: set these, delete `removed`, keep the others.' },
  },
});
