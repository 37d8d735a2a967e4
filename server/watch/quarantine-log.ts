import type { QuarantineObserver } from '../chain/multicall/quarantine.ts';
import type { Address } from '../chain/types.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Ration } from '../lib/ration.ts';

/** Strangers decide what comes into quarantine: they do not decide how long the log gets. */
const LINES_A_MINUTE = 20;

interface Options {
  readonly chain: string;
  readonly metrics: Pick<Metrics, 'quarantinedPairs'>;
  readonly log: { info(fields: object, message: string): void };
}

/** Tells operators of a chain's quarantine. */
export function observeQuarantine({ chain, metrics, log }: Options): QuarantineObserver {
  const ration = new Ration(LINES_A_MINUTE, 60_000);
  metrics.quarantinedPairs.set({ chain }, 0);
  const say = (fields: object, message: string) => {
    const unsaid = ration.take();
    if (unsaid !== undefined) log.info({ chain, ...fields, ...(unsaid > 0 && { unsaid }) }, message);
  };
  return {
    quarantined: (pairs) => metrics.quarantinedPairs.set({ chain }, pairs),
    came: ({ owner, token, spender }, reason) =>
      say({ owner, token, spender, reason }, `${amountOf(spender)} cannot be read; it is tried again`),
    released: ({ owner, token, spender }) =>
      say({ owner, token, spender }, `${amountOf(spender)} can be read again`),
    isolated: (token) => say({ token }, 'a token is read apart from others for a while'),
  };
}

function amountOf(spender: Address | undefined): string {
  return spender ? 'an allowance' : 'a balance';
}
