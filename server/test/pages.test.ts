import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { startBrowser, type TestBrowser, type Visit } from './browser.ts';
import { deployToken, mint } from './contracts.ts';

const browser = await startBrowser();
const HTML = { accept: 'text/html' };

let chain: TestChain;
let app: App;
let owner: Address;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
  await mint(chain, gold, owner, 123_456_789n);
  app = await startTestApp(chain);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

describe('what every answer carries', () => {
  const get = (path: string, init?: RequestInit) => fetch(app.url + path, init);
  const post = (path: string, body: string) =>
    get(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  it('a page may do only what its policy says, in no frame, and tells nobody its address', async () => {
    for (const path of ['/', '/?owner=0x', '/graphql', '/docs'])
      for (const method of ['GET', 'HEAD']) {
        if (path === '/graphql' && method === 'HEAD') continue;
        const { status, headers } = await get(path, { method, headers: HTML });
        const policy = headers.get('content-security-policy')?.split('; ');
        expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
        expect(policy).toEqual(
          expect.arrayContaining([
            "default-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "connect-src 'self'",
          ]),
        );
        // Scripts by their origin or by what they are; never whatever stands in the page, nor text that is run.
        expect(policy?.find((directive) => directive.startsWith('script-src'))).not.toMatch(
          /unsafe|\*|https?:|data:/,
        );
        expect(headers.get('referrer-policy')).toBe('no-referrer');
      }
  });

  it('a page that the browser has is not sent again, and keeps its policy', async () => {
    for (const path of ['/', '/graphql', '/docs', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) {
      const first = await get(path, { headers: HTML });
      const etag = first.headers.get('etag') ?? '';
      const again = await get(path, { headers: { ...HTML, 'if-none-match': etag } });
      expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
      const policy = 'content-security-policy';
      expect(again.headers.get(policy)).toBe(first.headers.get(policy));
      expect(again.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('nothing is taken for what it is not, and nothing says what serves it', async () => {
    const [, script = ''] = /src="\.(\/assets\/[^"]+)"/.exec(await (await get('/')).text()) ?? [];
    const answers: [number, Promise<Response>][] = [
      [200, get('/')],
      [200, get(script)],
      [200, get('/graphql', { headers: HTML })],
      [200, get('/graphql?query=%7Bchains%7Bid%7D%7D', { headers: { accept: 'application/json' } })],
      [200, get('/docs')],
      [200, get('/docs/swagger-ui.css')],
      [200, get('/docs/swagger-ui-bundle.js')],
      [200, get('/openapi.json')],
      [200, get('/health')],
      [200, get('/livez')],
      [200, get('/metrics')],
      [200, get(`/${chain.chainId}/balance/${owner}/${gold}`)],
      [200, post(`/${chain.chainId}/sessions/${owner}`, JSON.stringify({ customTokens: [gold] }))],
      [400, get(`/${chain.chainId}/balance/${owner}/0x12`)],
      [400, post('/graphql', '{')],
      [404, get('/nothing')],
      [404, get('/docs/nothing')],
      [404, get('/assets/nothing')],
      [405, post(script, '')],
      [404, get('/health/7')],
      [405, post('/', '')],
      [405, post('/docs', '')],
      [405, get(`/${chain.chainId}/sessions/${owner}`)],
      [413, post(`/${chain.chainId}/balances/${owner}`, ' '.repeat(2 ** 21))],
    ];
    for (const [expected, answer] of answers) {
      const { url, status, headers } = await answer;
      expect([url, status]).toEqual([url, expected]);
      expect([url, headers.get('x-content-type-options')]).toEqual([url, 'nosniff']);
      for (const name of ['x-powered-by', 'server']) expect([url, headers.get(name)]).toEqual([url, null]);
    }
  });
});

describe.skipIf(!browser)('in a browser, with nothing from elsewhere', () => {
  const open = (path: string): Promise<Visit> => (browser as TestBrowser).open(app.url + path);
  const expectClean = ({ errors, strangers }: Visit) =>
    expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });

  /** Fills in the form of an operation at /docs and sends it. */
  async function askBalance({ page }: Visit) {
    const balance = page.locator('#operations-balances-balance');
    await balance.locator('.opblock-summary-control').click();
    await balance.getByRole('button', { name: 'Try it out' }).click();
    const asked = { chain_id: `${chain.chainId}`, owner, token: gold };
    for (const [name, value] of Object.entries(asked))
      await balance.locator(`tr[data-param-name="${name}"] input`).fill(value);
    await balance.getByRole('button', { name: 'Execute' }).click();
    const answer = balance.locator('.live-responses-table .response');
    await answer.waitFor();
    return {
      status: await answer.locator('.response-col_status').evaluate((cell) => cell.firstChild?.textContent),
      body: await answer.locator('.highlight-code code').first().textContent(),
    };
  }

  it('/docs shows every operation, and asks one', async () => {
    await using visit = await open('/docs');
    const { page } = visit;
    await page.locator('.opblock').first().waitFor();
    const document = (await (await fetch(`${app.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const shown = await page
      .locator('.opblock')
      .evaluateAll((blocks) =>
        blocks.map((block) =>
          [
            block.querySelector('.opblock-summary-method')?.textContent,
            block.querySelector('.opblock-summary-path')?.getAttribute('data-path'),
          ].join(' '),
        ),
      );
    expect(shown.sort()).toEqual(operations.sort());

    expect(await askBalance(visit)).toMatchObject({ status: '200', body: '{\n  "balance": "123456789"\n}' });
    expect(visit.paths).toContain(`/${chain.chainId}/balance/${owner}/${gold}`);

    // Whatever else can be opened keeps to the policy too.
    const closed = page.locator('.opblock:not(.is-open) .opblock-summary-control');
    while ((await closed.count()) > 0) await closed.first().click();
    expect(await page.locator('.opblock .responses-table').count()).toBeGreaterThanOrEqual(operations.length);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.auth-container').first().waitFor();
    expectClean(visit);
  });

  it('/docs takes a key where one is asked for', async () => {
    await using keyed = await startTestApp(chain, { API_KEYS: 'a-key-of-the-test' });
    for (const field of ['#auth-bearer-value', '#api_key_value']) {
      await using visit = await (browser as TestBrowser).open(`${keyed.url}/docs`);
      const { page } = visit;
      await page.getByRole('button', { name: 'Authorize' }).click();
      const form = page.locator('.auth-container', { has: page.locator(field) }).first();
      await form.locator(field).fill('a-key-of-the-test');
      await form.getByRole('button', { name: 'Apply' }).click();
      await page.locator('.btn-done').first().click();
      expect(await askBalance(visit)).toMatchObject({ status: '200' });
      expectClean(visit);
    }
  });

  it('GraphiQL runs an operation', async () => {
    await using visit = await open(
      `/graphql?query=${encodeURIComponent(`{ balance(owner: "${owner}", token: "${gold}") { amount } }`)}`,
    );
    const { page } = visit;
    await page.locator('.graphiql-execute-button').click();
    await eventually(async () =>
      expect(await page.locator('.graphiql-response').textContent()).toContain('123456789'),
    );
    expectClean(visit);
  });
});
