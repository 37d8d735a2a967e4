import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from './browser.ts';
import { connectionIs, expectClean, keepPicture, PageStage, symbols } from './page-stage.ts';

const browser = await startBrowser();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let stage: PageStage;

beforeAll(async () => {
  stage = await PageStage.start();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});

describe.skipIf(!browser)('the page at /, for everybody', () => {
  const open = (url: string) => (browser as TestBrowser).open(url);

  it.each(['light', 'dark'] as const)('in %s colours axe finds nothing to object to', async (colorScheme) => {
    await using visit = await open(stage.pageOf({ tokens: stage.chain.multicall }));
    const { page } = visit;
    await page.emulateMedia({ colorScheme });
    await connectionIs(page, 'Live');
    await stage.send(stage.chain.tokens.dai, 10n ** 18n);
    await page.locator('.feed li').first().waitFor();
    await atRest(page);
    await keepPicture(page, `balances-${colorScheme}`);
    expect(await objections(page)).toEqual([]);
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(lightness(ground) > 0.5 ? 'light' : 'dark').toBe(colorScheme);

    await page.getByRole('button', { name: 'Change wallet or tokens' }).click();
    await page.getByLabel('Wallet', { exact: true }).fill('nobody');
    await page.getByRole('button', { name: 'Watch' }).click();
    await page.getByText('It does not begin with 0x.').waitFor();
    expect(await objections(page)).toEqual([]);

    await page.goto(stage.url);
    await page.getByRole('heading', { name: 'See what a wallet holds' }).waitFor();
    await keepPicture(page, `welcome-${colorScheme}`);
    expect(await objections(page)).toEqual([]);
    expectClean(visit);
  });

  it('what is wrong is told to everybody, too', async () => {
    await using keyed = await PageStage.start({ API_KEYS: 'a-key-of-the-test' });
    await using visit = await open(keyed.pageOf());
    await visit.page.getByRole('heading', { name: 'The server wants an API key' }).waitFor();
    await keepPicture(visit.page, 'key-wanted');
    expect(await objections(visit.page)).toEqual([]);
    await using refused = await open(stage.pageOf({ list: `${stage.url}/livez` }));
    await refused.page.getByRole('alert').getByText('The token list cannot be used').waitFor();
    await keepPicture(refused.page, 'refused');
    expect(await objections(refused.page)).toEqual([]);
  }, 60_000);

  it('on a phone nothing lies beside the screen', async () => {
    await using visit = await open(stage.pageOf({ tokens: stage.chain.multicall }));
    const { page } = visit;
    await page.setViewportSize({ width: 360, height: 740 });
    await connectionIs(page, 'Live');
    await stage.send(stage.chain.tokens.usdt, 1n);
    await page.locator('.feed li').first().waitFor();
    await atRest(page);
    expect(await overflow(page)).toEqual([]);
    await keepPicture(page, 'phone', { fullPage: true });
    expect(await objections(page)).toEqual([]);
    await page.getByRole('button', { name: 'Change wallet or tokens' }).click();
    expect(await overflow(page)).toEqual([]);
    await page.goto(`${stage.url}/?owner=0x12&chain=99999999999&tokens=${'x'.repeat(99)}`);
    await page.getByText('It has 2 digits').waitFor();
    expect(await overflow(page)).toEqual([]);
    expectClean(visit);
  });

  it.each([1280, 1100, 800, 360])(
    '%d pixels wide, every token can be told from the others',
    async (width) => {
      await using visit = await open(stage.pageOf());
      const { page } = visit;
      await page.setViewportSize({ width, height: 800 });
      await connectionIs(page, 'Live');
      await page.locator('.symbol').first().waitFor();
      const cut = page
        .locator('.symbol')
        .evaluateAll((all) =>
          all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
        );
      expect(await cut).toEqual([]);
      expectClean(visit);
    },
  );

  it('all of it can be done by keyboard, and one sees where one is', async () => {
    await using visit = await open(stage.pageOf());
    const { page } = visit;
    const { keyboard } = page;
    await connectionIs(page, 'Live');
    const visited: string[] = [];
    /** Goes on until it is there; every stop on the way can be seen. */
    const tabTo = async (name: RegExp) => {
      for (let stops = 0; stops < 80; stops++) {
        await keyboard.press('Tab');
        const stop = await page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          const { outlineStyle, outlineWidth, opacity } = getComputedStyle(element);
          const label =
            element.getAttribute('aria-label') ?? (element as HTMLInputElement).labels?.[0]?.textContent;
          return {
            name: label ?? element.textContent,
            isSeen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && opacity === '1',
          };
        });
        expect(stop).toMatchObject({ isSeen: true });
        visited.push(stop.name);
        if (name.test(stop.name)) return;
      }
      throw new Error(`not among ${visited.join(', ')}`);
    };

    await tabTo(/^Skip to content$/);
    await keyboard.press('Enter');
    await tabTo(/^Search tokens/);
    await keyboard.type('wrapped');
    await expect.poll(() => symbols(page)).toEqual(['WETH']);
    await keyboard.press('Escape');
    await expect.poll(() => symbols(page)).toHaveLength(7);
    await tabTo(/^Hide zeros$/);
    await keyboard.press('Space');
    await tabTo(/^Balance$/);
    await keyboard.press('Enter');
    expect(await page.getByRole('columnheader', { name: 'Balance' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
    await tabTo(/^Copy address of USDC$/);
    await tabTo(/^Copy exact amount of USDC$/);

    await page.reload();
    await connectionIs(page, 'Live');
    await tabTo(/^Change wallet or tokens$/);
    await keyboard.press('Enter');
    await tabTo(/^Wallet$/);
    await keyboard.press('ControlOrMeta+a');
    await keyboard.type(stage.otherWallet);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: stage.otherWallet }).waitFor();
    await connectionIs(page, 'Live');
    expectClean(visit);
  });

  it('who wants no motion is spared it, and who cannot see is told what happens', async () => {
    await using visit = await open(stage.pageOf());
    const { page } = visit;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await connectionIs(page, 'Live');
    await page.getByRole('status').getByText('Live.').waitFor({ state: 'attached' });
    await stage.send(stage.chain.tokens.link, 10n ** 18n);
    const figure = page.locator('.figure.flash').first();
    await figure.waitFor();
    expect(await figure.evaluate((element) => element.getAnimations().length)).toBe(0);
    await page
      .getByRole('status')
      .getByText('Changed: ', { exact: false })
      .waitFor({ state: 'attached', timeout: 25_000 });
    // It is a table to assistive technology, whatever its boxes are.
    const table = page.getByRole('table', { name: 'Balances' });
    expect(await table.getByRole('row').count()).toBe(8);
    expect(await table.getByRole('columnheader').count()).toBe(4);
    expect(await table.getByRole('rowheader').count()).toBe(7);
    expect(await table.getByRole('cell').count()).toBe(21);
    expectClean(visit);
  }, 60_000);
});

/** What axe calls serious or critical, with where it is. https://github.com/dequelabs/axe-core */
async function objections(page: Page): Promise<string[]> {
  // Not by a script element: the page's policy lets none in.
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly impact?: string | null;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: readonly Violation[] }> } };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  });
}

/** What flashes has its colours only in passing. */
async function atRest(page: Page): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
}

/** What reaches beyond the right edge of the window. */
async function overflow(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .map((element) => `${element.tagName} ${element.className}`);
  });
}

/** Of a colour as `rgb(…)`, from 0 to 1. */
function lightness(color: string): number {
  const [red = 0, green = 0, blue = 0] = color.match(/\d+/g)?.map(Number) ?? [];
  return (red + green + blue) / 3 / 255;
}
