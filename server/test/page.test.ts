import { parseUnits } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTokenListServer } from '../devchain/tokenlist-server.ts';
import { eventually } from './app.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { connectionIs, exactAmount, expectClean, listWith, PageStage, rowOf, symbols } from './page-stage.ts';

const browser = await startBrowser();
const MANY = 1000;
/** The sizes of what comes of the list of the embedded chain: its tokens, and the coin. */
const LISTED = 7;

let stage: PageStage;

beforeAll(async () => {
  stage = await PageStage.start();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});

describe.skipIf(!browser)('the page at /', () => {
  const open = (url: string) => (browser as TestBrowser).open(url);

  it('a transfer arrives and flashes, and is in the feed, without a reload', async () => {
    await using visit = await open(stage.pageOf());
    const { page } = visit;
    const { usdc } = stage.chain.tokens;
    await connectionIs(page, 'Live');
    await expect.poll(() => exactAmount(page, usdc)).toBe('25000');
    await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));

    const flashed = page.waitForFunction(
      (row) => document.querySelector(`${row} .figure`)?.getAnimations().length === 1,
      `[data-token="${(await rowOf(page, usdc).getAttribute('data-token')) ?? ''}"]`,
    );
    await stage.send(usdc, 1_234_567n);
    await flashed;
    expect(await exactAmount(page, usdc)).toBe('24998.765433');
    expect(await rowOf(page, usdc).locator('.figure').textContent()).toBe('24,998.765433');
    const entry = page.locator('.feed li', { hasText: 'USDC' }).first();
    expect(await entry.textContent()).toMatch(
      /USDC.*minus 1\.234567.*now 24,998\.765433 · block \d+.*0x\w{4}…\w{4}/,
    );
    // The block was made, and shown, just now.
    await page
      .locator('.tile', { hasText: 'Block to screen' })
      .getByText(/^median .* of 1 change/)
      .waitFor();
    expect(await page.evaluate(() => 'isTheSamePage' in window)).toBe(true);
    expectClean(visit);
  });

  it('finds a token by its name, hides zeros, and sorts by symbol, amount and last change', async () => {
    const { dai } = stage.chain.tokens;
    const zero = stage.chain.multicall;
    await using visit = await open(stage.pageOf({ owner: stage.otherWallet, tokens: `${zero} native` }));
    const { page } = visit;
    await connectionIs(page, 'Live');
    const inOrder = ['ETH', 'DAI', 'LINK', 'rbETH', 'USDC', 'USDT', 'WETH', '0xcA11…CA11'];
    await expect.poll(() => symbols(page)).toEqual(inOrder);
    // What answers nothing to balanceOf says so, and is no zero.
    expect(await rowOf(page, zero).locator('.amount').textContent()).toMatch(/^Unreadable ./);

    const search = page.getByRole('searchbox');
    await search.fill('tether');
    await expect.poll(() => symbols(page)).toEqual(['USDT']);
    await page.getByText(`1 of ${LISTED + 1} tokens`).waitFor();
    await search.fill(dai.slice(2, 12).toUpperCase());
    await expect.poll(() => symbols(page)).toEqual(['DAI']);
    await search.fill('nobody');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await symbols(page)).toEqual(inOrder);

    const header = (name: string) => page.getByRole('columnheader', { name });
    await header('Balance').getByRole('button').click();
    expect(await header('Balance').getAttribute('aria-sort')).toBe('descending');
    expect(await header('Token').getAttribute('aria-sort')).toBe('none');
    const byAmount = await symbols(page);
    expect([byAmount[0], byAmount.at(-1)]).toEqual(['USDC', inOrder.at(-1)]);
    await header('Balance').getByRole('button').click();
    expect(await symbols(page)).toEqual(byAmount.toReversed());

    await stage.send(dai, 5n);
    await header('Last change').getByRole('button').click();
    await expect.poll(async () => (await symbols(page))[0]).toBe('DAI');
    expectClean(visit);
  });

  it('hides zeros, and shows them again when asked', async () => {
    const poor = `0x${'ab'.repeat(20)}` as const;
    await using visit = await open(stage.pageOf({ owner: poor }));
    const { page } = visit;
    await expect.poll(() => symbols(page)).toHaveLength(LISTED);
    await page.getByLabel('Hide zeros').check();
    await page.getByText('Every balance is zero.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await symbols(page)).toHaveLength(LISTED);
    expectClean(visit);
  });

  it('from nothing: a wallet and a token are filled in, mistakes are told, and it is remembered', async () => {
    await using visit = await open(stage.url);
    const { page } = visit;
    const { link } = stage.chain.tokens;
    await page.getByLabel('Wallet', { exact: true }).fill('0x12');
    await page.getByLabel('More tokens').fill('LINK');
    await page.getByRole('button', { name: 'Watch' }).click();
    await page.getByText('It has 2 digits after 0x, not 40.').waitFor();
    await page.getByText('“LINK” is no token').waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('owner');

    await page.getByLabel('Wallet', { exact: true }).fill(stage.wallet);
    await page.getByLabel('More tokens').fill(`native, ${link}`);
    await page.getByRole('button', { name: 'Watch' }).click();
    await expect.poll(() => symbols(page)).toEqual(['ETH', 'LINK', 'WETH']);
    expect(new URL(page.url()).searchParams.get('owner')).toBe(stage.wallet);

    await page.goBack();
    await page.getByRole('link', { name: /0x7099…79c8/i }).click();
    await expect.poll(() => symbols(page)).toEqual(['ETH', 'LINK', 'WETH']);
    expectClean(visit);
  });

  it.each([
    [
      'a chain that is not served',
      () => ({ chain: '5' }),
      'Chain 5 is not served here. Choose one of the list.',
    ],
    ['an address that is none', () => ({ owner: '0xzz' as const }), 'It has other characters in it.'],
    [
      'a token list that cannot be had',
      () => ({ list: 'http://127.0.0.1:1024/none' }),
      'The token list cannot be had',
    ],
    ['one that is no list', () => ({ list: `${stage.url}/livez` }), 'The token list cannot be used'],
  ])('%s is told, with what to do about it', async (_, wish, words) => {
    await using visit = await open(stage.pageOf(wish()));
    await visit.page.getByText(words).waitFor();
    // Until somebody has done it nothing happens, and nothing else is said.
    expect(await visit.page.getByText('tried again by itself').count()).toBe(0);
    expectClean(visit);
  });

  it('logos of other hosts are loaded only when the viewer says so', async () => {
    const token = `0x${'77'.repeat(20)}` as const;
    await using lists = await startTokenListServer(listWith(stage.chain.tokenList, [token]));
    await using visit = await open(stage.pageOf({ list: lists.url }));
    const { page, strangers } = visit;
    await connectionIs(page, 'Live');
    await expect.poll(() => symbols(page)).toHaveLength(LISTED + 1);
    // Those that stand in the list itself are nobody else's.
    expect(await rowOf(page, stage.chain.tokens.dai).locator('img').count()).toBe(1);
    expect(await rowOf(page, token).locator('svg.picture').count()).toBe(1);
    expectClean(visit);
    await page.getByLabel('Remote logos').check();
    await eventually(() => expect(strangers).toContain('https://pictures.example/logo.png'));
    // Which cannot be had here: what stood there stands there again.
    await rowOf(page, token).locator('svg.picture').waitFor();
    expect(new URL(page.url()).searchParams.get('logos')).toBe('1');
  });

  it('asks for an API key where the server wants one, and keeps it out of the address', async () => {
    await using keyed = await PageStage.start({ API_KEYS: 'a-key-of-the-test' });
    await using visit = await open(keyed.pageOf());
    const { page } = visit;
    await page.getByText('The server wants an API key').waitFor();
    await page.getByRole('textbox', { name: 'API key' }).fill('not-that-one');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('The server does not know this API key').waitFor();
    await page.getByRole('textbox', { name: 'API key' }).fill('a-key-of-the-test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect.poll(() => symbols(page)).toHaveLength(LISTED);
    await page.reload();
    await expect.poll(() => symbols(page)).toHaveLength(LISTED);
    expect(page.url()).not.toContain('a-key');
    expect(visit.strangers).toEqual([]);
  }, 60_000);

  it(`of ${MANY} tokens, a change of one touches one line`, async () => {
    const { client, tokens } = stage.chain;
    const code = await client.getCode({ address: tokens.dai });
    const many = Array.from({ length: MANY - LISTED + 1 }, (_, index) => addressOf(index));
    await Promise.all(many.map((address) => client.setCode({ address, bytecode: code ?? '0x' })));
    await using lists = await startTokenListServer(listWith(stage.chain.tokenList, many));
    await using visit = await open(stage.pageOf({ list: lists.url }));
    const { page } = visit;
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 20_000 }).toBe(MANY + 1);
    // Lines out of view cost nothing.
    expect(
      await rowOf(page, many.at(-1) ?? tokens.dai).evaluate((row) => getComputedStyle(row).contentVisibility),
    ).toBe('auto');
    await page.evaluate(() => {
      const touched = new Set<string>();
      Object.assign(window, { touched });
      new MutationObserver((mutations) => {
        for (const { target } of mutations) {
          const row = (target instanceof Element ? target : target.parentElement)?.closest('tr');
          if (row) touched.add(row.dataset.token ?? '');
        }
      }).observe(document.querySelector('tbody') ?? document.body, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
    });
    await stage.send(tokens.usdt, parseUnits('1', 6));
    const left = await stage.holding(tokens.usdt);
    await expect.poll(() => exactAmount(page, tokens.usdt)).toBe(`${left / 10n ** 6n}`);
    const usdt = await rowOf(page, tokens.usdt).getAttribute('data-token');
    const eth = await page.locator('tr', { hasText: 'own coin' }).getAttribute('data-token');
    const touched = await page.evaluate(() => [...(window as unknown as { touched: Set<string> }).touched]);
    // Beside the token the coin, which paid for the gas.
    expect([usdt, eth]).toEqual(expect.arrayContaining(touched));
    expect(touched).toContain(usdt);
    expectClean(visit);
  }, 60_000);
});

function addressOf(index: number): `0x${string}` {
  return `0x${(0x1000 + index).toString(16).padStart(40, '7')}`;
}
