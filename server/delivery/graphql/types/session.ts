import type { Session as WatchedSession } from '../../../watch/service.ts';
import { builder } from '../builder.ts';

export const Session = builder.objectRef<WatchedSession>('Session').implement({
  description: 'Which tokens of a wallet are watched: what a subscription to `balances` delivers.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', { description: 'EIP-155 id of the chain.' }),
    owner: t.expose('owner', { type: 'Address', description: 'The wallet.' }),
    clientId: t.exposeID('clientId', {
      nullable: true,
      description:
        "The client whose own list this is, a lower-case UUID; null for the list shared by all of the wallet's devices.",
    }),
    tokens: t.expose('tokens', {
      type: ['Address'],
      description: 'Every watched token, the native coin and its wrapped token included.',
    }),
    spenders: t.expose('spenders', {
      type: ['Address'],
      description: 'Whose allowances of these tokens are watched, too.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it goes if no stream is opened before; null while one is open.',
    }),
  }),
});
