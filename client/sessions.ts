import { keyOf } from './address-map.ts';
import {
  CreateSessionDocument as CreateSession,
  UpdateSessionDocument as UpdateSession,
} from './gql/graphql.ts';
import type { Transport } from './transport.ts';
import type { Session, SessionInput } from './types.ts';

/** A wallet on a chain. */
type WalletKey = Pick<SessionInput, 'chainId' | 'owner'>;

/** What a session is made of. */
export type Contents = Pick<SessionInput, 'tokensListsUrls' | 'customTokens' | 'spenders'>;

const NOTHING: Contents = {};

/**
 * This client's sessions. What is written becomes the whole of a session: so it always is the union of what the
 * application has named and what its watches want, and one write of a wallet comes after the other.
 */
export class Sessions {
  readonly #transport: Transport;
  readonly #clientId: string;
  readonly #named = new Map<string, Contents>();
  readonly #wanted = new Map<string, Contents>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #hearers = new Set<() => void>();

  constructor(transport: Transport, clientId: string) {
    this.#transport = transport;
    this.#clientId = clientId;
  }

  create(input: SessionInput, signal: AbortSignal): Promise<Session> {
    return this.#name(input, false, signal);
  }

  update(input: SessionInput, signal: AbortSignal): Promise<Session> {
    return this.#name(input, true, signal);
  }

  /** What the application has named. */
  named(wallet: WalletKey): Contents {
    return this.#named.get(nameOf(wallet)) ?? NOTHING;
  }

  /** Calls back when it names something. Returns what ends that. */
  onNamed(hearer: () => void): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Makes this what watches want of a wallet. */
  want(wallet: WalletKey, contents: Contents, signal: AbortSignal): Promise<Session> {
    const name = nameOf(wallet);
    return this.#inTurn(name, async () => {
      const { chainId, owner } = wallet;
      const all = { chainId, owner, ...union(contents, this.#named.get(name)) };
      const session = await this.#write(all, false, signal);
      this.#wanted.set(name, contents);
      return session;
    });
  }

  /** Whether a write is under way, of which the stream may know before the answer is here. */
  isWriting(wallet: WalletKey): boolean {
    return this.#turns.has(nameOf(wallet));
  }

  /** No watch wants anything of it any more. */
  release(wallet: WalletKey): void {
    this.#wanted.delete(nameOf(wallet));
  }

  #name(input: SessionInput, mustExist: boolean, signal: AbortSignal): Promise<Session> {
    if ((input.clientId ?? this.#clientId) !== this.#clientId) return this.#write(input, mustExist, signal);
    const name = nameOf(input);
    return this.#inTurn(name, async () => {
      const named = { ...input, spenders: input.spenders ?? this.#named.get(name)?.spenders };
      const all = { ...input, ...union(named, this.#wanted.get(name)) };
      const session = await this.#write(all, mustExist, signal);
      this.#named.set(name, named);
      for (const hear of [...this.#hearers]) hear();
      return session;
    });
  }

  async #write(given: SessionInput, mustExist: boolean, signal: AbortSignal): Promise<Session> {
    const { chainId, owner, clientId = this.#clientId, tokensListsUrls, customTokens, spenders } = given;
    const variables = { input: { chainId, owner, clientId, tokensListsUrls, customTokens, spenders } };
    if (mustExist) return (await this.#transport.request(UpdateSession, variables, signal)).updateSession;
    return (await this.#transport.request(CreateSession, variables, signal)).createSession;
  }

  #inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(task);
    const settled: Promise<void> = turn.then(
      () => this.#settle(name, settled),
      () => this.#settle(name, settled),
    );
    this.#turns.set(name, settled);
    return turn;
  }

  #settle(name: string, turn: Promise<void>): void {
    if (this.#turns.get(name) === turn) this.#turns.delete(name);
  }
}

/** Spenders that neither names stay as they are. */
function union(one: Contents, other: Contents = {}): Contents {
  return {
    tokensListsUrls: both(one.tokensListsUrls, other.tokensListsUrls),
    customTokens: both(one.customTokens?.map(keyOf), other.customTokens?.map(keyOf)),
    spenders: one.spenders || other.spenders ? both(one.spenders, other.spenders) : undefined,
  };
}

function both<T>(one: readonly T[] = [], other: readonly T[] = []): T[] {
  return [...new Set([...one, ...other])];
}

export function nameOf({ chainId, owner }: WalletKey): string {
  // Where types are not heeded it may be anything.
  return `${chainId} ${String(owner).toLowerCase()}`;
}
