import type { Lineage } from './lineage.ts';
import type { Header } from './types.ts';

/**
 * What a head is to us:
 * - `duplicate`: a block we have processed: told twice, late, or by an endpoint that lags;
 * - `rollback`: such a block where our tip has been proven to be gone, so that this is what is left of the chain;
 * - `next`: the child of our tip;
 * - `gap`: higher than that; what lies between is to be walked back to our chain;
 * - `reorg`: at or right above our height, with a parent or a hash that is not ours;
 * - `first`: there is nothing to compare it with yet.
 * A gap may turn out to hide a reorganisation: the walk back tells, by hashes alone.
 */
export type Plan = 'first' | 'duplicate' | 'rollback' | 'next' | 'gap' | 'reorg';

export function plan(lineage: Lineage, head: Header, isTipGone = false): Plan {
  const tip = lineage.tip;
  if (!tip) return 'first';
  if (lineage.has(head.number, head.hash))
    return isTipGone && head.number < tip.number ? 'rollback' : 'duplicate';
  if (head.number > tip.number + 1) return 'gap';
  return head.number === tip.number + 1 && head.parentHash === tip.hash ? 'next' : 'reorg';
}

/** A gap up to this long is always scanned, so that its changes keep their transactions. */
export const SCANNED_ALWAYS = 16;

/**
 * Whether a gap is better passed over, and everything watched read again. That bounds a scan, too, and with it
 * how far a chain that is faster than its endpoints can run away from us.
 */
export function isCheaperToReadAll(
  missed: number,
  { requestsPerBlock, readsForAll }: { readonly requestsPerBlock: number; readonly readsForAll: number },
): boolean {
  return missed > SCANNED_ALWAYS && missed * requestsPerBlock > readsForAll;
}
