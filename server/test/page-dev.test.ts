import { afterAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from './browser.ts';
import { startDev } from './dev-process.ts';
import { connectionIs, expectClean, keepPicture, symbols } from './page-stage.ts';

const browser = await startBrowser();
afterAll(() => browser?.[Symbol.asyncDispose]());

describe.skipIf(!browser)('what `npm run dev` shows', () => {
  it('a wallet is picked, and what its traffic moves flashes', async () => {
    const dev = startDev();
    await dev.ready();
    await using visit = await (browser as TestBrowser).open(dev.addressOf('Page'));
    const { page } = visit;
    await connectionIs(page, 'Live');
    await expect.poll(() => symbols(page)).toEqual(['ETH', 'DAI', 'LINK', 'rbETH', 'USDC', 'USDT', 'WETH']);
    await page.waitForFunction(() =>
      document
        .getAnimations()
        .some(
          (animation) => 'animationName' in animation && /^(rose|fell)$/.test(`${animation.animationName}`),
        ),
    );
    // Enough to see something: each of the tokens moves sooner or later.
    await expect.poll(() => page.locator('.sparkline.moved').count(), { timeout: 30_000 }).toBeGreaterThan(2);
    await page.getByText(/^median .* changes$/).waitFor();
    await keepPicture(page, 'dev');
    expectClean(visit);
  }, 90_000);

  it('GraphiQL runs a subscription out of its examples', async () => {
    const dev = startDev();
    await dev.ready();
    await using visit = await (browser as TestBrowser).open(dev.addressOf('GraphiQL'));
    const { page } = visit;
    const response = page.locator('.graphiql-response');
    const run = async (operation: string) => {
      await page.locator('.graphiql-execute-button').click();
      await page.getByRole('menuitem', { name: operation, exact: true }).click();
    };
    await run('CreateSession');
    await expect.poll(() => response.textContent()).toMatch(/"expiresAt"/);
    await run('Balances');
    await expect.poll(() => response.textContent()).toMatch(/"kind":\s"(SNAPSHOT|DIFF)"/);
    await expect.poll(() => response.textContent(), { timeout: 20_000 }).toMatch(/"kind":\s"DIFF"/);
    await keepPicture(page, 'graphiql');
    await page.locator('.graphiql-execute-button').click();
    expectClean(visit);
  }, 90_000);
});
