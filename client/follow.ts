import { Backoff } from './backoff.ts';
import { type BalancesError, connectionFailed } from './errors.ts';

/**
 * Tries for as long as the signal lets it; `went` begins the pauses between attempts anew. Throws what is not passing;
 * undefined once the signal has aborted.
 */
export async function retry<T>(
  attempt: (went: () => void) => Promise<T>,
  isPassing: (error: BalancesError) => boolean,
  signal: AbortSignal,
): Promise<T | undefined> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    try {
      return await attempt(() => backoff.reset());
    } catch (thrown) {
      const error = connectionFailed(thrown);
      if (signal.aborted) break;
      if (!isPassing(error)) throw error;
      await backoff.pause(signal, error.retryAfterMs);
    }
  }
  return undefined;
}

interface Followed<Update, State> {
  /** One attempt: hands on every update after this state. Ends when the server completes, throws when it breaks. */
  readonly open: (state: State | undefined, next: (update: Update) => void) => Promise<void>;
  readonly fold: (state: State | undefined, update: Update) => State;
  readonly publish: (state: State) => void;
}

/**
 * Follows a stream for as long as the signal lets it: after whatever breaks it goes on from where it was, and
 * what it knew is still there. Throws what trying again cannot mend.
 */
export async function follow<Update, State>(
  { open, fold, publish }: Followed<Update, State>,
  signal: AbortSignal,
): Promise<void> {
  let state: State | undefined;
  await retry(
    (went) =>
      open(state, (update) => {
        went();
        state = fold(state, update);
        publish(state);
      }),
    ({ retryable }) => retryable,
    signal,
  );
}
