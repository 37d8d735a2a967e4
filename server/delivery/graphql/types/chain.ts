import { NATIVE } from '../../../chain/types.ts';
import type { ServedChain } from '../../../watch/service.ts';
import { builder } from '../builder.ts';
import { Block } from './block.ts';
import { Token } from './token.ts';

export const Chain = builder.objectRef<ServedChain>('Chain').implement({
  description: 'An EVM network that is served here.',
  fields: (t) => ({
    id: t.int({ description: 'EIP-155 chain id.', resolve: ({ network }) => network.id }),
    name: t.string({ description: 'As `Ethereum`.', resolve: ({ network }) => network.name }),
    head: t.field({
      type: Block,
      nullable: true,
      description: 'The newest block whose balances are known; null until the first one.',
      resolve: (chain) => chain.head() ?? null,
    }),
    healthy: t.boolean({
      description: 'Whether balances of this chain are being delivered as of now.',
      resolve: (chain) => chain.health().healthy,
    }),
    native: t.field({
      type: Token,
      description: "The chain's own coin; every session watches it.",
      resolve: ({ network }) => ({ chainId: network.id, address: NATIVE }),
    }),
    wrappedNative: t.field({
      type: Token,
      nullable: true,
      description: 'The native coin as an ERC-20 token, where one is known; every session watches it.',
      resolve: ({ network }) =>
        network.wrappedNative ? { chainId: network.id, address: network.wrappedNative } : null,
    }),
  }),
});
