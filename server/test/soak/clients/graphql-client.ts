import { type BalancesState, createBalancesClient, type WatchOptions } from '../../../../client/index.ts';
import type { Address } from '../../../chain/types.ts';
import type { ClientKind, HeldAllowances, SoakClient } from './client.ts';
import { Folded } from './folded.ts';
import type { Server, SoakSession } from './session.ts';

interface Options {
  readonly name: string;
  readonly kind: ClientKind;
  readonly server: Server;
  readonly session: SoakSession;
  /** What it asks for itself; in a shared session it is told of what others ask for too. */
  readonly asks: readonly Address[];
  readonly mayHold: (token: Address) => boolean;
  /** Whose allowances it asks for, too. */
  readonly spenders?: readonly Address[];
}

/** The client library as an application uses it: left to itself, it must never give up and always come right. */
export class GraphQLClient implements SoakClient {
  readonly name: string;
  readonly kind: ClientKind;
  readonly owner: Address;
  readonly #session: SoakSession;
  readonly #spenders: readonly Address[] | undefined;
  readonly #client;
  readonly #done: Promise<void>;
  readonly #checked: Folded;
  #state: BalancesState | undefined;
  connections = 0;

  constructor({ name, kind, server, session, asks, mayHold, spenders }: Options) {
    this.name = name;
    this.kind = kind;
    this.owner = session.owner;
    this.#session = session;
    this.#spenders = spenders;
    this.#checked = new Folded(mayHold);
    session.include(asks);
    this.#client = createBalancesClient({
      url: server.url,
      ...(session.clientId !== undefined && { clientId: session.clientId }),
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.headers.get('content-type')?.startsWith('text/event-stream')) this.connections += 1;
        return response;
      },
    });
    const { chainId, owner } = session;
    this.#done = this.#follow({ chainId, owner, customTokens: asks, spenders }).catch((error: unknown) => {
      this.#checked.complain(`the client gave up: ${error}`);
    });
  }

  async #follow(options: WatchOptions) {
    for await (const state of this.#client.watchBalances(options)) {
      this.#state = state;
      const balances = state.changed.flatMap((token) => {
        const balance = state.balances.get(token);
        return balance ? [{ token, amount: balance.amount, status: balance.status }] : [];
      });
      this.#checked.fold({ ...state, kind: 'part', balances, removed: [] });
    }
  }

  holds(token: Address): bigint | null | undefined {
    return this.#state?.balances.get(token)?.amount;
  }

  get tokens(): ReadonlySet<Address> {
    return this.#session.tokens;
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

  get problems(): readonly string[] {
    return this.#checked.problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.dispose();
    await this.#done;
  }
}
