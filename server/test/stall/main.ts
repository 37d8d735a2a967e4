/**
 * `npm run stall`: what many clients that stop reading cost. See README. Exits 1 where the server grew, or a client
 * that reads was told wrong, 2 on arguments that make no sense, 130 when interrupted.
 */
import { argumentsOrExit, untilInterrupted } from '../command-line.ts';
import { readOptions, USAGE } from './options.ts';
import { formatReport, isGood } from './report.ts';
import { stall } from './run.ts';

const options = argumentsOrExit(readOptions, USAGE);
const signal = untilInterrupted();

const report = await stall(options, { signal, narrate: (line) => console.error(line) });
console.log(formatReport(report, options));
process.exitCode = signal.aborted ? 130 : isGood(report, options) ? 0 : 1;
