import { formatUnits } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from './browser.ts';
import { connectionIs, exactAmount, expectClean, keepPicture, PageStage } from './page-stage.ts';

const browser = await startBrowser();
let stage: PageStage;

beforeAll(async () => {
  stage = await PageStage.start();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});

describe.skipIf(!browser)('the page at /, over one connection that may break', () => {
  it('says that it is out of date, and is live again with right balances once there is a server', async () => {
    const { dai } = stage.chain.tokens;
    const held = async () => formatUnits(await stage.holding(dai), 18);
    await using visit = await (browser as TestBrowser).open(stage.pageOf());
    const { page } = visit;
    await connectionIs(page, 'Live');
    const before = await held();
    await expect.poll(() => exactAmount(page, dai)).toBe(before);

    await stage.down();
    await connectionIs(page, 'Out of date');
    await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor();
    await page.getByText(/^What is shown was true at .*, in block \d+/).waitFor();
    // What was known is still there, and said to be old; in words, and not in colour alone.
    expect(await exactAmount(page, dai)).toBe(before);
    await page
      .locator('.tile', { hasText: 'Connection' })
      .getByText(/\d tr(y|ies), trying again/)
      .waitFor();
    await keepPicture(page, 'stale');
    await stage.send(dai, 10n ** 18n);

    await stage.up();
    await connectionIs(page, 'Live');
    const after = await held();
    expect(after).not.toBe(before);
    await expect.poll(() => exactAmount(page, dai)).toBe(after);
    await page
      .locator('.feed li', { hasText: 'DAI' })
      .getByText(/minus 1/)
      .waitFor();
    expect(await page.getByRole('heading', { name: 'The server cannot be reached' }).count()).toBe(0);

    await stage.send(dai, 10n ** 18n);
    const last = await held();
    await expect.poll(() => exactAmount(page, dai)).toBe(last);
    // Nothing but that the server was not there.
    expect(visit.errors.filter((error) => !/net::ERR_/.test(error))).toEqual([]);
    expect(visit.strangers).toEqual([]);
  }, 60_000);

  it('does not say that the server is away where only its stream does not get through', async () => {
    await using visit = await (browser as TestBrowser).open(stage.pageOf(), {
      prepare: (context) =>
        context.route('**/graphql', (route) =>
          route.request().headers().accept === 'text/event-stream' ? route.abort() : route.continue(),
        ),
    });
    const { page } = visit;
    await page.getByRole('heading', { name: 'The stream is cut off' }).waitFor();
    await page.getByText('In step').waitFor();
    expect(await page.getByRole('heading', { name: 'The server cannot be reached' }).count()).toBe(0);
    await visit.context.unroute('**/graphql');
    await connectionIs(page, 'Live');
  }, 60_000);

  it('two tabs have one stream between them, and both are told', async () => {
    const { link } = stage.chain.tokens;
    await using visit = await (browser as TestBrowser).open(stage.pageOf());
    const tabs = [visit.page, await visit.context.newPage()];
    await tabs[1]?.goto(stage.pageOf());
    for (const tab of tabs) await connectionIs(tab, 'Live');
    const streams = async () => {
      const text = await (await fetch(`${stage.url}/metrics`)).text();
      return /^balance_stream_streams\{door="graphql"\} (\d+)$/m.exec(text)?.[1];
    };
    await expect.poll(streams).toBe('1');
    await stage.send(link, 10n ** 18n);
    const left = formatUnits(await stage.holding(link), 18);
    for (const tab of tabs) await expect.poll(() => exactAmount(tab, link)).toBe(left);
    expect(await streams()).toBe('1');
    // The one that had the connection goes; the other one goes on.
    await visit.page.close();
    await stage.send(link, 10n ** 18n);
    const after = formatUnits(await stage.holding(link), 18);
    for (const tab of tabs.slice(1)) await expect.poll(() => exactAmount(tab, link)).toBe(after);
    expect(await streams()).toBe('1');
    expectClean(visit);
  }, 60_000);
});
