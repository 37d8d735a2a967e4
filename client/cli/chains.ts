import { Backoff } from '../backoff.ts';
import { BalancesError } from '../errors.ts';
import { ReadChainsDocument as ReadChains } from '../gql/graphql.ts';
import type { Transport } from '../transport.ts';

/**
 * The chain that a server serves first. Tries again for as long as the signal lets it, and tells of every attempt that
 * failed; undefined where it was aborted. Throws BalancesError where trying again cannot mend it.
 */
export async function firstChain(
  transport: Transport,
  onFailure: (error: BalancesError, retries: number) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  const backoff = new Backoff();
  for (let retries = 1; !signal.aborted; retries++) {
    try {
      const { chains } = await transport.request(ReadChains, {}, signal);
      const [first] = chains;
      if (first) return first.id;
      throw new BalancesError('CHAIN_NOT_SERVED', 'the server serves no chain');
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof BalancesError) || !error.retryable) throw error;
      onFailure(error, retries);
    }
    await backoff.pause(signal);
  }
  return undefined;
}
