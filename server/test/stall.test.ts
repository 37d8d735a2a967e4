import { expect, it, test } from 'vitest';
import { UsageError } from './command-line.ts';
import { readOptions } from './stall/options.ts';
import { growthOf, median } from './stall/readings.ts';
import { formatReport } from './stall/report.ts';
import { stall } from './stall/run.ts';

/** A short run of `npm run stall`. How much it takes, and how long, is that one's business. */
it('clients that stop reading are dropped and resume, and those who read are told everything meanwhile', {
  timeout: 300_000,
}, async () => {
  const options = { clients: 12, updates: 200, seconds: 3, wallets: 1, tokens: 900 };
  const report = await stall(options, { signal: AbortSignal.timeout(280_000), narrate: () => {} });
  const text = formatReport(report, options);
  expect(report.problems, text).toEqual([]);
  expect(report, text).toMatchObject({ droppedWhileBounded: 0, dropped: 12, streamsLeft: 4, resumed: 2 });
  expect(report.updates).toBeGreaterThan(0);
  // Of 12 clients, and of megabytes each, nothing is kept.
  expect(report.growth, text).toBeLessThan(0.5);
});

test('what is asked of it makes sense, or is named', () => {
  expect(readOptions([])).toMatchObject({ clients: 500, updates: 200, seconds: 60 });
  expect(readOptions(['--clients', '60', '--seconds', '5'])).toMatchObject({ clients: 60, seconds: 5 });
  for (const args of [
    ['--clients', '1'],
    ['--updates', '9'],
    ['--seconds', 'x'],
    ['--minutes', '1'],
  ])
    expect(() => readOptions(args)).toThrow(UsageError);
});

test('a third is compared with a third', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(growthOf([100, 100, 100, 500, 110, 110])).toBeCloseTo(0.1);
  expect(growthOf([100])).toBe(0);
});
