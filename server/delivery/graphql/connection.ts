import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChainUpdate } from '../../watch/service.ts';
import type { Update } from '../../watch/update.ts';
import type { Caller, Gate } from '../gate/gate.ts';

/** What a subscription is made of: of balances with a cursor to resume from, of a chain without. */
export type StreamUpdate = Update | ChainUpdate;

/**
 * One HTTP exchange, from the request until its response is closed by either side. The executor does not
 * carry these along: whether the client is still there, who it is, and how far its subscription has come.
 */
export class Connection {
  /** Where an `EventSource` that reconnects wants to go on. */
  readonly lastEventId: string | undefined;
  /** Set once the operation is known to be well-formed: from then on errors belong to it, not to HTTP. */
  wellFormed = false;
  /** What the subscription's source gave last: the one that the next result is made of. */
  update: StreamUpdate | undefined;
  /** Chains of which the subscription has now told all; set where it was resumed. */
  caughtUp: (() => readonly number[]) | undefined;
  readonly #gate: Gate;
  readonly #admitted: () => Caller;
  #caller: Caller | undefined;
  readonly #gone = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse, gate: Gate) {
    this.#gate = gate;
    this.#admitted = () => gate.admit(request);
    const lastEventId = request.headers['last-event-id'];
    this.lastEventId = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined;
    response.once('close', () => this.end());
  }

  /** Who asks. Throws UNAUTHENTICATED. */
  get caller(): Caller {
    this.#caller ??= this.#admitted();
    return this.#caller;
  }

  /** Takes as many of the caller's requests as the operation turns out to be, the one aside that it began with. Throws RATE_LIMITED. */
  async spendRest(requests: number): Promise<void> {
    if (requests > 1) await this.#gate.spend(this.caller, requests - 1);
  }

  /** Room for so many balances, or tokens, until the answer is written. Throws RATE_LIMITED, CAPACITY_EXCEEDED. */
  read(balances: number): void {
    this.hold(this.#gate.read(this.caller, balances));
  }

  /** Lets go of it at the end. */
  hold(held: Disposable): void {
    if (this.signal.aborted) held[Symbol.dispose]();
    else this.signal.addEventListener('abort', () => held[Symbol.dispose](), { once: true });
  }

  /** Aborts when the client is gone or has heard enough. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  end(): void {
    this.#gone.abort(new DOMException('the client is gone', 'AbortError'));
  }
}
