import { keyOf } from '../address-map.ts';
import type { Contents } from '../sessions.ts';
import type { Address } from '../types.ts';
import type { Following } from './following.ts';
import { listsKey } from './lists.ts';

export interface SessionContents extends Contents {
  readonly tokensListsUrls: readonly string[];
  readonly customTokens: readonly Address[];
  readonly spenders: readonly Address[];
}

/**
 * What a session of these is made of: of tokens, as far as they are known. Lists are named only where they are the same
 * for all, and what they hold is not known yet: so none has to wait for another's list.
 */
export function contentsOf(followings: readonly Following[], mayNameLists: boolean): SessionContents {
  const tokens = new Set<Address>([keyOf('native')]);
  const spenders = new Set<Address>();
  for (const { tokens: own, demand } of followings) {
    for (const token of own ?? demand.customTokens) tokens.add(keyOf(token));
    for (const spender of demand.spenders) spenders.add(keyOf(spender));
  }
  const urls = followings[0]?.demand.tokensListsUrls ?? [];
  const isSame = ({ tokens, demand }: Following) =>
    !tokens && listsKey(0, demand.tokensListsUrls) === listsKey(0, urls);
  return {
    tokensListsUrls: mayNameLists && followings.every(isSame) ? urls : [],
    customTokens: [...tokens],
    spenders: [...spenders],
  };
}
