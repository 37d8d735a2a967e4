import { FatalError } from '../errors.ts';

/** What there is of the chain of that id. Throws CHAIN_NOT_SERVED. */
export function servedChain<T>(chains: ReadonlyMap<number, T>, chainId: number): T {
  const chain = chains.get(chainId);
  if (chain) return chain;
  throw new FatalError('CHAIN_NOT_SERVED', `chain ${chainId} is not served`);
}
