import { toBlock } from './decode.ts';
import { follow } from './follow.ts';
import type { WatchChainSubscription } from './gql/graphql.ts';
import { WatchChainDocument as WatchChain } from './gql/graphql.ts';
import type { Transport } from './transport.ts';
import type { Block } from './types.ts';

/** Where a chain stands. */
export interface ChainState {
  readonly chainId: number;
  /** The newest block whose events the server has taken in. */
  readonly head: Block;
  /** The newest that a reorganisation is unlikely to remove; null where, or while, the chain's endpoints do not say. */
  readonly safe: Block | null;
  /** The newest that no reorganisation can remove; null as `safe` is. */
  readonly finalized: Block | null;
  /** What was replaced since the state read before, as far as it was told; null where the chain only grew. */
  readonly reorg: Reorg | null;
}

export interface Reorg {
  /** Of what was told before, every block above the height `from.number - depth` is to be looked at anew. */
  readonly depth: number;
  /** The head before, no longer of the chain. */
  readonly from: Block;
  /** The head after; lower than `from` where blocks are gone. */
  readonly to: Block;
}

/** Follows a chain for as long as the signal lets it, whatever breaks. Throws what trying again cannot mend. */
export async function followChain(
  transport: Transport,
  chainId: number,
  publish: (state: ChainState) => void,
  signal: AbortSignal,
): Promise<void> {
  await follow(
    {
      open: (_, next) => transport.stream(WatchChain, { id: chainId }, ({ chain }) => next(chain), signal),
      fold: (_: ChainState | undefined, told: Told) => toState(told),
      publish,
    },
    signal,
  );
}

/**
 * The newer of two states, for a reader who has seen neither: of several reorganisations one, from the first head to
 * the last, and as deep below the first as the deepest of them reached.
 */
export function mergeUnreadChain(older: ChainState, newer: ChainState): ChainState {
  const [first, last] = [older.reorg, newer.reorg];
  if (!first || !last) return { ...newer, reorg: first ?? last };
  const common = Math.min(Number(first.from.number) - first.depth, Number(last.from.number) - last.depth);
  const depth = Number(first.from.number) - common;
  return { ...newer, reorg: { depth, from: first.from, to: last.to } };
}

type Told = WatchChainSubscription['chain'];

function toState({ chainId, head, safe, finalized, reorg }: Told): ChainState {
  return {
    chainId,
    head: toBlock(head),
    safe: safe && toBlock(safe),
    finalized: finalized && toBlock(finalized),
    reorg: reorg && { depth: reorg.depth, from: toBlock(reorg.from), to: toBlock(reorg.to) },
  };
}
