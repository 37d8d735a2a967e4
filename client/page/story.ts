import type {
  Address,
  BalanceChange,
  BalancesState,
  Block,
  Hash,
  Token,
  UpdateCause,
} from '@balance-stream/client';

/**
 * What became of a wallet since it is watched here: the changes for the feed, and each token's course for its line.
 * Pure: a state is told, and another story comes of it.
 */
export interface Story {
  readonly since: Date;
  /** The newest first; no more than are shown. */
  readonly events: readonly StoryEvent[];
  /** The newest of each token. */
  readonly newest: ReadonlyMap<Address, StoryEvent>;
  /** Of each token, the oldest first; thinned out where there are many. */
  readonly courses: ReadonlyMap<Address, readonly Point[]>;
}

/** One balance that changed. */
export interface StoryEvent {
  /** Of no other event of the story. */
  readonly id: number;
  readonly at: Date;
  readonly token: Token;
  readonly cause: UpdateCause | null;
  readonly block: Block;
  readonly transactions: readonly Hash[];
  /** In the smallest unit; null where it cannot be read, before or now. */
  readonly difference: bigint | null;
  /** In whole tokens where the token says its decimals, else in the smallest unit; null where it cannot be read. */
  readonly now: string | null;
}

export interface Point {
  readonly atMs: number;
  readonly amount: bigint;
}

const MOST_EVENTS = 100;
const MOST_POINTS = 120;

export function beginning(since: Date): Story {
  return { since, events: [], newest: new Map(), courses: new Map() };
}

export function told(story: Story, state: BalancesState, at: Date): Story {
  const moved = state.changes.filter(isMove);
  if (moved.length === 0) return story;
  const courses = new Map(story.courses);
  const newest = new Map(story.newest);
  const events: StoryEvent[] = [];
  for (const change of moved) {
    const { token, previous, now, block, transactions } = change;
    if (typeof now?.amount === 'bigint') {
      const points = courses.get(token.address) ?? [];
      courses.set(token.address, thinned([...points, { atMs: at.getTime(), amount: now.amount }]));
    }
    // What is known for the first time has not changed.
    if (!previous || !now) continue;
    const event = {
      id: (story.events[0]?.id ?? 0) + events.length + 1,
      at,
      token,
      cause: state.cause,
      block,
      transactions,
      difference: now.amount === null || previous.amount === null ? null : now.amount - previous.amount,
      now: now.formatted ?? now.amount?.toString() ?? null,
    };
    newest.set(token.address, event);
    events.unshift(event);
  }
  return { ...story, events: [...events, ...story.events].slice(0, MOST_EVENTS), newest, courses };
}

/** The same amount in another block, or with another name, is nothing to tell. */
function isMove({ previous, now }: BalanceChange): boolean {
  return previous?.amount !== now?.amount || previous?.status !== now?.status;
}

/** Half as many of the older half: the whole time stays in view, the last of it in detail. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  return points.filter((_, index) => index % 2 === 0 || index > MOST_POINTS / 2);
}
