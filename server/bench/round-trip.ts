import { Agent, request } from 'node:http';
import { nowMs } from './clock.ts';
import { median } from './statistics.ts';

const ROUNDS = 15;
const BODY = '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}';

/** What `trips` requests, one after the other over one connection, take at the least: the upstream itself. */
export async function bareRoundTrips(url: string, trips: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  await ask(url, agent);
  for (let round = 0; round < ROUNDS; round++) {
    const startedAtMs = nowMs();
    for (let trip = 0; trip < trips; trip++) await ask(url, agent);
    times.push(nowMs() - startedAtMs);
  }
  agent.destroy();
  return median(times);
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => response.resume().on('end', resolve).on('error', reject));
    outgoing.end(BODY);
  });
}
