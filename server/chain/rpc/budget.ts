import PQueue from 'p-queue';
import { describe } from '../../errors.ts';
import { EndpointError } from './errors.ts';

/** What waits for an answer, the most urgent first: streams, their reconciliation, reads of callers without one. */
export type Priority = 'stream' | 'sweep' | 'one-off';

const RANK: Readonly<Record<Priority, number>> = { stream: 2, sweep: 1, 'one-off': 0 };
/** A one-off read that has not had its turn by then is told so, rather than left waiting behind the streams. */
export const LONGEST_WAIT_MS = 10_000;

/** Requests to one endpoint take turns so that no more than so many begin in any one second. */
export class Budget {
  readonly #queue: PQueue | undefined;

  /** Without a number there is no limit. */
  constructor(requestsPerSecond: number | undefined) {
    if (requestsPerSecond !== undefined)
      this.#queue = new PQueue({ interval: 1000, intervalCap: requestsPerSecond, strict: true });
  }

  /** Whether whoever comes now has to wait. */
  get isSpent(): boolean {
    return this.#queue !== undefined && this.#queue.size > 0;
  }

  /** Throws EndpointError where a one-off read's turn does not come, or the signal's reason. */
  async turn(priority: Priority, signal: AbortSignal): Promise<void> {
    if (!this.#queue) return;
    const waiting =
      priority === 'one-off' ? AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT_MS)]) : signal;
    try {
      await this.#queue.add(() => Promise.resolve(), { priority: RANK[priority], signal: waiting });
    } catch (error) {
      signal.throwIfAborted();
      throw new EndpointError(`no turn within RPC_RATE_LIMIT_<chainId>: ${describe(error)}`);
    }
  }
}
