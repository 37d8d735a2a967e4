import { formatUnits } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from './browser.ts';
import { connectionIs, exactAmount, keepPicture, PageStage } from './page-stage.ts';

const browser = await startBrowser();
let stage: PageStage;

beforeAll(async () => {
  stage = await PageStage.start();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});

describe.skipIf(!browser)('the page at /, when the server goes away', () => {
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
});
