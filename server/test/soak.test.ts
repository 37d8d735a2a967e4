import { describe, expect, it } from 'vitest';
import { CLIENT_KINDS } from './soak/clients/client.ts';
import type { SoakOptions } from './soak/options.ts';
import { formatReport, isGood } from './soak/report.ts';
import { type SoakReport, soak } from './soak/run.ts';
import { APP_FAULTS, ENDPOINT_FAULTS, NODE_FAULTS } from './soak/schedule.ts';

/** Short runs of what `npm run soak` does for as long as one likes. */
const OPTIONS: SoakOptions = {
  seed: 42,
  durationMs: 26_000,
  wallets: 4,
  tokens: 8,
  appRestarts: true,
  sweep: true,
  log: false,
  convergeMs: 90_000,
  holdMs: 1000,
};

async function run(options: SoakOptions): Promise<SoakReport> {
  const report = await soak(options, { signal: AbortSignal.timeout(160_000), narrate: () => {} });
  const text = formatReport(report);
  expect(report.mismatches, text).toEqual([]);
  expect(isGood(report), text).toBe(true);
  // It was a test of something: all that was planned happened, and everybody was told of what came of it.
  expect(report.injected).toEqual(report.planned);
  expect(new Set(report.clients.map(({ kind }) => kind))).toEqual(new Set(CLIENT_KINDS));
  for (const { name, updates } of report.clients) expect(updates, name).toBeGreaterThan(0);
  return report;
}

describe('once it is over and quiet, every client holds what the chain says', { timeout: 180_000 }, () => {
  it('whatever went wrong: every kind of fault there is', async () => {
    const { injected } = await run(OPTIONS);
    expect(injected.size).toBe(ENDPOINT_FAULTS.length + NODE_FAULTS.length + APP_FAULTS.length);
  });

  it('without ever reading everything anew: what events tell is enough', async () => {
    await run({ ...OPTIONS, durationMs: 10_000, sweep: false, appRestarts: false });
  });
});
