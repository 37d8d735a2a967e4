import type { ChainUpdate as WatchedUpdate } from '../../../watch/service.ts';
import { builder } from '../builder.ts';
import { Block } from './block.ts';
import { Reorg } from './reorg.ts';

export const ChainUpdate = builder.objectRef<WatchedUpdate>('ChainUpdate').implement({
  description:
    'Where a chain stands. Of its three blocks none is above the head, and none but is on its branch.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', { description: 'EIP-155 id of the chain.' }),
    head: t.expose('head', {
      type: Block,
      description:
        'The newest block whose events have been taken in: the one that updates of balances are true as of.',
    }),
    safe: t.expose('safe', {
      type: Block,
      nullable: true,
      description:
        'The newest block that a reorganisation is unlikely to remove, as the chain defines it; not below ' +
        '`finalized`. Null where no endpoint of the chain says, and after a reorganisation that removed it, until one ' +
        'does again. Otherwise it only rises.',
    }),
    finalized: t.expose('finalized', {
      type: Block,
      nullable: true,
      description:
        'The newest block that no reorganisation can remove; null as `safe` is. A chain that replaces it all the same ' +
        '(a development chain that is reset) has it null until an endpoint names another.',
    }),
    reorg: t.expose('reorg', {
      type: Reorg,
      nullable: true,
      description:
        'The reorganisation that led to this head, or to one before it that was not told; null where the chain only ' +
        'grew. In the first update of a stream it is always null.',
    }),
  }),
});
