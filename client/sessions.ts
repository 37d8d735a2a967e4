import type { CreateSessionMutation } from './gql/graphql.ts';
import {
  CreateSessionDocument as CreateSession,
  UpdateSessionDocument as UpdateSession,
} from './gql/graphql.ts';
import type { Transport } from './transport.ts';
import type { Session, SessionInput } from './types.ts';

export type SessionKey = Pick<SessionInput, 'chainId' | 'owner' | 'clientId'>;

/**
 * The sessions that this client has made, and of what, so that one that the server no longer has (it restarted,
 * or the machine slept) can be made again as it was.
 */
export class Sessions {
  readonly #transport: Transport;
  readonly #made = new Map<string, SessionInput>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async create(input: SessionInput, signal: AbortSignal): Promise<Session> {
    const { createSession } = await this.#transport.request(CreateSession, variables(input), signal);
    return this.#remember(input, createSession);
  }

  async update(input: SessionInput, signal: AbortSignal): Promise<Session> {
    const { updateSession } = await this.#transport.request(UpdateSession, variables(input), signal);
    return this.#remember(input, updateSession);
  }

  /** Of what to make the session again, where this client has made it. */
  madeOf(key: SessionKey): SessionInput | undefined {
    return this.#made.get(keyOf(key));
  }

  #remember(input: SessionInput, session: CreateSessionMutation['createSession']): Session {
    const key = keyOf(input);
    const known = this.#made.get(key);
    this.#made.set(key, known ? combined(known, input) : input);
    return session;
  }
}

/** The list that a wallet's devices share only grows; a client's own is set each time, spenders where it names them. */
function combined(known: SessionInput, more: SessionInput): SessionInput {
  if (more.clientId !== undefined) return { ...more, spenders: more.spenders ?? known.spenders };
  return {
    ...known,
    tokensListsUrls: both(known.tokensListsUrls, more.tokensListsUrls),
    customTokens: both(known.customTokens, more.customTokens),
    spenders: both(known.spenders, more.spenders),
  };
}

function both<T>(one: readonly T[] = [], other: readonly T[] = []): T[] {
  return [...new Set([...one, ...other])];
}

function variables({ chainId, owner, clientId, tokensListsUrls, customTokens, spenders }: SessionInput) {
  return { input: { chainId, owner, clientId, tokensListsUrls, customTokens, spenders } };
}

function keyOf({ chainId, owner, clientId }: SessionKey): string {
  return `${chainId} ${owner} ${clientId ?? ''}`.toLowerCase();
}
