import { DOORS } from './clients.ts';
import type { StallOptions } from './options.ts';
import { median } from './readings.ts';
import type { StallReport } from './run.ts';

/** How much the resident size may grow and still be called flat. */
export const FLAT = 0.1;

export function isGood(report: StallReport, { clients }: StallOptions): boolean {
  return (
    report.growth <= FLAT &&
    report.droppedWhileBounded === 0 &&
    report.dropped === clients &&
    report.resumed === DOORS.length &&
    report.problems.length === 0
  );
}

export function formatReport(report: StallReport, options: StallOptions): string {
  const { rssMb, growth } = report;
  const mb = (value: number) => `${value.toFixed(0)} MB`;
  return [
    `${options.clients} stalled clients, ${options.updates} updates a second, ${rssMb.length} s`,
    `resident size: median ${mb(median(rssMb))}, ${mb(Math.min(...rssMb))} to ${mb(Math.max(...rssMb))}; ` +
      `last third over first: ${(growth * 100).toFixed(1)} % (${growth <= FLAT ? 'flat' : 'NOT FLAT'})`,
    `dropped meanwhile: ${report.droppedWhileBounded}`,
    `with a short timeout: ${report.dropped} dropped and counted, ${report.streamsLeft} streams left, ` +
      `${report.resumed} resumed with their cursor`,
    `those who read were told ${report.updates} updates; wrong or missing: ${report.problems.length}`,
    ...report.problems.slice(0, 20).map((problem) => `  ${problem}`),
    isGood(report, options) ? 'good' : 'NOT GOOD',
  ].join('\n');
}
