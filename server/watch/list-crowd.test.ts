import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMetrics } from '../lib/metrics.ts';
import {
  createTokenLists,
  MAX_DOWNLOADS_PER_CALLER,
  type TokenLists,
  type TokenListsOptions,
} from './tokenlists.ts';

/** Many lists at once: what one caller asks for takes neither the others' turns nor the memory of all. */
const LIST = JSON.stringify({
  name: 'Some List',
  timestamp: '2026-01-01T00:00:00+00:00',
  version: { major: 1, minor: 0, patch: 0 },
  tokens: [
    {
      chainId: 1,
      address: '0x6B175474E89094C44Da98b954EedeAC495271d0F',
      name: 'Dai',
      symbol: 'DAI',
      decimals: 18,
    },
  ],
});

/** What hangs until the test answers it. */
let hanging: ServerResponse[];
let base: string;
let server: ReturnType<typeof createServer>;
let lists: TokenLists;

/** A list host on loopback: `/slow…` waits for the test, `/big…` sends half and waits, all else is there at once. */
beforeEach(async () => {
  hanging = [];
  server = createServer((request, response) => {
    if (request.url?.startsWith('/slow')) hanging.push(response);
    else if (request.url?.startsWith('/big')) {
      response.write(LIST.padEnd(60_000, ' '));
      hanging.push(response);
    } else response.end(LIST);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await lists[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(options: Partial<TokenListsOptions> = {}): void {
  lists = createTokenLists({
    config: { tokenListCacheTtlMs: 60_000, allowPrivateTokenLists: true, tokenListBlockedDomains: [] },
    metrics: createMetrics(),
    log: { warn: () => {} },
    ...options,
  });
}
const answerAll = () => {
  for (const response of hanging.splice(0)) response.end(LIST);
};
const ask = (count: number, caller: string) =>
  Array.from({ length: count }, (_, index) => lists.get(`${base}/slow${index}`, 1, caller));

test('a caller has so many downloads at a time, and the rest waits', async () => {
  open();
  const asked = ask(MAX_DOWNLOADS_PER_CALLER + 5, 'greedy');
  await expect.poll(() => hanging.length).toBe(MAX_DOWNLOADS_PER_CALLER);
  // Who asks for one of those as well, or for another, is not behind them.
  expect(await lists.get(`${base}/other`, 1, 'modest')).toHaveLength(1);
  const shared = lists.get(`${base}/slow24`, 1, 'modest');
  await expect.poll(() => hanging.length).toBe(MAX_DOWNLOADS_PER_CALLER + 1);
  answerAll();
  expect(await shared).toHaveLength(1);
  await expect.poll(() => hanging.length).toBe(4);
  answerAll();
  for (const list of await Promise.all(asked)) expect(list).toHaveLength(1);
});

test('what is kept already waits for nothing', async () => {
  open();
  expect(await lists.get(`${base}/kept`, 1, 'greedy')).toHaveLength(1);
  const asked = ask(MAX_DOWNLOADS_PER_CALLER, 'greedy');
  await expect.poll(() => hanging.length).toBe(MAX_DOWNLOADS_PER_CALLER);
  expect(await lists.get(`${base}/kept`, 1, 'greedy')).toHaveLength(1);
  answerAll();
  await Promise.all(asked);
});

test('whose turn does not come in time is told which list it was', async () => {
  open({ limits: { timeoutMs: 300, maxTries: 1 } });
  // Two turns would have to pass before the last one's.
  const asked = ask(2 * MAX_DOWNLOADS_PER_CALLER + 1, 'greedy');
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.at(-1)).toMatchObject({
    status: 'rejected',
    reason: {
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: `token list ${base}/slow40: 20 others are being fetched for you`,
    },
  });
});

test('all downloads together hold so much and no more', async () => {
  open({ downloadingBytes: 150_000, limits: { maxTries: 1 } });
  const [first, second] = [lists.get(`${base}/big1`, 1, 'one'), lists.get(`${base}/big2`, 1, 'two')];
  await expect.poll(() => hanging.length).toBe(2);
  await expect(lists.get(`${base}/big3`, 1, 'three')).rejects.toMatchObject({
    code: 'TOKEN_LIST_UNAVAILABLE',
    message: `token list ${base}/big3: too much is being downloaded at the moment`,
  });
  for (const response of hanging.splice(0)) response.end();
  expect(await first).toHaveLength(1);
  expect(await second).toHaveLength(1);
  // What they held is there again.
  const third = lists.get(`${base}/big3`, 1, 'three');
  await expect.poll(() => hanging.length).toBe(1);
  hanging.pop()?.end();
  expect(await third).toHaveLength(1);
});
