/**
 * `npm run soak -- --minutes 10 --seed 42`: see README. Exits 1 where a client and the chain do not agree at the
 * end or something was sent that should not have been, 2 on arguments that make no sense, 130 when interrupted.
 */
import { randomInt } from 'node:crypto';
import { readOptions, type SoakOptions, USAGE, UsageError } from './options.ts';
import { formatReport, isGood } from './report.ts';
import { soak } from './run.ts';

function optionsOrExit(): SoakOptions {
  try {
    return readOptions(process.argv.slice(2), () => randomInt(2 ** 32));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(130);
    console.error('stopping; once more to stop at once');
    interrupt.abort();
  });

console.error(`soak: seed ${options.seed}`);
const report = await soak(options, {
  signal: interrupt.signal,
  narrate: options.log ? (line) => console.error(line) : () => {},
});
console.log(formatReport(report));
process.exitCode = report.interrupted ? 130 : isGood(report) ? 0 : 1;
