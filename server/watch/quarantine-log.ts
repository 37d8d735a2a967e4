import type { QuarantineObserver } from '../chain/multicall/quarantine.ts';
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
    came: ({ owner, token }, reason) =>
      say({ owner, token, reason }, 'a balance cannot be read; it is tried again'),
    released: ({ owner, token }) => say({ owner, token }, 'a balance can be read again'),
    isolated: (token) => say({ token }, 'a token is read apart from others for a while'),
  };
}
