import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { serveHttp } from '../test/http.ts';
import { ScriptedService } from '../test/service.ts';

const server = await serveHttp(new ScriptedService());
afterAll(() => server[Symbol.asyncDispose]());

/** As a browser asks, but without undoing the content coding, or tidying up the path. */
function open(path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status?: number | undefined; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      get({ port: new URL(server.url).port, host: '127.0.0.1', path, headers }, async (response) => {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode, headers: response.headers, body });
      }).on('error', reject);
    },
  );
}

test('the page names nothing but its own files and the document beside it', async () => {
  const { status, body } = await open('/docs');
  expect(status).toBe(200);
  const named = [...body.toString().matchAll(/(?:src|href|url)(?:="|: ')([^"']+)/g)].map(([, url]) => url);
  expect(named).toEqual(['data:,', 'docs/swagger-ui.css', 'docs/swagger-ui-bundle.js', 'openapi.json']);
  for (const path of named.slice(1)) expect((await open(`/${path}`)).status).toBe(200);
});

test.each([
  ['/docs/swagger-ui.css', 'text/css; charset=utf-8'],
  ['/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
])('%s is compressed, and kept by its ETag', async (path, type) => {
  const plain = await open(path);
  const brotli = await open(path, { 'accept-encoding': 'gzip, deflate, br' });
  const gzip = await open(path, { 'accept-encoding': 'gzip' });
  expect(plain.headers['content-type']).toBe(type);
  expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
  expect(brotli.body.length).toBeLessThan(plain.body.length / 3);
  expect(new Set([plain, brotli, gzip].map(({ headers }) => headers.etag)).size).toBe(3);
  const again = await open(path, { 'accept-encoding': 'br', 'if-none-match': String(brotli.headers.etag) });
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

test.each([
  '/docs/',
  '/docs/package.json',
  '/docs/swagger-ui-bundle.js.map',
  '/docs/../package.json',
  '/docs/%2e%2e/package.json',
  '/docs/..%2fpackage.json',
  '/docs/toString',
])('%s is not there', async (path) => {
  const { status, body } = await open(path);
  expect(status).toBe(404);
  expect(JSON.parse(body.toString())).toEqual({ code: 404, message: 'Not found: no such route' });
});
