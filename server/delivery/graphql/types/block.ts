import type { BlockRef } from '../../../chain/types.ts';
import { builder } from '../builder.ts';

export const Block = builder.objectRef<BlockRef>('Block').implement({
  description: 'A block by height and hash: a height alone says nothing once the chain has reorganised.',
  fields: (t) => ({
    number: t.field({
      type: 'BigInt',
      description: "Height, as the chain's own RPC counts it (on a rollup: the rollup's, not L1's).",
      resolve: (block) => BigInt(block.number),
    }),
    hash: t.expose('hash', { type: 'Hash', description: 'Hash of the block.' }),
    timestamp: t.field({
      type: 'DateTime',
      description: "When it was made, from the block's header; whole seconds.",
      resolve: (block) => new Date(block.timestamp * 1000),
    }),
  }),
});
