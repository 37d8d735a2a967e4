import { createBalancesClient, type WalletItem, type WalletsState } from '../../../../client/index.ts';
import type { Address } from '../../../chain/types.ts';
import type { ClientKind, SoakClient } from './client.ts';
import { Folded } from './folded.ts';
import type { Server } from './session.ts';

interface Options {
  readonly name: string;
  readonly server: Server;
  readonly chainId: number;
  /** By wallet. */
  readonly asks: ReadonlyMap<Address, readonly Address[]>;
}

/** The client library on one stream of many wallets: a client for each of them, as far as anybody compares. */
export class WalletsClient {
  readonly clients: readonly SoakClient[];
  readonly #chainId: number;
  readonly #client;
  readonly #done: Promise<void>;
  readonly #folded: ReadonlyMap<Address, Folded>;
  #state: WalletsState | undefined;
  #connections = 0;

  constructor({ name, server, chainId, asks }: Options) {
    this.#chainId = chainId;
    this.#client = createBalancesClient({
      url: server.url,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.headers.get('content-type')?.startsWith('text/event-stream')) this.#connections += 1;
        return response;
      },
    });
    this.#folded = new Map(
      [...asks].map(([owner, tokens]) => [owner, new Folded((token) => tokens.includes(token))]),
    );
    this.clients = [...asks].map(([owner, tokens], index) =>
      this.#clientOf(`${name} ${index + 1}`, owner, tokens),
    );
    const items = [...asks].map(([owner, tokens]) => ({ chainId, owner, tokens }));
    this.#done = this.#follow(items).catch((error: unknown) => {
      for (const folded of this.#folded.values()) folded.complain(`the client gave up: ${error}`);
    });
  }

  async #follow(items: readonly WalletItem[]): Promise<void> {
    for await (const state of this.#client.watchWallets({ items })) {
      this.#state = state;
      const { chainId, cursor, blocks } = state;
      const block = blocks.get(chainId);
      for (const [owner, changed] of Map.groupBy(state.changed, (balance) => lower(balance.owner)))
        this.#folded.get(owner)?.fold({
          kind: 'part',
          cursor,
          ...(block && { block }),
          balances: changed.map(({ token, amount, status }) => ({
            token: lower(token.address),
            amount,
            status,
          })),
          removed: [],
        });
    }
  }

  #clientOf(name: string, owner: Address, tokens: readonly Address[]): SoakClient {
    const isFirst = owner === this.#folded.keys().next().value;
    const of = this;
    return {
      name,
      kind: 'many wallets in one stream' satisfies ClientKind,
      owner,
      tokens: new Set(tokens),
      holds: (token) => of.#state?.balance(of.#chainId, owner, token)?.amount,
      get held() {
        return [...(of.#state?.balances.get(of.#chainId)?.get(owner)?.keys() ?? [])] as Address[];
      },
      get updates() {
        return of.#folded.get(owner)?.updates ?? 0;
      },
      // It is one stream for all of them.
      get connections() {
        return isFirst ? of.#connections : 0;
      },
      get problems() {
        return of.#folded.get(owner)?.problems ?? [];
      },
      async [Symbol.asyncDispose]() {
        of.#client.dispose();
        await of.#done;
      },
    };
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
