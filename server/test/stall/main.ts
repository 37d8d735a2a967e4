/**
 * `npm run stall`: what many clients that stop reading cost. See README. Exits 1 where the server grew, or a client
 * that reads was told wrong, 2 on arguments that make no sense, 130 when interrupted.
 */
import { readOptions, type StallOptions, USAGE, UsageError } from './options.ts';
import { formatReport, isGood } from './report.ts';
import { stall } from './run.ts';

function optionsOrExit(): StallOptions {
  try {
    return readOptions(process.argv.slice(2));
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

const report = await stall(options, { signal: interrupt.signal, narrate: (line) => console.error(line) });
console.log(formatReport(report, options));
process.exitCode = interrupt.signal.aborted ? 130 : isGood(report, options) ? 0 : 1;
