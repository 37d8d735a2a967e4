import { createHash } from 'node:crypto';
import { type Address, NATIVE } from '../../chain/types.ts';
import type { WalletItem } from '../../watch/service.ts';
import { checksum } from '../address.ts';

/** One wallet's token on one chain, as it is kept and as it is shown. */
export interface Pair {
  readonly chainId: number;
  readonly owner: Address;
  readonly token: Address;
  readonly shown: { readonly wallet: string; readonly token: string; readonly chainId: string };
}

export type AskedPair = Omit<Pair, 'shown'>;

export function keyOf({ chainId, owner, token }: AskedPair): string {
  return `${chainId}:${owner}:${token}`;
}

/** By key, each once, in the order of the items. */
export function pairsOf(items: readonly AskedPair[]): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const item of items) {
    const key = keyOf(item);
    if (!pairs.has(key)) pairs.set(key, { ...item, shown: shownAs(item) });
  }
  return pairs;
}

function shownAs({ chainId, owner, token }: AskedPair): Pair['shown'] {
  return {
    wallet: checksum(owner),
    token: token === NATIVE ? 'native' : checksum(token),
    chainId: `evm:${chainId}`,
  };
}

const ID_LENGTH = 32;

/** What a subscription is called that its client gave no name: the same for the same pairs, in any order. */
export function idOf(keys: Iterable<string>): string {
  return createHash('sha256')
    .update([...keys].sort().join())
    .digest('hex')
    .slice(0, ID_LENGTH);
}

/** As the service is asked for them. */
export function walletItems(pairs: Iterable<Pair>): WalletItem[] {
  const wallets = new Map<string, { chainId: number; owner: Address; tokens: Address[] }>();
  for (const { chainId, owner, token } of pairs) {
    const key = `${chainId}:${owner}`;
    const wallet = wallets.get(key) ?? { chainId, owner, tokens: [] };
    wallets.set(key, wallet);
    wallet.tokens.push(token);
  }
  return [...wallets.values()].map((wallet) => ({ ...wallet, conditions: [] }));
}
