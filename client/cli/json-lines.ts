import type { BalancesState } from '../state.ts';

/**
 * What is new in a state, a line of JSON each. `snapshot` is what the wallet holds when the token is first read,
 * `change` what became of it, `removed` a token that is no longer watched. Amounts are exact, in the token's smallest
 * unit; null where there is none, or it cannot be read.
 */
export function linesOf({ changes, cause }: BalancesState): string[] {
  return changes.map(({ token, previous, now, block, transactions }) =>
    JSON.stringify({
      kind: now ? (previous ? 'change' : 'snapshot') : 'removed',
      cause,
      chainId: token.chainId,
      token: token.address,
      symbol: token.symbol,
      decimals: token.decimals,
      previous: previous?.amount?.toString() ?? null,
      now: now?.amount?.toString() ?? null,
      formatted: now?.formatted ?? null,
      status: now?.status ?? null,
      reason: now?.reason ?? null,
      block: { number: Number(block.number), hash: block.hash, timestamp: block.timestamp },
      transactions,
    }),
  );
}
