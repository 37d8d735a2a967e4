import { EventSource } from 'eventsource';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';

/** One `balance_update` as a browser's EventSource hands it over. */
export interface StreamEvent {
  readonly id: string;
  readonly balances: Readonly<Record<Address, string>>;
}

/** A real EventSource on a REST stream: what it was told, and what that folds into. */
export class RestStream implements Disposable {
  readonly events: StreamEvent[] = [];
  readonly statuses: number[] = [];
  readonly #source: EventSource;

  constructor(app: App, path: string, headers: Record<string, string> = {}) {
    this.#source = new EventSource(`${app.url}${path}`, {
      fetch: async (url, init) => {
        const response = await fetch(url, { ...init, headers: { ...init?.headers, ...headers } });
        this.statuses.push(response.status);
        return response;
      },
    });
    this.#source.addEventListener('balance_update', ({ data, lastEventId }) => {
      this.events.push({ id: lastEventId, balances: JSON.parse(data).balances });
    });
  }

  get isOpen(): boolean {
    return this.#source.readyState === this.#source.OPEN;
  }

  /** Everything it was told, the newest value of each token. */
  get folded(): Record<Address, string> {
    return Object.assign({}, ...this.events.map(({ balances }) => balances));
  }

  [Symbol.dispose](): void {
    this.#source.close();
  }
}

/** One request to the REST door, and its JSON. */
export async function rest(
  app: App,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    // It was to be refused, and is open: the test wants to know, not to listen.
    await response.body?.cancel();
    return { status: response.status, json: undefined };
  }
  return { status: response.status, json: await response.json() };
}
