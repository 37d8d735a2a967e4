import type { Address } from '../../../chain/types.ts';

export interface Server {
  /** The same after a restart. */
  readonly url: string;
}

/**
 * A session as those know it who asked for it: one client's own, or the one that all of a wallet's share, which
 * holds whatever any of them asked for. Made anew by whoever finds it gone, of all that was asked for.
 */
export class SoakSession {
  readonly chainId: number;
  readonly owner: Address;
  readonly clientId: string | undefined;
  readonly #server: Server;
  readonly #always: readonly Address[];
  #asked: ReadonlySet<Address> = new Set();
  /** Writes take effect in the order of asking. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    server: Server,
    options: {
      chainId: number;
      owner: Address;
      clientId?: string | undefined;
      /** In every session, asked for or not. */
      always: readonly Address[];
    },
  ) {
    this.#server = server;
    this.chainId = options.chainId;
    this.owner = options.owner;
    this.clientId = options.clientId;
    this.#always = options.always;
  }

  get asked(): readonly Address[] {
    return [...this.#asked];
  }

  /** What is in it, as far as the server has said yes. */
  get tokens(): ReadonlySet<Address> {
    return new Set([...this.#always, ...this.#asked]);
  }

  /** Counts tokens in that somebody else has asked for, or is about to. */
  include(tokens: Iterable<Address>): void {
    this.#asked = new Set([...this.#asked, ...tokens]);
  }

  /** Makes it, as it was where it was before. Throws where the server is away or refuses. */
  create(): Promise<void> {
    return this.#write(() => this.#send('POST', this.#asked));
  }

  /** Adds tokens to the list that all share. */
  add(tokens: readonly Address[]): Promise<void> {
    return this.#write(async () => {
      await this.#send('POST', tokens);
      this.include(tokens);
    });
  }

  /** Makes these the list of a client's own. */
  set(tokens: readonly Address[]): Promise<void> {
    return this.#write(async () => {
      await this.#send('PUT', tokens);
      this.#asked = new Set(tokens);
    });
  }

  #write(task: () => Promise<void>): Promise<void> {
    const written = this.#tail.then(task);
    this.#tail = written.catch(() => {});
    return written;
  }

  async #send(method: 'POST' | 'PUT', tokens: Iterable<Address>): Promise<void> {
    const response = await fetch(`${this.#server.url}/${this.chainId}/sessions/${this.owner}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(this.clientId !== undefined && { 'x-client-id': this.clientId }),
      },
      body: JSON.stringify({ customTokens: [...tokens] }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} session: ${response.status} ${answer}`);
  }
}
