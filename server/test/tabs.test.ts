import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { startBrowser, type TestBrowser, type Visit } from './browser.ts';
import { ClientProcess } from './client-process.ts';
import type { Shown } from './clients/tab.ts';
import { deployToken, mint } from './contracts.ts';
import { bundleApplication, PATH, serve, Tab } from './tabs.ts';

const browser = await startBrowser();

let chain: TestChain;
let app: App;
let gold: Address;
let silver: Address;
let html: string;
let owner: Address;
let visits: Visit[];

beforeAll(async () => {
  [chain, html] = await Promise.all([startTestChain(), bundleApplication()]);
  gold = await deployToken(chain, { symbol: 'GOLD' });
  silver = await deployToken(chain, { symbol: 'SILVER' });
  app = await startTestApp(chain);
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  visits = [];
  owner = await chain.newWallet();
  await mint(chain, gold, owner, 1n);
  await mint(chain, silver, owner, 10n);
});
afterEach(async () => {
  for (const visit of visits) await visit[Symbol.asyncDispose]();
  await eventually(async () => expect(await streams()).toBe(0));
});

/** Two tabs of one browser, both on the application's page; `script` runs in each before the page's own. */
async function openTabs(script?: () => void): Promise<[Tab, Tab]> {
  const visit = await (browser as TestBrowser).open(app.url + PATH, {
    async prepare(context) {
      await serve(context, app.url, html);
      if (script) await context.addInitScript(script);
    },
  });
  visits.push(visit);
  const first = new Tab(visit.page);
  await first.connect({ url: app.url });
  return [first, await openBeside(first)];
}

/** One more tab of the same browser. */
async function openBeside({ page }: Tab): Promise<Tab> {
  const tab = new Tab(await page.context().newPage());
  await tab.page.goto(app.url + PATH);
  await tab.connect({ url: app.url });
  return tab;
}

/** As far as the application can tell. */
async function hide({ page }: Tab): Promise<void> {
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true }));
}

/** Two tabs that watch the same wallet, of which the first leads. */
async function openLed(script?: () => void): Promise<[leader: Tab, follower: Tab]> {
  const [leader, follower] = await openTabs(script);
  await leader.watch('wallet', wallet(gold));
  await leader.shows('wallet', holds({ [gold]: '1' }));
  await follower.watch('wallet', wallet(gold));
  await follower.shows('wallet', holds({ [gold]: '1' }));
  expect([await streams(), follower.requests]).toEqual([1, 0]);
  return [leader, follower];
}

async function crash({ page }: Tab): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  // There is nobody left to answer.
  devtools.send('Page.crash').catch(() => {});
  await page.waitForEvent('crash');
}

/** How many the server has open. */
async function streams(): Promise<number> {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/balance_stream_streams\{door="graphql"\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

const wallet = (...customTokens: Address[]) => ({ chainId: chain.chainId, owner, customTokens });
const holds = (amounts: Record<Address, string>) => (shown: Shown) => {
  expect(shown.amounts).toMatchObject(amounts);
  expect(shown.state).toBe('live');
};

async function expectBoth(tabs: readonly Tab[], amounts: Record<Address, string>): Promise<void> {
  for (const tab of tabs) await tab.shows('wallet', holds(amounts));
  expect(tabs.flatMap(({ errors }) => errors)).toEqual([]);
}

describe.skipIf(!browser)('tabs of one browser', () => {
  it('that watch the same wallet ask the server once', async () => {
    const tabs = await openLed();
    await mint(chain, gold, owner, 2n);
    await expectBoth(tabs, { [gold]: '3' });
    expect([await streams(), tabs[1].requests]).toEqual([1, 0]);
  });

  it('that watch other tokens of a wallet keep their own, and so does a third wallet', async () => {
    const [one, other] = await openTabs();
    const third = await chain.newWallet();
    await one.watch('wallet', wallet(gold));
    await other.watch('wallet', wallet(silver));
    await other.watch('third', { ...wallet(gold), owner: third });
    await one.shows('wallet', holds({ [gold]: '1' }));
    await other.shows('wallet', holds({ [silver]: '10' }));
    await mint(chain, gold, owner, 2n);
    await mint(chain, silver, owner, 20n);
    await mint(chain, gold, third, 5n);
    await one.shows('wallet', holds({ [gold]: '3' }));
    await other.shows('wallet', holds({ [silver]: '30' }));
    await other.shows('third', holds({ [gold]: '5' }));
    // Whichever of them was quicker reads for both.
    expect([await streams(), Math.min(one.requests, other.requests)]).toEqual([1, 0]);
    expect((await one.shown('wallet'))?.amounts).not.toHaveProperty(silver);
    expect((await other.shown('wallet'))?.amounts).not.toHaveProperty(gold);
  });

  it('hear of a refusal as the tab that was refused does', async () => {
    const [, follower] = await openLed();
    await follower.watch('elsewhere', { ...wallet(gold), chainId: 4_242 });
    await follower.shows('elsewhere', ({ state, code, isTyped }) =>
      expect({ state, code, isTyped }).toEqual({ state: 'failed', code: 'CHAIN_NOT_SERVED', isTyped: true }),
    );
    expect(follower.requests).toBe(0);
  });

  it('go on when the one that reads for all is closed', async () => {
    const [leader, follower] = await openLed();
    await leader.page.close();
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower], { [gold]: '3' });
    await eventually(async () => expect(await streams()).toBe(1));
  });

  it('go on, hidden ones too, when another has taken the place of the one that read for all', async () => {
    const [leader, follower] = await openLed();
    const hidden = await openBeside(leader);
    await hide(hidden);
    await hidden.watch('wallet', wallet(gold));
    await hidden.shows('wallet', holds({ [gold]: '1' }));
    await leader.page.close();
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower, hidden], { [gold]: '3' });
    expect([await streams(), hidden.requests]).toEqual([1, 0]);
  });

  it('go on, hidden ones too, though the clock was set back before another took the lead', async () => {
    const [leader, follower] = await openLed();
    const hidden = await openBeside(leader);
    await hide(hidden);
    await hidden.watch('wallet', wallet(gold));
    await hidden.shows('wallet', holds({ [gold]: '1' }));
    await follower.page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() - 3_600_000;
    });
    await leader.page.close();
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower, hidden], { [gold]: '3' });
  });

  it('go on when the one that reads for all crashes', async () => {
    const [leader, follower] = await openLed();
    await crash(leader);
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower], { [gold]: '3' });
    await eventually(async () => expect(await streams()).toBe(1));
  });

  it('read no more for one that crashed', async () => {
    const [leader, follower] = await openLed();
    await leader.unwatch('wallet');
    expect(await streams()).toBe(1);
    await crash(follower);
    await eventually(async () => expect([await streams(), await leader.locks()]).toEqual([0, 0]));
  });

  it('take the lead from one that stands still without a word, and it follows when it moves again', async () => {
    const [leader, follower] = await openLed();
    const devtools = await leader.page.context().newCDPSession(leader.page);
    await devtools.send('Debugger.enable');
    await devtools.send('Debugger.pause');
    // It stops at its next step.
    leader.page.evaluate(() => {}).catch(() => {});
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower], { [gold]: '3' });
    const before = leader.requests;
    await devtools.send('Debugger.resume');
    await devtools.send('Debugger.disable');
    await mint(chain, gold, owner, 3n);
    await expectBoth([leader, follower], { [gold]: '6' });
    expect(leader.requests).toBe(before);
  });

  it('are told when the server is away, and are live again when it is back', async () => {
    const tabs = await openLed();
    const { port } = new URL(app.url);
    await app[Symbol.asyncDispose]();
    for (const tab of tabs) await tab.shows('wallet', ({ state }) => expect(state).toBe('stale'));
    await mint(chain, gold, owner, 2n);
    app = await startTestApp(chain, { HTTP_BIND: `127.0.0.1:${port}` });
    await expectBoth(tabs, { [gold]: '3' });
    expect(tabs[1].requests).toBe(0);
  });

  it('do not wait for a hidden one, whose timers are slow, to find the server again', async () => {
    const [leader, follower] = await openLed();
    await hide(leader);
    const { port } = new URL(app.url);
    await app[Symbol.asyncDispose]();
    await eventually(() => expect(follower.requests).toBeGreaterThan(0));
    app = await startTestApp(chain, { HTTP_BIND: `127.0.0.1:${port}` });
    await expectBoth([leader, follower], { [gold]: '1' });
  });

  it('leave nothing behind when their clients are disposed', async () => {
    const [leader, follower] = await openLed();
    await leader.dispose();
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower], { [gold]: '3' });
    await follower.dispose();
    await eventually(async () => expect([await streams(), await follower.locks()]).toEqual([0, 0]));
    expect([...leader.errors, ...follower.errors]).toEqual([]);
  });

  it('read for each other when they want nothing themselves any more', async () => {
    const [leader, follower] = await openLed();
    await leader.unwatch('wallet');
    await mint(chain, gold, owner, 2n);
    await expectBoth([follower], { [gold]: '3' });
    expect(follower.requests).toBe(0);
    await follower.unwatch('wallet');
    await eventually(async () => expect([await streams(), await follower.locks()]).toEqual([0, 0]));
    await follower.watch('again', wallet(gold));
    await follower.shows('again', holds({ [gold]: '3' }));
  });

  // Headless, it neither freezes pages nor keeps them: what it would tell them is told here.
  const absences: [what: string, leave: () => void, comeBack: () => void][] = [
    [
      'are kept for the way back',
      () => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })),
      () => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
    ],
    [
      'are frozen',
      () => document.dispatchEvent(new Event('freeze')),
      () => document.dispatchEvent(new Event('resume')),
    ],
  ];
  it.each(absences)(
    'give the lead away before they %s, and follow when they are back',
    async (_, leave, comeBack) => {
      const [leader, follower] = await openLed();
      await leader.page.evaluate(leave);
      expect((await leader.shown('wallet'))?.state).toBe('stale');
      await mint(chain, gold, owner, 2n);
      await expectBoth([follower], { [gold]: '3' });
      const before = leader.requests;
      await leader.page.evaluate(comeBack);
      await expectBoth([leader], { [gold]: '3' });
      expect(leader.requests).toBe(before);
    },
  );

  it('are stale while the one that would read for all gets no answer, and keep what they know', async () => {
    const [leader, follower] = await openLed();
    await follower.page.route(`${app.url}/graphql`, () => {});
    await leader.page.close();
    await follower.shows('wallet', ({ state, amounts, past }) => {
      expect(state).toBe('stale');
      expect(amounts).toMatchObject({ [gold]: '1' });
      expect(past).toEqual(['live', 'stale']);
    });
  });

  it('are stale, and not unknown, where the one that reads for all goes while the server is away', async () => {
    const [leader, follower] = await openLed();
    const { port } = new URL(app.url);
    await Promise.all([app[Symbol.asyncDispose](), leader.page.close()]);
    await eventually(() => expect(follower.requests).toBeGreaterThan(0));
    app = await startTestApp(chain, { HTTP_BIND: `127.0.0.1:${port}` });
    await expectBoth([follower], { [gold]: '1' });
    expect((await follower.shown('wallet'))?.past).not.toContain('connecting');
  });

  it('have one client id, whichever of them reads, also when they are opened anew', async () => {
    const [leader, follower] = await openLed();
    await leader.page.reload();
    await eventually(() => expect(follower.clientIds.size).toBe(1));
    await leader.connect({ url: app.url });
    await leader.watch('wallet', wallet(gold));
    await leader.shows('wallet', holds({ [gold]: '1' }));
    await follower.page.close();
    await mint(chain, gold, owner, 2n);
    await expectBoth([leader], { [gold]: '3' });
    expect([...leader.clientIds]).toEqual([...follower.clientIds]);
    expect(leader.requests).toBeGreaterThan(2);
  });

  it('may each make a session by hand, and none loses what it watches by it', async () => {
    const [leader, follower] = await openLed();
    expect(
      (await follower.createSession(wallet(silver))).tokens.map((token) => token.toLowerCase()),
    ).toContain(silver);
    await mint(chain, gold, owner, 2n);
    await expectBoth([leader, follower], { [gold]: '3' });
  });

  it('do so too where they were given one client id, and who names no tokens is told of those that it made', async () => {
    const [leader, follower] = await openTabs();
    const clientId = crypto.randomUUID();
    for (const tab of [leader, follower]) await tab.connect({ url: app.url, clientId });
    await leader.watch('wallet', wallet(gold));
    await leader.shows('wallet', holds({ [gold]: '1' }));
    await follower.watch('made', wallet());
    await follower.shows('made', ({ state }) => expect(state).toBe('live'));
    await follower.createSession(wallet(silver));
    await follower.shows('made', holds({ [silver]: '10' }));
    await mint(chain, gold, owner, 2n);
    await leader.shows('wallet', holds({ [gold]: '3' }));
    expect([await streams(), follower.requests]).toEqual([1, 1]);
  });

  it('do not share where they have different keys, or do not want to', async () => {
    const [one, other] = await openTabs();
    await other.connect({ url: app.url, apiKey: 'another' });
    for (const tab of [one, other]) await tab.watch('wallet', wallet(gold));
    await expectBoth([one, other], { [gold]: '1' });
    expect(await streams()).toBe(2);
    await other.dispose();
    await other.connect({ url: app.url, share: false });
    await other.watch('wallet', wallet(gold));
    await expectBoth([one, other], { [gold]: '1' });
    expect(await streams()).toBe(2);
  });

  const denials: [what: string, script: () => void][] = [
    ['has no locks', () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })],
    [
      'denies locks',
      () => {
        LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
        Object.defineProperty(globalThis, 'localStorage', { value: undefined });
      },
    ],
    [
      'denies channels',
      () => {
        window.BroadcastChannel = class {
          constructor() {
            throw new DOMException('denied', 'SecurityError');
          }
        } as unknown as typeof BroadcastChannel;
        Object.defineProperty(globalThis, 'localStorage', { value: undefined });
      },
    ],
    [
      'is not asked over HTTPS',
      () => {
        Object.defineProperty(globalThis, 'isSecureContext', { value: false });
        Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
        Object.defineProperty(Crypto.prototype, 'randomUUID', { value: undefined });
      },
    ],
  ];
  it.each(denials)('each have a stream where the browser %s', async (_, script) => {
    const [one, other] = await openTabs(script);
    await one.watch('wallet', wallet(gold));
    await other.watch('wallet', wallet(silver));
    await one.shows('wallet', holds({ [gold]: '1' }));
    await other.shows('wallet', holds({ [silver]: '10' }));
    expect(await streams()).toBe(2);
    await mint(chain, gold, owner, 2n);
    await mint(chain, silver, owner, 20n);
    await one.shows('wallet', holds({ [gold]: '3' }));
    await other.shows('wallet', holds({ [silver]: '30' }));
    expect([...one.errors, ...other.errors]).toEqual([]);
  });

  it('share all the same where the browser keeps nothing', async () => {
    const tabs = await openLed(() =>
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new DOMException('denied', 'SecurityError');
        },
      }),
    );
    await mint(chain, gold, owner, 2n);
    await expectBoth(tabs, { [gold]: '3' });
  });
});

it('clients in Node share nothing, and let the process end', async () => {
  const options = JSON.stringify(wallet(gold));
  using clients = new ClientProcess(process.execPath, 'two-clients.ts', [app.url, options]);
  expect(await clients.exited).toEqual([0, '']);
  expect(clients.output).toContain('{door="graphql"} 2');
});
