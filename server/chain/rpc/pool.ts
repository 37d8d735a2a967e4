import { BrokenCircuitError } from 'cockatiel';
import { describe } from '../../errors.ts';
import { Endpoint, type EndpointOptions } from './endpoint.ts';
import { BlockUnavailable, CallRefused, EndpointError } from './errors.ts';
import type { RpcRequest } from './message.ts';

/**
 * The endpoints of one chain as one place to ask. A request goes to the first endpoint, in order of preference,
 * that is well; one that fails is passed over within the request. One pass, no waiting: whoever asks owns the
 * loop that tries again, because only it knows whether the question still stands.
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
   * Throws CallRefused when a node says that the call itself is bad, BlockUnavailable when no endpoint has the
   * block, EndpointError when none could be asked.
   */
  async request(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
    let failure: unknown;
    for (const endpoint of this.#endpoints) {
      try {
        return this.#succeeded(await endpoint.request(call, signal));
      } catch (error) {
        if (signal?.aborted || error instanceof CallRefused) throw error;
        if (!(error instanceof BrokenCircuitError) && !(failure instanceof BlockUnavailable)) failure = error;
      }
    }
    // Every circuit is open: the question is put to the preferred one all the same rather than to none.
    if (failure === undefined && this.#endpoints[0]) {
      try {
        return this.#succeeded(await this.#endpoints[0].ask(call, signal));
      } catch (error) {
        failure = error;
      }
    }
    if (signal?.aborted || failure instanceof CallRefused) throw failure;
    this.#lastError = describe(failure);
    if (failure instanceof BlockUnavailable || failure instanceof EndpointError) throw failure;
    throw new EndpointError(`${call.method}: ${describe(failure)}`, { cause: failure });
  }

  #succeeded(result: unknown): unknown {
    this.#lastError = null;
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint[Symbol.asyncDispose]()));
  }
}
