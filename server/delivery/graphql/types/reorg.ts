import type { Reorg as WatchedReorg } from '../../../watch/service.ts';
import { builder } from '../builder.ts';
import { Block } from './block.ts';

export const Reorg = builder.objectRef<WatchedReorg>('Reorg').implement({
  description:
    'Blocks that were replaced by others, or are merely gone. Several that a slow reader has not read yet are told as ' +
    'one.',
  fields: (t) => ({
    depth: t.exposeInt('depth', {
      description:
        'How many blocks were replaced, `from` and those below it: every block above the height `from.number - depth` ' +
        'that was told before is to be looked at anew. Of several reorganisations told as one, as deep as the deepest ' +
        'of them reached. One that goes back further than is remembered (256 blocks, fewer after a start or a long ' +
        'outage) is at least so deep; then `safe` and `finalized` are null until they have been asked for anew.',
    }),
    from: t.expose('from', { type: Block, description: 'The head before it; no longer of the chain.' }),
    to: t.expose('to', {
      type: Block,
      description: 'The head after it; lower than `from` where blocks are gone.',
    }),
  }),
});
