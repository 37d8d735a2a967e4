import { type BaseError, FatalError } from '../../errors.ts';
import { servedChain } from '../../watch/served.ts';
import type { ServedChain, Service, SessionKey } from '../../watch/service.ts';
import type { Connection } from './connection.ts';
import type { Turns } from './turns.ts';

/** What every resolver is given. */
export interface Context {
  readonly service: Service;
  /** Tokens that one `balances` may name. */
  readonly maxWatchedTokens: number;
  readonly connection: Connection;
  /** One for all operations. */
  readonly turns: Turns;
}

/** The chain of that id, or the default one. Throws CHAIN_NOT_SERVED. */
export function chainOrDefault({ service }: Context, chainId?: number | null): ServedChain {
  return servedChain(service.chains, chainId ?? service.defaultChainId);
}

/** The key under which a session is kept. Throws CHAIN_NOT_SERVED, BAD_USER_INPUT. */
export function sessionKey(
  context: Context,
  {
    chainId,
    owner,
    clientId,
  }: { chainId: number; owner: SessionKey['owner']; clientId?: string | null | undefined },
): SessionKey {
  servedChain(context.service.chains, chainId);
  return { chainId, owner, clientId: clientId == null ? null : parseClientId(clientId) };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseClientId(text: string): string {
  const clientId = text.toLowerCase();
  if (!UUID.test(clientId)) throw badUserInput(`clientId: ${JSON.stringify(text)} is not a UUID`);
  return clientId;
}

export function badUserInput(message: string): BaseError {
  return new FatalError('BAD_USER_INPUT', message);
}
