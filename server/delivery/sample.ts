import type { Address } from '../chain/types.ts';

/** A wallet to show to who has not named one: what the page watches and GraphiQL's operations are about. */
export interface Sample {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokensListsUrls: readonly string[];
}
