import { Backoff } from './backoff.ts';
import { BalancesError } from './errors.ts';

interface Followed<Update, State> {
  /** One attempt: hands on every update after this state. Ends when the server completes, throws when it breaks. */
  readonly open: (state: State | undefined, next: (update: Update) => void) => Promise<void>;
  readonly fold: (state: State | undefined, update: Update) => State;
  readonly publish: (state: State) => void;
  /** Whether it may go better next time; there is no state where it never went well. */
  readonly isPassing: (error: BalancesError, state: State | undefined) => boolean;
}

/**
 * Follows a stream for as long as the signal lets it: after whatever breaks it goes on from where it was, and
 * what it knew is still there. Throws what trying again cannot mend.
 */
export async function follow<Update, State>(
  { open, fold, publish, isPassing }: Followed<Update, State>,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff();
  let state: State | undefined;
  const next = (update: Update) => {
    backoff.reset();
    state = fold(state, update);
    publish(state);
  };
  for (;;) {
    try {
      return await open(state, next);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof BalancesError) || !isPassing(error, state)) throw error;
    }
    await backoff.pause(signal);
  }
}
