import { type Address, NATIVE } from '../../../chain/types.ts';
import type { TokenMetadata } from '../../../ledger/metadata.ts';
import { builder } from '../builder.ts';
import { type Context, chainOrDefault } from '../context.ts';

export interface TokenOnChain {
  readonly chainId: number;
  readonly address: Address;
}

/** Picks from a token's metadata: at once where it is known, else when it has been read. */
export function fromMetadata<T>(
  { chainId, address }: TokenOnChain,
  context: Context,
  pick: (metadata: TokenMetadata) => T,
): T | Promise<T> {
  const metadata = chainOrDefault(context, chainId).metadata(address);
  return metadata instanceof Promise ? metadata.then(pick) : pick(metadata);
}

export const Token = builder.objectRef<TokenOnChain>('Token').implement({
  description:
    'A token of one chain, the native coin included. What it says of itself is null where it says nothing usable.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', { description: 'EIP-155 id of its chain.' }),
    address: t.expose('address', {
      type: 'Address',
      description: "The contract's address; of the native coin `0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE`.",
    }),
    symbol: t.string({
      nullable: true,
      description: 'Ticker, as `USDC`. Not unique, and chosen by whoever made the contract.',
      resolve: (token, _, context) => fromMetadata(token, context, ({ symbol }) => symbol),
    }),
    name: t.string({
      nullable: true,
      description: 'Full name, as `USD Coin`. Chosen by whoever made the contract.',
      resolve: (token, _, context) => fromMetadata(token, context, ({ name }) => name),
    }),
    decimals: t.int({
      nullable: true,
      description: 'How many decimal places the smallest unit lies below one whole token.',
      resolve: (token, _, context) => fromMetadata(token, context, ({ decimals }) => decimals),
    }),
    logoURI: t.string({
      nullable: true,
      description: "Where a picture of it is, from a token list of the wallet's session.",
      resolve: (token, _, context) => fromMetadata(token, context, ({ logoURI }) => logoURI),
    }),
    native: t.boolean({
      description: "Whether it is the chain's own coin and not a contract.",
      resolve: ({ address }) => address === NATIVE,
    }),
  }),
});
