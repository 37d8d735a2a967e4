import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as Client from '../../client/index.ts';
import type { Address } from '../chain/types.ts';
import { eventually } from './app.ts';
import { startBrowser, type TestBrowser, type Visit } from './browser.ts';
import { serveHttp, type TestServer } from './http.ts';
import { ScriptedService, type ScriptedStream, updateOf } from './service.ts';

/** A tab whose clock stands still: whatever it does, no timer has told it to. */
const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const browser: TestBrowser | undefined = await startBrowser();

declare global {
  interface Window {
    library: typeof Client;
    watch: Client.BalancesWatch;
    client: Client.BalancesClient;
  }
}

let code: string;
let service: ScriptedService;
let server: TestServer;
let visit: Visit;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../client/index.ts', import.meta.url));
  const lib = { entry, name: 'library', formats: ['iife' as const] };
  const built = await build({ configFile: false, logLevel: 'silent', build: { write: false, lib } });
  const [output] = [built].flat();
  const chunk = output && 'output' in output ? output.output[0] : undefined;
  code = `${chunk?.code};window.library = library`;
});
afterAll(() => browser?.[Symbol.asyncDispose]());

describe.skipIf(!browser)('a tab', () => {
  beforeEach(async () => {
    if (!browser) return;
    service = new ScriptedService();
    server = await serveHttp(service);
    visit = await browser.open(server.url);
    await visit.page.clock.install();
    await visit.page.evaluate(code);
  });
  afterEach(async () => {
    await visit[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** It watches, is live, and then its clock stops. */
  async function watching(): Promise<ScriptedStream> {
    const { page } = visit;
    await page.evaluate(
      ([url, owner]) => {
        window.client = window.library.createBalancesClient({ url, share: false });
        window.watch = window.client.watchBalances({ chainId: 1, owner });
        window.watch.subscribe(() => {});
      },
      [server.url, OWNER] as const,
    );
    const stream = await newest();
    const key = { chainId: 1, owner: OWNER };
    stream.push(updateOf(key, 'c1', { [NATIVE]: 5n }, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' }));
    await eventually(async () => expect(await state()).toBe('live'));
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
    return stream;
  }

  const state = () => visit.page.evaluate(() => window.watch.getSnapshot().status.state);

  function newest(before?: ScriptedStream): Promise<ScriptedStream> {
    return eventually(() => {
      const last = [...service.streams].at(-1);
      if (!last || last === before) throw new Error('no new stream');
      return last;
    });
  }

  it('that was offline connects as soon as the network is back', async () => {
    const stream = await watching();
    await visit.page.context().setOffline(true);
    stream.end();
    await eventually(async () => expect(await state()).toBe('stale'));
    await visit.page.context().setOffline(false);
    expect((await newest(stream)).after).toBe('c1');
  });

  it('that comes back tries at once what it had put off', async () => {
    const stream = await watching();
    stream.end();
    await eventually(async () => expect(await state()).toBe('stale'));
    await visit.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    expect((await newest(stream)).after).toBe('c1');
  });

  it('that comes back after an hour of sleep does not wait for a connection that may be dead', async () => {
    const stream = await watching();
    const hourLater = await visit.page.evaluate(() => Date.now() + 3_600_000);
    await visit.page.clock.setSystemTime(hourLater);
    await visit.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await eventually(() => expect(stream.signal.aborted).toBe(true));
    await visit.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    expect((await newest(stream)).after).toBe('c1');
  });

  it('that has disposed of its client listens to nothing any more', async () => {
    const stream = await watching();
    stream.end();
    await eventually(async () => expect(await state()).toBe('stale'));
    await visit.page.evaluate(() => window.client.dispose());
    await visit.page.evaluate(() => window.dispatchEvent(new Event('online')));
    await visit.page.clock.runFor(60_000);
    await visit.page.evaluate(() => fetch('/livez'));
    expect(service.streams.size).toBe(0);
  });
});
