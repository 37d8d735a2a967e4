import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** What Prometheus scrapes of a running server, beside what README says that it is. */
const PREFIX = 'balance_stream_';

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

let chain: TestChain;
let proxy: NodeProxy;
let app: App;

beforeAll(async () => {
  chain = await startTestChain();
  proxy = await startNodeProxy(chain);
  // Two providers: only then are there any to compare.
  app = await createApp(
    readConfig({
      HTTP_BIND: '127.0.0.1:0',
      CHAINS: String(chain.chainId),
      [`RPC_URLS_${chain.chainId}`]: `${chain.wsUrl},${chain.url},${proxy.url}`,
      SNAPSHOT_INTERVAL: '1',
      LOG_LEVEL: 'silent',
    }),
  );
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const scrape = async () => await (await fetch(`${app.url}/metrics`)).text();

function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^balance_stream_(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = '', labels = '', value]) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', of = '']) => [label, of]),
      ),
      value: Number(value),
    }),
  );
}

/** All but Node's own, which prom-client names and documents. */
function metricsOf(text: string): Metric[] {
  const samples = samplesOf(text);
  return [...text.matchAll(/^# TYPE balance_stream_(\w+) (\w+)$/gm)]
    .map(([, name = '', type = '']) => ({ name, type }))
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
    .map(({ name, type }) => {
      const own = samples.filter((sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name);
      const labels = new Set(
        (own.length > 0 ? own : samples.filter((sample) => sample.name === name)).flatMap((sample) =>
          Object.keys(sample.labels),
        ),
      );
      labels.delete('le');
      return { name, type, labels: [...labels].toSorted() };
    });
}

/** The rows of README's table of metrics. */
async function documented(): Promise<Metric[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split('\n### Metrics\n');
  const [, table = ''] = section.split('|---|---|---|\n');
  const rows = (table.split('\n\n')[0] ?? '')
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));
  return rows.flatMap(([, names = '', type = '', labels = '']) => {
    const quoted = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
    const named = quoted(names.replace(/\(.*?\)/g, ''));
    return named.map((name) => ({ name, type, labels: quoted(labels.split(':')[0] ?? '').toSorted() }));
  });
}

describe('metrics', () => {
  it('of a running server and those that README lists are the same', async () => {
    await eventually(async () => expect(await scrape()).toContain(`${PREFIX}endpoint_head_number{`));
    const byName = (one: Metric, other: Metric) => one.name.localeCompare(other.name);
    expect(metricsOf(await scrape()).toSorted(byName)).toEqual((await documented()).toSorted(byName));
  });

  // https://prometheus.io/docs/practices/naming/
  it('are named as is the custom, and say what they are', async () => {
    const text = await scrape();
    for (const { name, type } of metricsOf(text)) {
      // A unit at the end; `total` where it is a count that grows; a number of things is named for the things.
      const custom = {
        counter: /_total$/,
        histogram: /_(seconds|bytes|pairs)$/,
        gauge: /(?<!_total)(s|_number|_up)$/,
      };
      expect([type, name]).toEqual([type, expect.stringMatching(custom[type as keyof typeof custom])]);
      expect(text).toMatch(new RegExp(`^# HELP ${PREFIX}${name} \\S.{10,}`, 'm'));
    }
  });

  it('begin at zero where it is known what will be counted', async () => {
    const samples = samplesOf(await scrape());
    const of = (name: string) => samples.filter((sample) => sample.name === name);
    for (const { name, type } of metricsOf(await scrape()))
      if (type === 'counter') expect([name, of(name).length > 0]).toEqual([name, true]);
    const labels = (name: string, label: string) => [
      ...new Set(of(name).map((sample) => sample.labels[label])),
    ];
    expect(labels('token_list_fetches_total', 'outcome')).toEqual(['ok', 'rejected', 'unavailable', 'stale']);
    expect(labels('http_requests_total', 'door')).toEqual([
      'graphql',
      'rest',
      'websocket',
      'operations',
      'page',
    ]);
    expect(labels('upstream_requests_total', 'outcome')).toEqual(['ok', 'error', 'abandoned']);
    expect(labels('upstream_requests_total', 'endpoint')).toHaveLength(3);
    expect(labels('heads_total', 'source')).toEqual(['socket', 'polling']);
  });

  it('have no label that a caller chooses', async () => {
    const before = samplesOf(await scrape()).length;
    const paths = Array.from({ length: 20 }, (_, index) => [
      `/nothing-${index}`,
      `/graphql?query={a${index}}`,
      `/${index}/balance/0x${index}/native`,
      `/sse/${chain.chainId}/balances/0x${String(index).padStart(40, '0')}?client_id=${index}`,
      `/health/${index}`,
    ]).flat();
    for (const path of paths) {
      const headers = {
        'x-request-id': `id-${paths.indexOf(path)}`,
        'x-client-id': path,
        origin: `https://${path}`,
      };
      await (await fetch(app.url + path, { headers, method: 'OPTIONS' })).text();
      await (await fetch(app.url + path, { headers })).text();
    }
    const added = samplesOf(await scrape()).length - before;
    // Statuses that no door had answered with before.
    expect(added).toBeLessThan(10);
    for (const { labels } of samplesOf(await scrape()))
      for (const value of Object.values(labels)) expect(value).not.toMatch(/nothing|id-|a\d/);
  });

  it('count what is read, and how much of it together', async () => {
    const tokens = await Promise.all(['ONE', 'TWO', 'SIX'].map((symbol) => deployToken(chain, { symbol })));
    const owner = await chain.newWallet();
    const of = async (name: string, labels: Record<string, string>) =>
      samplesOf(await scrape())
        .filter((sample) => sample.name === name)
        .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    using watcher = new Watcher(app, { chainId: chain.chainId, owner, customTokens: tokens });
    await watcher.snapshot();
    // Three tokens and the native coin, and perhaps the latter once more for a block.
    expect(await of('read_batch_pairs_sum', { priority: 'stream' })).toBeGreaterThanOrEqual(4);
    expect(await of('read_batch_pairs_bucket', { priority: 'stream', le: '5' })).toBeGreaterThanOrEqual(1);
    await eventually(async () =>
      expect(await of('read_batch_pairs_count', { priority: 'sweep' })).toBeGreaterThan(0),
    );
    await rest(app, 'POST', `/${chain.chainId}/balances/${owner}`, { body: { tokens } });
    expect(await of('read_batch_pairs_sum', { priority: 'one-off' })).toBe(3);
    await mint(chain, tokens[0] ?? owner, owner, 5n);
    await eventually(async () => {
      expect(await of('block_to_send_seconds_count', { door: 'graphql' })).toBeGreaterThan(0);
    });
    expect(await of('upstream_requests_total', { method: 'eth_getLogs', outcome: 'ok' })).toBeGreaterThan(0);
    const name = new URL(chain.url).origin;
    expect(await of('upstream_request_duration_seconds_count', { endpoint: name, method: 'eth_call' })).toBe(
      await of('upstream_requests_total', { endpoint: name, method: 'eth_call' }),
    );
  });
});
