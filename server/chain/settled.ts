import type { Lineage } from './lineage.ts';
import type { BlockRef } from './types.ts';

/** What is known of the newest block that is safe, or final. */
export interface Settled {
  /** One that we have processed; null where none is known. */
  readonly told: BlockRef | null;
  /** One above our head, told once that has reached it. */
  readonly ahead: BlockRef | null;
}

export const UNSETTLED: Settled = { told: null, ahead: null };

/**
 * After an endpoint's word. An older block than is known comes of an endpoint that lags, another one than ours of an
 * endpoint (or a head of ours) that has yet to reorganise: neither counts. Of what is ahead of us the lowest is kept,
 * which our head will reach first; so one that is far off keeps nothing waiting for longer than till the next word.
 */
export function settledBy({ told, ahead }: Settled, said: BlockRef, lineage: Chain): Settled {
  const { tip } = lineage;
  if (!tip || said.number > tip.number)
    return { told, ahead: ahead && ahead.number <= said.number ? ahead : said };
  // Below what is remembered there is nothing to compare it with.
  const ours = lineage.at(said.number);
  const isOurs = ours === undefined || ours.hash === said.hash;
  return { told: isOurs && said.number > (told?.number ?? -1) ? said : told, ahead };
}

/**
 * After our chain has moved. A block that was replaced is not told any longer, whatever it was called: that proves it
 * not to be final, as happens on development chains, and the endpoints are to name another.
 */
export function settledAfter(
  { told, ahead }: Settled,
  forkedAbove: number | undefined,
  lineage: Chain,
): Settled {
  const kept = told && forkedAbove !== undefined && told.number > forkedAbove ? null : told;
  const isReached = ahead !== null && ahead.number <= (lineage.tip?.number ?? -1);
  return isReached ? settledBy({ told: kept, ahead: null }, ahead, lineage) : { told: kept, ahead };
}

type Chain = Pick<Lineage, 'tip' | 'at'>;
