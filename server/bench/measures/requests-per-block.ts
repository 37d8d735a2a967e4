import { setTimeout as sleep } from 'node:timers/promises';
import { postSession, restStream } from '../api.ts';
import { token, wallet, wallets } from '../fixtures.ts';
import type { Row } from '../rows.ts';
import { type Stage, startStage } from '../stage.ts';
import { median } from '../statistics.ts';
import { openStream } from '../streams.ts';
import { defaultBalance } from '../upstream/chain.ts';
import type { UpstreamStats } from '../upstream/meter.ts';

const FEW = 10;
const MANY = 1000;
const WARM_UP_BLOCKS = 2;
const BLOCKS = 20;
const TRANSFERS_A_BLOCK = 10;
/** Slower than native balances are read on a fast chain: each block pays for its own. */
const BLOCK_TIME_MS = 1050;
const MOST_REQUESTS = 5;

interface Cost {
  readonly upstream: UpstreamStats;
  /** From head to diff, the median of the blocks, with an upstream that answers at once. */
  readonly latencyMs: number;
}

/** What a block costs upstream when few and when many wallets are watched: it must be the same. */
export async function measureRequestsPerBlock(): Promise<Row[]> {
  const [few, many] = await Promise.all([
    costOfBlocks(FEW),
    sleep(BLOCK_TIME_MS / 2).then(() => costOfBlocks(MANY)),
  ]);
  const fewName = `${FEW} wallets`;
  const manyName = `${MANY.toLocaleString('en')} wallets`;
  const requests = { unit: '/block', counted: true } as const;
  const allowed = { yardstick: MOST_REQUESTS, yardstickName: 'the most allowed', limit: 1 };
  return [
    {
      ...requests,
      ...allowed,
      name: `upstream requests, ${fewName}`,
      value: few.upstream.calls / BLOCKS,
      detail: breakdown(few.upstream),
    },
    {
      ...requests,
      ...allowed,
      name: `upstream requests, ${manyName}`,
      value: many.upstream.calls / BLOCKS,
      detail: breakdown(many.upstream),
    },
    {
      ...requests,
      name: 'upstream requests, many against few',
      value: many.upstream.calls / BLOCKS,
      yardstick: few.upstream.calls / BLOCKS,
      yardstickName: fewName,
      // The same, but for a stray one that follows the clock.
      limit: 1.1,
      detail: `${breakdown(many.upstream)} against ${breakdown(few.upstream)}`,
    },
    {
      name: `upstream bytes, ${manyName}`,
      value: kilobytes(many.upstream),
      unit: 'kB/block',
      yardstick: kilobytes(few.upstream),
      yardstickName: fewName,
    },
    {
      name: `head to socket without round trips, ${manyName}`,
      value: many.latencyMs,
      unit: 'ms',
      yardstick: few.latencyMs,
      yardstickName: fewName,
    },
  ];
}

async function costOfBlocks(count: number): Promise<Cost> {
  await using stage = await startStage();
  const payer = wallet(0);
  const coin = token(0);
  await watchAll(stage, count);
  using stream = await openStream(restStream(stage.server.url, payer));
  let left = defaultBalance(coin, payer);
  /** Answers with the time from the head to the payer's diff. */
  const mineAndWait = async (block: number): Promise<number> => {
    left -= TRANSFERS_A_BLOCK;
    const arrived = stream.next(({ data }) => data.includes(`"${left}"`));
    const mined = stage.mine(
      Array.from({ length: TRANSFERS_A_BLOCK }, (_, i) => ({
        token: coin,
        from: payer,
        to: wallet(1 + ((block * TRANSFERS_A_BLOCK + i) % (count - 1))),
      })),
    );
    const [{ announcedAtMs }, { receivedAtMs }] = await Promise.all([mined, arrived]);
    return receivedAtMs - announcedAtMs;
  };
  await stage.quiet();
  for (let block = 0; block < WARM_UP_BLOCKS; block++)
    await Promise.all([mineAndWait(block), sleep(BLOCK_TIME_MS)]);
  await stage.upstream.call('resetStats', {});
  const latencies: number[] = [];
  for (let block = WARM_UP_BLOCKS; block < WARM_UP_BLOCKS + BLOCKS; block++) {
    const [latencyMs] = await Promise.all([mineAndWait(block), sleep(BLOCK_TIME_MS)]);
    latencies.push(latencyMs);
  }
  return { upstream: await stage.upstream.call('stats', {}), latencyMs: median(latencies) };
}

async function watchAll({ server }: Stage, count: number): Promise<void> {
  const AT_ONCE = 50;
  const all = wallets(count);
  for (let start = 0; start < all.length; start += AT_ONCE)
    await Promise.all(
      all.slice(start, start + AT_ONCE).map((owner) => postSession(server.url, owner, [token(0), token(1)])),
    );
}

function kilobytes({ bytesIn, bytesOut }: UpstreamStats): number {
  return (bytesIn + bytesOut) / 1000 / BLOCKS;
}

function breakdown({ methods }: UpstreamStats): string {
  return Object.entries(methods)
    .filter(([, { calls }]) => calls > 0)
    .map(([method, { calls }]) => `${calls / BLOCKS} ${method}`)
    .join(', ');
}
