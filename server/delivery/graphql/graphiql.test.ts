import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';

const server = await serveHttp(new ScriptedService(), { graphiql: true });
afterAll(() => server[Symbol.asyncDispose]());

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** As a browser asks, but without undoing the content coding. */
function open(headers: Record<string, string>, url = server.url): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(`${url}/graphql`, { headers: { accept: 'text/html,*/*;q=0.8', ...headers } }, async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, headers: response.headers, body });
    }).on('error', reject);
  });
}

test('a browser gets GraphiQL, which loads nothing from elsewhere', async () => {
  const { status, headers, body } = await open({});
  const html = body.toString();
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//);
  expect(html).toContain('"subscriptionsProtocol":"SSE"');
  for (const name of ['Balances', 'WalletBalances', 'Alarm', 'Allowances', 'Finality'])
    expect(html).toContain(`subscription ${name}`);
});

test('it is compressed, and kept by its ETag', async () => {
  const plain = await open({});
  const brotli = await open({ 'accept-encoding': 'gzip, deflate, br' });
  const gzip = await open({ 'accept-encoding': 'gzip' });
  expect(brotli.headers['content-encoding']).toBe('br');
  expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
  expect(brotli.body.length).toBeLessThan(plain.body.length / 3);

  const { etag } = brotli.headers;
  const again = await open({ 'accept-encoding': 'br', 'if-none-match': String(etag) });
  expect(again.status).toBe(304);
  expect(again.headers['content-security-policy']).toBe(plain.headers['content-security-policy']);
  expect(again.body).toHaveLength(0);
});

test('it can be switched off', async () => {
  await using closed = await serveHttp(new ScriptedService(), { graphiql: false });
  const { headers, body } = await open({}, closed.url);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(body.toString()).toContain('BAD_USER_INPUT');
});
