import type { Condition } from './service.ts';
import type { ConditionKind } from './update.ts';

/** A condition as it concerns one token. */
export type Threshold = Pick<Condition, 'kind' | 'amount'>;

/** What a subscriber that makes conditions has seen of one token. */
export interface Seen {
  /** The last amount that could be read, sent or not; undefined before the first. */
  readonly before: bigint | undefined;
  /** The last amount that was sent; undefined before the first. */
  readonly sent: bigint | undefined;
}

/** Which kinds of the conditions a move to that amount crosses, each once. */
export function crossedBy(
  thresholds: readonly Threshold[],
  { before, sent }: Seen,
  now: bigint,
): ConditionKind[] {
  // What was never seen has crossed whatever holds of it.
  if (before === undefined) return holding(thresholds, now);
  return kindsOf(thresholds, ({ kind, amount }) => {
    if (kind === 'BELOW') return before >= amount && now < amount;
    if (kind === 'ABOVE') return before <= amount && now > amount;
    const from = sent ?? before;
    return (now > from ? now - from : from - now) > amount;
  });
}

/** Which kinds hold of an amount by itself, however it came about. */
export function holding(thresholds: readonly Threshold[], now: bigint): ConditionKind[] {
  return kindsOf(
    thresholds,
    ({ kind, amount }) => (kind === 'BELOW' && now < amount) || (kind === 'ABOVE' && now > amount),
  );
}

function kindsOf(
  thresholds: readonly Threshold[],
  applies: (threshold: Threshold) => boolean,
): ConditionKind[] {
  return [...new Set(thresholds.filter(applies).map(({ kind }) => kind))];
}
