/**
 * `npm run soak -- --minutes 10 --seed 42`: see README. Exits 1 where a client and the chain do not agree at the
 * end or something was sent that should not have been, 2 on arguments that make no sense, 130 when interrupted.
 */
import { randomInt } from 'node:crypto';
import { argumentsOrExit, untilInterrupted } from '../command-line.ts';
import { readOptions, USAGE } from './options.ts';
import { formatReport, isGood } from './report.ts';
import { soak } from './run.ts';

const options = argumentsOrExit((args) => readOptions(args, () => randomInt(2 ** 32)), USAGE);
const signal = untilInterrupted();

console.error(`soak: seed ${options.seed}`);
const report = await soak(options, {
  signal,
  narrate: options.log ? (line) => console.error(line) : () => {},
});
console.log(formatReport(report));
process.exitCode = report.interrupted ? 130 : isGood(report) ? 0 : 1;
