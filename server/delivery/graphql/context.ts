import { type BaseError, FatalError } from '../../errors.ts';
import type { ServedChain, Service, SessionKey } from '../../watch/service.ts';
import type { Connection } from './connection.ts';

/** What every resolver is given. */
export interface Context {
  readonly service: Service;
  /** Tokens that one `balances` may name. */
  readonly maxWatchedTokens: number;
  readonly connection: Connection;
}

/** The chain of that id, or the default one. Throws CHAIN_NOT_SERVED. */
export function servedChain({ service }: Context, chainId?: number | null): ServedChain {
  const id = chainId ?? service.defaultChainId;
  const chain = service.chains.get(id);
  if (chain) return chain;
  const served = [...service.chains.keys()].join(', ');
  throw new FatalError('CHAIN_NOT_SERVED', `chain ${id} is not served here; served: ${served}`);
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
  servedChain(context, chainId);
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
