import { parseEther } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import type { WagmiConfig } from './apps/wagmi-page.tsx';
import { startBrowser, type TestBrowser } from './browser.ts';
import { startBrowserApp } from './browser-app.ts';
import { deployToken, mint } from './contracts.ts';

const browser = await startBrowser();

let chain: TestChain;
let server: App;
let gold: Address;
let silver: Address;

beforeAll(async () => {
  chain = await startTestChain();
  [gold, silver] = [await deployToken(chain), await deployToken(chain)];
  server = await startTestApp(chain);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

/** A wagmi application that reads everything once and never again, in a browser; of a new wallet. */
async function visit(changed: Partial<WagmiConfig> = {}) {
  const owner = await chain.newWallet(parseEther('10'));
  await mint(chain, gold, owner, 7n);
  const { number } = await chain.head();
  const config: WagmiConfig = {
    server: server.url,
    chainId: chain.chainId,
    rpcUrl: chain.url,
    owner,
    tokens: [gold, silver],
    past: String(number),
    ...changed,
  };
  const app = await startBrowserApp('wagmi-page.tsx', { config });
  const visit = await (browser as TestBrowser).open(app.url, { friends: [config.server, config.rpcUrl] });
  return {
    owner,
    visit,
    press: (name: string) => visit.page.getByRole('button', { name, exact: true }).click(),
    shows: (expected: Readonly<Record<string, string>>) =>
      eventually(async () => {
        const shown = Object.keys(expected).map(
          async (id) => [id, await visit.page.locator(`#${id}`).textContent()] as const,
        );
        expect(Object.fromEntries(await Promise.all(shown))).toEqual(expected);
      }),
    async [Symbol.asyncDispose]() {
      await visit[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!browser)('a wagmi application that reads everything once', () => {
  it('shows every change, in components that know nothing of it', async () => {
    await using open = await visit();
    await open.shows({ native: '10 TST', token: '7', pinned: '7', many: '7 0' });
    await eventually(() => expect(open.visit.streams).toHaveLength(1));
    await mint(chain, gold, open.owner, 5n);
    await open.shows({ token: '12', many: '12 0' });
    await mint(chain, silver, open.owner, 1n);
    await open.shows({ token: '12', many: '12 1' });
    await chain.setNativeBalance(open.owner, parseEther('3.5'));
    await open.shows({ native: '3.5 TST', token: '12', many: '12 1', pinned: '7' });
    expect(open.visit.streams).toHaveLength(1);
    const { errors, strangers } = open.visit;
    expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });
  });

  it('has them right again when a page that was left for a while is shown again', async () => {
    await using open = await visit();
    await open.shows({ token: '7', many: '7 0' });
    await open.press('hide');
    await mint(chain, gold, open.owner, 5n);
    await chain.setNativeBalance(open.owner, parseEther('3.5'));
    await open.press('show');
    await open.shows({ native: '3.5 TST', token: '12', many: '12 0', pinned: '7' });
  });

  it('keeps what it has read where there is no server', async () => {
    await using open = await visit({ server: 'http://127.0.0.1:1' });
    await open.shows({ native: '10 TST', token: '7', pinned: '7', many: '7 0' });
    await eventually(() => expect(open.visit.errors.length).toBeGreaterThan(0));
    await open.shows({ native: '10 TST', token: '7', pinned: '7', many: '7 0' });
  });
});
