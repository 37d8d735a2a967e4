import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App as Server } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { App, type PortfolioConfig } from './apps/portfolio.tsx';
import { startBrowser, type TestBrowser, type Visit } from './browser.ts';
import { startBrowserApp } from './browser-app.ts';
import { deployManyTokens, mint } from './contracts.ts';

const browser = await startBrowser();
const TOKENS = 1000;

let chain: TestChain;
let server: Server;
let owners: readonly [Address, Address];
let tokens: readonly Address[];
let config: PortfolioConfig;

beforeAll(async () => {
  chain = await startTestChain();
  owners = [await chain.newWallet(), await chain.newWallet()];
  tokens = await deployManyTokens(chain, TOKENS, { owner: owners[0] });
  server = await startTestApp(chain);
  config = { server: server.url, chainId: chain.chainId, owners, tokens };
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

/** The application in a browser, as somebody sees it who comes for the first time. */
async function visit(options: { config?: Partial<PortfolioConfig>; markup?: string } = {}) {
  const app = await startBrowserApp('portfolio-page.tsx', {
    ...options,
    config: { ...config, ...options.config },
  });
  const visit = await (browser as TestBrowser).open(app.url, { friends: [server.url] });
  return {
    visit,
    page: visit.page,
    press: (name: string) => visit.page.getByRole('button', { name, exact: true }).click(),
    status: visit.page.getByRole('status'),
    amount: (token: Address) => visit.page.locator(`[data-token="${token}"]`),
    renders: () => visit.page.evaluate(() => ({ ...(globalThis as unknown as Counted).renders })),
    leave: () => visit.page.evaluate(() => (globalThis as unknown as Counted).leave()),
    async [Symbol.asyncDispose]() {
      await visit[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** What the application tells of itself. */
interface Counted {
  readonly renders: Record<string, number>;
  readonly leave: () => void;
}

type Open = Awaited<ReturnType<typeof visit>>;

const expectClean = ({ errors, strangers }: Visit) =>
  expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });

const shows = (locator: ReturnType<Open['amount']>, text: string) =>
  eventually(async () => expect(await locator.textContent()).toBe(text));

/** What rendered between the two, by name. */
function rendered(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const times = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(times.filter(([, count]) => count > 0));
}

const tokenAt = (index: number) => tokens[index] as Address;
/** What the server says of itself. */
async function openStreams(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^balance_stream_streams\{door="graphql"\} (\d+)$/m.exec(metrics)?.[1]);
}

describe.skipIf(!browser)('a portfolio of 1,000 tokens, in StrictMode', () => {
  it('one that moved renders its own row again, among rows that are given their balances', async () => {
    await using open = await visit();
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(999)), '1000');
    await shows(open.status, 'live');
    const before = await open.renders();
    await mint(chain, tokenAt(3), owners[0], 10n ** 18n);
    await shows(open.amount(tokenAt(3)), '5');
    // Twice each, for StrictMode does so.
    expect(rendered(before, await open.renders())).toEqual({ List: 2, [tokenAt(3)]: 2 });
    expectClean(open.visit);
  });

  it('and among rows that each ask for their own, over one stream', async () => {
    await using open = await visit();
    await open.press('rows');
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(998)), '999');
    const before = await open.renders();
    await mint(chain, tokenAt(4), owners[0], 10n ** 18n);
    await shows(open.amount(tokenAt(4)), '6');
    expect(rendered(before, await open.renders())).toEqual({ [tokenAt(4)]: 2 });
    expect(open.visit.streams).toHaveLength(1);
    expectClean(open.visit);
  });
});

describe.skipIf(!browser)('components come and go', () => {
  it('from page to page one stream goes on, and what is known is there at once', async () => {
    await using open = await visit();
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(7)), '8');
    await open.press('settings');
    await open.page.getByText('Nothing to see.').waitFor();
    await mint(chain, tokenAt(7), owners[0], 10n ** 18n);
    await open.press('list');
    await shows(open.amount(tokenAt(7)), '9');
    expect(open.visit.streams).toHaveLength(1);
    expectClean(open.visit);
  });

  it('options that say the same in other words change nothing', async () => {
    await using open = await visit();
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(9)), '10');
    const before = await open.renders();
    await open.press('again');
    await eventually(async () => expect((await open.renders()).List).toBeGreaterThan(before.List ?? 0));
    await mint(chain, tokenAt(9), owners[0], 10n ** 18n);
    await shows(open.amount(tokenAt(9)), '11');
    expect(open.visit.streams).toHaveLength(1);
    expect(rendered(before, await open.renders())).toEqual({ List: 4, [tokenAt(9)]: 2 });
  });

  it('some time after the last has left the stream ends, and the next begins anew', async () => {
    await using open = await visit({ config: { lingerMs: 0 } });
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(11)), '12');
    expect(await openStreams()).toBe(1);
    await open.press('settings');
    await eventually(async () => expect(await openStreams()).toBe(0));
    await open.press('list');
    await shows(open.amount(tokenAt(11)), '12');
    expect(open.visit.streams).toHaveLength(2);
  });

  it('everything ends when the application leaves the page', async () => {
    await using open = await visit({ config: { lingerMs: 0 } });
    await open.press('wallet 0');
    await shows(open.amount(tokenAt(13)), '14');
    await open.leave();
    await eventually(async () => expect(await openStreams()).toBe(0));
    expectClean(open.visit);
  });
});

describe.skipIf(!browser)('wallets', () => {
  it('none is connected yet: idle, and nothing is asked of the server', async () => {
    await using open = await visit();
    await shows(open.status, 'idle');
    await open.press('rows');
    await shows(open.status, 'idle');
    await shows(open.amount(tokenAt(0)), '…');
    expect(open.visit.streams).toEqual([]);
    expectClean(open.visit);
  });

  it('another one is connected: nothing of the one before is shown as its own', async () => {
    await using open = await visit({ config: { tokens: tokens.slice(0, 3) } });
    const [, token] = tokens as [Address, Address];
    await mint(chain, token, owners[1], 7n * 10n ** 18n);
    await open.press('rows');
    await open.press('wallet 0');
    await shows(open.amount(token), '2');
    await open.press('wallet 1');
    await shows(open.amount(token), '7');
    expect(await open.renders()).not.toHaveProperty("another wallet's balance");
    await open.press('disconnect');
    await shows(open.status, 'idle');
    await shows(open.amount(token), '…');
    expectClean(open.visit);
  });

  it('on a chain that is not served: a status to show, and no throw', async () => {
    await using open = await visit({ config: { chainId: 5 } });
    await open.press('wallet 0');
    await shows(open.status, 'failed');
    expect(open.visit.errors.filter((error) => !error.includes('Failed to load resource'))).toEqual([]);
  });
});

describe('on a server', () => {
  it('renders with nothing known and nothing asked for, though only a browser knows where to ask', async () => {
    const connected = { ...config, server: '/only/browsers/know/where', connected: 0 };
    const markup = renderToString(createElement(App, { config: connected }));
    expect(markup).toContain('connecting');
    expect(markup).not.toContain('data-token');
  });

  it.skipIf(!browser)('a browser takes over its markup as it stands, and it becomes live', async () => {
    const connected = { ...config, connected: 0 };
    const markup = renderToString(createElement(App, { config: connected }));
    await using open = await visit({ config: connected, markup });
    await shows(open.amount(tokenAt(999)), '1000');
    await shows(open.status, 'live');
    expect(open.visit.streams).toHaveLength(1);
    const head = open.page.getByRole('button', { name: /^head/ });
    await head.click();
    await shows(head, `head ${(await chain.head()).number}`);
    expectClean(open.visit);
  });
});
