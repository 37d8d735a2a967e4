import { type BalancesState, createBalancesClient, type WatchOptions } from '../../../../client/index.ts';
import type { Address } from '../../../chain/types.ts';
import type { ClientKind, HeldAllowances, SoakClient } from './client.ts';
import { Folded } from './folded.ts';
import type { Server } from './session.ts';

/** A program with the client library: whatever it watches comes over as few streams as can be. */
export class Application {
  readonly client;
  connections = 0;

  constructor(server: Server) {
    this.client = createBalancesClient({
      url: server.url,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.headers.get('content-type')?.startsWith('text/event-stream')) this.connections += 1;
        return response;
      },
    });
  }
}

interface Options {
  readonly name: string;
  readonly kind: ClientKind;
  readonly application: Application;
  readonly chainId: number;
  readonly owner: Address;
  /** In every session, asked for or not. */
  readonly always: readonly Address[];
  /** What it asks for, and is told of, whatever else its application watches. */
  readonly asks: readonly Address[];
  /** Whose allowances it asks for, too. */
  readonly spenders?: readonly Address[];
  /** It speaks for its application where that has several. */
  readonly isFirst?: boolean;
}

/** A watch of the client library: left to itself, it must never give up and always come right. */
export class GraphQLClient implements SoakClient {
  readonly name: string;
  readonly kind: ClientKind;
  readonly owner: Address;
  readonly tokens: ReadonlySet<Address>;
  readonly #spenders: readonly Address[] | undefined;
  readonly #application: Application;
  readonly #isFirst: boolean;
  readonly #done: Promise<void>;
  readonly #checked: Folded;
  #state: BalancesState | undefined;

  constructor({ name, kind, application, chainId, owner, always, asks, spenders, isFirst = true }: Options) {
    this.name = name;
    this.kind = kind;
    this.owner = owner;
    this.tokens = new Set([...always, ...asks]);
    this.#spenders = spenders;
    this.#application = application;
    this.#isFirst = isFirst;
    this.#checked = new Folded((token) => this.tokens.has(token));
    this.#done = this.#follow({ chainId, owner, customTokens: asks, spenders }).catch((error: unknown) => {
      this.#checked.complain(`the client gave up: ${error}`);
    });
  }

  async #follow(options: WatchOptions) {
    for await (const state of this.#application.client.watchBalances(options)) {
      this.#state = state;
      const { changes, block } = state;
      const balances = changes.flatMap(({ token, now }) =>
        now ? [{ token: lower(token.address), amount: now.amount, status: now.status }] : [],
      );
      // The library keeps its cursors to itself.
      if (block && balances.length > 0)
        this.#checked.fold({ kind: 'part', cursor: 'none', block, balances, removed: [] });
    }
  }

  holds(token: Address): bigint | null | undefined {
    return this.#state?.balances.get(token)?.amount;
  }

  get held(): Iterable<Address> {
    return [...(this.#state?.balances.keys() ?? [])] as Address[];
  }

  get allowances(): HeldAllowances | undefined {
    const spenders = this.#spenders;
    return (
      spenders && { spenders, of: (token, spender) => this.#state?.allowances.get(token, spender)?.amount }
    );
  }

  get updates(): number {
    return this.#checked.updates;
  }

  get connections(): number {
    return this.#isFirst ? this.#application.connections : 0;
  }

  get problems(): readonly string[] {
    return this.#checked.problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#application.client.dispose();
    await this.#done;
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
