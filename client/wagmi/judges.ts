import type { Config } from 'wagmi';
import { AddressMap } from '../address-map.ts';
import type { BalancesClient } from '../client.ts';
import type { Address, WatchedBalance } from '../types.ts';

/** Whose word decides which of two balances is the newer one. Questions that come together are asked together. */
export interface Judges {
  /** A block that wagmi's own node has. Throws what the node's answer, or the lack of one, makes viem throw. */
  head(chainId: number): Promise<bigint>;
  /** What the server reads now, and as of which block. Throws BalancesError. */
  read(asked: Asked): Promise<WatchedBalance | undefined>;
}

interface Asked {
  readonly chainId: number;
  readonly owner: Address;
  readonly token: Address;
}

/** The most that the server reads at once. */
const MOST_TOKENS = 1000;

export function judgesOf({ client, config }: { client: BalancesClient; config: Config }): Judges {
  const heads = new Map<number, Promise<bigint>>();
  const reads = new Map<string, { tokens: Set<Address>; answer: Promise<AddressMap<WatchedBalance>> }>();
  return {
    head(chainId) {
      const known = heads.get(chainId);
      if (known) return known;
      const head = turn().then(async () => {
        // An answer that is under way may be older than who asks from now on.
        heads.delete(chainId);
        return BigInt(await config.getClient({ chainId }).request({ method: 'eth_blockNumber' }));
      });
      heads.set(chainId, head);
      return head;
    },
    async read({ chainId, owner, token }) {
      const wallet = `${chainId} ${owner}`;
      let batch = reads.get(wallet);
      if (!batch || batch.tokens.size === MOST_TOKENS) {
        const tokens = new Set<Address>();
        const answer = turn().then(async () => {
          if (reads.get(wallet)?.tokens === tokens) reads.delete(wallet);
          const balances = await client.balances({ chainId, owner, tokens: [...tokens] });
          return new AddressMap(balances.map((balance) => [balance.token.address, balance]));
        });
        batch = { tokens, answer };
        reads.set(wallet, batch);
      }
      batch.tokens.add(token);
      return (await batch.answer).get(token);
    },
  };
}

/** Lets all who are about to ask do so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
