/** One way to get an answer, and how long it may take before the next one is tried beside it. */
export interface Attempt<T> {
  readonly patienceMs: number;
  run(signal: AbortSignal): Promise<T>;
}

export interface Hedged<T> {
  readonly value: T;
  /** Which attempt answered, and how long that one took by itself. */
  readonly index: number;
  readonly tookMs: number;
  /** Those that had begun before it and had not settled, with how long they had been at it. */
  readonly overtaken: readonly { readonly index: number; readonly elapsedMs: number }[];
}

interface HedgeOptions {
  /** Whether an error settles the matter, whoever said it. */
  readonly isFinal: (error: unknown) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Tries one after the other: the next one at once where one failed, and beside it where it keeps silent past its
 * patience. The first answer counts, and the others are let go. Where all fail it throws all that they threw, in
 * the order in which they did, as an AggregateError; a final error by itself.
 */
export function hedge<T>(
  attempts: readonly Attempt<T>[],
  { isFinal, signal }: HedgeOptions,
): Promise<Hedged<T>> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const begunMs = new Map<number, number>();
    const errors: unknown[] = [];
    let next = 0;
    let timer: NodeJS.Timeout | undefined;

    const abort = () => end(() => reject(signal.reason));
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      settle();
      controller.abort(signal.reason);
    };
    const begin = () => {
      clearTimeout(timer);
      const index = next;
      const attempt = attempts[index];
      if (!attempt) return;
      next += 1;
      begunMs.set(index, performance.now());
      if (next < attempts.length) timer = setTimeout(begin, attempt.patienceMs);
      attempt.run(controller.signal).then(
        (value) => {
          if (controller.signal.aborted) return;
          const now = performance.now();
          const tookMs = now - (begunMs.get(index) ?? now);
          begunMs.delete(index);
          const overtaken = [...begunMs]
            .filter(([other]) => other < index)
            .map(([other, since]) => ({ index: other, elapsedMs: now - since }));
          end(() => resolve({ value, index, tookMs, overtaken }));
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          begunMs.delete(index);
          errors.push(error);
          if (isFinal(error)) end(() => reject(error));
          else if (next < attempts.length) begin();
          else if (begunMs.size === 0)
            end(() => reject(new AggregateError(errors, 'none of the endpoints answered')));
        },
      );
    };

    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    begin();
  });
}
