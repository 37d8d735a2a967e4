import type { ChainUpdate, Reorg } from './service.ts';

/**
 * Two updates, neither of which was read yet, as one: where the chain stands now, and every reorganisation on the way.
 * Several make one, from the head before the first to the head after the last, and as deep below the former as the
 * deepest of them reached: whatever was replaced by any of them lies above that.
 */
export function mergeUnread(older: ChainUpdate | undefined, newer: ChainUpdate): ChainUpdate {
  return older?.reorg ? { ...newer, reorg: spanning(older.reorg, newer.reorg) } : newer;
}

function spanning(first: Reorg, last: Reorg | null): Reorg {
  if (!last) return first;
  const { from } = first;
  const common = Math.min(from.number - first.depth, last.from.number - last.depth);
  return { depth: from.number - common, from, to: last.to };
}
