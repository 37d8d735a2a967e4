import { describe } from '../../errors.ts';
import { Endpoint, type EndpointOptions } from './endpoint.ts';
import { AnswerTooLarge, BlockUnavailable, CallRefused } from './errors.ts';
import type { RpcCall } from './message.ts';

/**
 * The endpoints of one chain as one place to ask. A request goes to the first endpoint, in order of preference,
 * that is well; one that fails, garbage included, is passed over within the request. One pass, no waiting:
 * whoever asks owns the loop that tries again, because only it knows whether the question still stands.
 */
export class Pool implements AsyncDisposable {
  readonly #endpoints: readonly Endpoint[];
  #lastError: string | null = null;

  constructor(urls: readonly string[], options: EndpointOptions) {
    // Requests prefer HTTP, whose answers do not queue up behind one another on one connection.
    const ordered = [...urls.filter((url) => !/^ws/.test(url)), ...urls.filter((url) => /^ws/.test(url))];
    this.#endpoints = ordered.map((url) => new Endpoint(url, options));
  }

  /** What the last failed request failed with; null once one has succeeded since. */
  get lastError(): string | null {
    return this.#lastError;
  }

  /**
   * Throws CallRefused when a node says that the call itself is bad, AnswerTooLarge, BlockUnavailable when no endpoint has the
   * block, EndpointError when none could be asked, or the signal's reason.
   */
  async request<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T> {
    const well = this.#endpoints.filter((endpoint) => !endpoint.isOpen);
    let failure: unknown;
    // Where none is well the question is put to all of them rather than to nobody.
    for (const endpoint of well.length > 0 ? well : this.#endpoints) {
      try {
        const result = await endpoint.request(call, signal);
        this.#lastError = null;
        return result;
      } catch (error) {
        if (signal.aborted || error instanceof CallRefused || error instanceof AnswerTooLarge) throw error;
        if (!(failure instanceof BlockUnavailable)) failure = error;
      }
    }
    this.#lastError = describe(failure);
    throw failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint[Symbol.asyncDispose]()));
  }
}
