import { graphqlStream, postSession, restStream } from '../api.ts';
import { nowMs } from '../clock.ts';
import { tokens, wallet } from '../fixtures.ts';
import { bareRoundTrips } from '../round-trip.ts';
import type { Row } from '../rows.ts';
import { startStage } from '../stage.ts';
import { median } from '../statistics.ts';
import { openStream } from '../streams.ts';

const RTT_MS = 20;
const TOKENS = 1000;
const WARM_UP_WALLETS = 4;
const WALLETS = 11;

/** A client names a wallet and 1,000 tokens, opens the stream, and has every balance. */
export async function measureFirstSnapshot(): Promise<Row[]> {
  await using stage = await startStage({ rttMs: RTT_MS });
  const { url } = stage.server;
  const oneTrip = await bareRoundTrips(stage.upstream.httpUrl, 1);
  const doors = [
    { name: 'REST', open: restStream },
    { name: 'GraphQL', open: graphqlStream },
  ];
  const watched = tokens(TOKENS);
  let index = 0;
  const rows: Row[] = [];
  for (const { name, open } of doors) {
    const times: number[] = [];
    for (let round = 0; round < WARM_UP_WALLETS + WALLETS; round++) {
      const owner = wallet(index++);
      const startedAtMs = nowMs();
      await postSession(url, owner, watched);
      using stream = await openStream(open(url, owner));
      const { data, receivedAtMs } = await stream.next();
      const read = data.match(/0x[0-9a-fA-F]{40}/g)?.length ?? 0;
      if (read < TOKENS) throw new Error(`${name}: a snapshot of ${read} balances instead of ${TOKENS}`);
      if (round >= WARM_UP_WALLETS) times.push(receivedAtMs - startedAtMs);
    }
    rows.push({
      name: `POST to snapshot of 1,000 tokens, ${name}`,
      value: median(times),
      unit: 'ms',
      yardstick: oneTrip,
      yardstickName: `one round trip of ${RTT_MS} ms`,
      limit: 3,
    });
  }
  return rows;
}
