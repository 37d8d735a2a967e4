/**
 * `npm run bench`: every measure with its yardstick, as one table; `-- --only <part of a name>` for some of them.
 * Exits 1 where a count is past its limit or a measure failed; a time past its limit is only marked.
 */
import { parseArgs } from 'node:util';
import { measureCodec } from './measures/codec.ts';
import { measureDiffCpu } from './measures/diff-cpu.ts';
import { measureFirstSnapshot } from './measures/first-snapshot.ts';
import { measureHeadToSocket } from './measures/head-to-socket.ts';
import { measureMemory } from './measures/memory.ts';
import { measureRequestsPerBlock } from './measures/requests-per-block.ts';
import { formatTable, type Row, verdictOf } from './rows.ts';

const MEASURES: Readonly<Record<string, () => Promise<Row[]>>> = {
  requests: measureRequestsPerBlock,
  head: measureHeadToSocket,
  snapshot: measureFirstSnapshot,
  codec: measureCodec,
  cpu: measureDiffCpu,
  memory: measureMemory,
};

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const chosen = Object.entries(MEASURES).filter(
  ([name]) => values.only?.some((part) => name.includes(part)) ?? true,
);
if (chosen.length === 0) {
  console.error(`--only: expected a part of ${Object.keys(MEASURES).join(', ')}`);
  process.exit(1);
}

const rows: Row[] = [];
for (const [name, measure] of chosen) {
  const startedAtMs = performance.now();
  try {
    rows.push(...(await measure()));
  } catch (error) {
    console.error(`${name}:`, error);
    process.exitCode = 1;
  }
  console.error(`${name}: ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
}
console.log(formatTable(rows));
if (rows.some((row) => verdictOf(row) === 'wrong')) process.exitCode = 1;
