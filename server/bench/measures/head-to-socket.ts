import { setTimeout as sleep } from 'node:timers/promises';
import { graphqlStream, postSession, restStream } from '../api.ts';
import { token, tokens, wallet } from '../fixtures.ts';
import { bareRoundTrips } from '../round-trip.ts';
import type { Row } from '../rows.ts';
import { startStage } from '../stage.ts';
import { median, percentile } from '../statistics.ts';
import { openStream, type Stream } from '../streams.ts';
import { defaultBalance } from '../upstream/chain.ts';

const RTT_MS = 20;
const WARM_UP_BLOCKS = 5;
const BLOCKS = 24;
/** Longer than the batch window: every block finds quiet. */
const BLOCK_TIME_MS = 340;

/** From the moment the upstream writes a head to the moment a client has the diff, for both doors at once. */
export async function measureHeadToSocket(): Promise<Row[]> {
  await using stage = await startStage({ rttMs: RTT_MS });
  const owner = wallet(0);
  const coin = token(0);
  await postSession(stage.server.url, owner, tokens(5));
  using rest = await openStream(restStream(stage.server.url, owner));
  using graphql = await openStream(graphqlStream(stage.server.url, owner));
  await stage.quiet();
  const times = { rest: [] as number[], graphql: [] as number[] };
  for (let block = 1; block <= WARM_UP_BLOCKS + BLOCKS; block++) {
    const amount = `"${defaultBalance(coin, owner) - block}"`;
    const arrives = (stream: Stream) => stream.next(({ data }) => data.includes(amount));
    const [atRest, atGraphql, { announcedAtMs }] = await Promise.all([
      arrives(rest),
      arrives(graphql),
      stage.mine([{ token: coin, from: owner, to: wallet(1) }]),
      sleep(BLOCK_TIME_MS),
    ]);
    if (block > WARM_UP_BLOCKS) {
      times.rest.push(atRest.receivedAtMs - announcedAtMs);
      times.graphql.push(atGraphql.receivedAtMs - announcedAtMs);
    }
  }
  const twoTrips = await bareRoundTrips(stage.upstream.httpUrl, 2);
  const row = (name: string, value: number, limit: number): Row => ({
    name: `head to socket, ${name}`,
    value,
    unit: 'ms',
    yardstick: twoTrips,
    yardstickName: `two round trips of ${RTT_MS} ms`,
    limit,
  });
  return [
    row('REST, median', median(times.rest), 1.2),
    row('REST, 95 %', percentile(times.rest, 0.95), 1.5),
    row('GraphQL, median', median(times.graphql), 1.2),
    row('GraphQL, 95 %', percentile(times.graphql, 0.95), 1.5),
  ];
}
