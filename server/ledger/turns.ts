import type { WatchedPair } from './pair.ts';

/** One turn of so many belongs to the zero balances, however many others wait. */
export const TURNS_TO_A_ZERO_ONE = 4;
/** Pairs passed over in one go, so that the event loop never waits long for it. */
const LOOKED_AT_AT_MOST = 5000;
/** A turn that failed is had once more; after that the pair waits for its next. */
const ATTEMPTS_A_TURN = 2;

/** Which balances, and allowances: those above zero, or the others (zero, unreadable, not read yet). */
export type Kind = 'held' | 'zero';

/** Whose turn the `count`th one is: non-zero balances first, yet every fourth is a zero one's; none goes unused. */
export function kindOfTurn(count: number, due: Readonly<Record<Kind, number>>): Kind | undefined {
  const first = count % TURNS_TO_A_ZERO_ONE === TURNS_TO_A_ZERO_ONE - 1 ? 'zero' : 'held';
  if (due[first] > 0) return first;
  const other = first === 'held' ? 'zero' : 'held';
  return due[other] > 0 ? other : undefined;
}

/** Where one pair stands among those that wait for their turn. Written here alone. */
export class Turn {
  line: Line | undefined = undefined;
  before: WatchedPair | undefined = undefined;
  after: WatchedPair | undefined = undefined;
  /** The interval in which it was last taken or confirmed: in a later one it is due. */
  interval = 0;
  /** How often it was taken for this turn and not confirmed yet. */
  attempts = 0;
}

/**
 * Pairs of one kind, those first whose turn or confirmation was longest ago. Linked, so that moving one among a
 * million costs nothing: a Set that loses and gains members all the time stands still to be built anew.
 */
class Line {
  first: WatchedPair | undefined;
  #last: WatchedPair | undefined;
  size = 0;
  /** How many of the first ones are due in this interval. */
  due = 0;

  append(pair: WatchedPair): void {
    this.#link(this.#last, pair, undefined);
  }

  prepend(pair: WatchedPair): void {
    this.#link(undefined, pair, this.first);
  }

  remove({ turn }: WatchedPair): void {
    if (turn.before) turn.before.turn.after = turn.after;
    else this.first = turn.after;
    if (turn.after) turn.after.turn.before = turn.before;
    else this.#last = turn.before;
    turn.line = turn.before = turn.after = undefined;
    this.size -= 1;
  }

  #link(before: WatchedPair | undefined, pair: WatchedPair, after: WatchedPair | undefined): void {
    pair.turn.line = this;
    pair.turn.before = before;
    pair.turn.after = after;
    if (before) before.turn.after = pair;
    else this.first = pair;
    if (after) after.turn.before = pair;
    else this.#last = pair;
    this.size += 1;
  }
}

/**
 * Which pairs are reconciled next. In each interval every pair is due once, unless a reading confirmed it in the
 * interval already, whoever asked for it. Where there are more than the budget, three turns of four go to non-zero
 * balances and the fourth to a zero one, what either leaves goes to the other, and within its kind each pair waits
 * for those alone whose turn was longer ago. So with H non-zero pairs, Z others and a budget of B pairs none is
 * taken later than this many intervals after its last confirmation, whoever comes, goes or changes kind meanwhile:
 *
 * - a non-zero one: 1 + ⌈H / max(¾B, B − Z)⌉;
 * - any other: 1 + ⌈Z / max(¼B, B − H)⌉.
 *
 * That is two at the most where H + Z ≤ B. A pair whose reading failed comes first, once, and then in its next
 * turn; so failures cost the others at most as many turns again. Fed by the ledger, drained by the sweep.
 */
export class Turns {
  readonly #lines: Readonly<Record<Kind, Line>> = { held: new Line(), zero: new Line() };
  #interval = 1;
  /** Counted across intervals, so that a budget below four gives every kind its turns, too. */
  #taken = 0;

  /** How many pairs are still due in this interval. */
  get due(): number {
    return this.#lines.held.due + this.#lines.zero.due;
  }

  /** A new interval: whoever waits is due. */
  begin(): void {
    this.#interval += 1;
    for (const line of Object.values(this.#lines)) line.due = line.size;
  }

  /** It is to be read at once by whoever added it, so it is not due in this interval. */
  add(pair: WatchedPair): void {
    pair.turn.interval = this.#interval;
    this.#lines[kindOf(pair)].append(pair);
  }

  remove(pair: WatchedPair): void {
    const { line, interval } = pair.turn;
    if (!line) return;
    if (interval < this.#interval) line.due -= 1;
    line.remove(pair);
  }

  /** Its value was read, and merged, just now. */
  confirmed(pair: WatchedPair): void {
    pair.turn.attempts = 0;
    this.#moveBack(pair);
  }

  /** The next ones, at most so many, each to be read now. Fewer, or none, while others than the sweep read them. */
  take(most: number): WatchedPair[] {
    const { held, zero } = this.#lines;
    const pairs: WatchedPair[] = [];
    for (let looked = 0; looked < LOOKED_AT_AT_MOST && pairs.length < most; looked += 1) {
      const kind = kindOfTurn(this.#taken, { held: held.due, zero: zero.due });
      const pair = kind && this.#lines[kind].first;
      if (!pair) break;
      this.#moveBack(pair);
      // What is waiting to be read is read by the refresh.
      if (pair.unsettled) continue;
      pair.turn.attempts += 1;
      this.#taken += 1;
      pairs.push(pair);
    }
    return pairs;
  }

  /** These were taken, and their reading is over: who was not confirmed by it comes again. */
  over(pairs: readonly WatchedPair[]): void {
    for (const pair of pairs.toReversed()) {
      const { turn } = pair;
      if (turn.attempts === 0 || !turn.line) continue;
      if (turn.attempts < ATTEMPTS_A_TURN) this.#moveFirst(pair);
      else turn.attempts = 0;
    }
  }

  #moveBack(pair: WatchedPair): void {
    this.remove(pair);
    this.add(pair);
  }

  #moveFirst(pair: WatchedPair): void {
    this.remove(pair);
    pair.turn.interval = this.#interval - 1;
    const line = this.#lines[kindOf(pair)];
    line.prepend(pair);
    line.due += 1;
  }
}

function kindOf({ entry }: WatchedPair): Kind {
  return entry?.balance.amount ? 'held' : 'zero';
}
