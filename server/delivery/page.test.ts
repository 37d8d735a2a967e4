import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createPage } from './page.ts';

const SCRIPT = `console.log(${JSON.stringify('a script of some length '.repeat(50))})`;

/** The door alone, over a folder of the test's own; `built`: whether there is a page in it. */
async function serve({ built = true, sample = false } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'page-test-'));
  if (built) {
    await mkdir(join(root, 'assets'));
    await writeFile(join(root, 'index.html'), '<!doctype html><title>the page</title>');
    await writeFile(join(root, 'assets/index-abc.js'), SCRIPT);
    await writeFile(join(root, 'secret.txt'), 'nobody asked for this');
  }
  const warned: unknown[] = [];
  const owner = `0x${'ab'.repeat(20)}` as const;
  const door = createPage({
    log: { warn: (line: unknown) => void warned.push(line) },
    folder: pathToFileURL(`${root}/`),
    ...(sample && { sample: { chainId: 31_337, owner, tokensListsUrls: ['http://127.0.0.1:1/list'] } }),
  });
  const server = createServer(door);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  return { warned, ask: (path: string, headers = {}, method = 'GET') => ask(port, path, headers, method) };
}

/** As a browser asks, but without undoing the content coding, following, or tidying up the path. */
function ask(port: number, path: string, headers: Record<string, string>, method: string) {
  return new Promise<{ status?: number | undefined; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      get({ port, host: '127.0.0.1', path, headers, method }, async (response) => {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode, headers: response.headers, body });
      }).on('error', reject);
    },
  );
}

test('browsers ask for the page each time, and keep its files for good', async () => {
  const { ask } = await serve();
  const page = await ask('/?owner=0x');
  expect(page.headers).toMatchObject({
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
  });
  const again = await ask('/?owner=0x', { 'if-none-match': String(page.headers.etag) });
  expect([again.status, again.body.length]).toEqual([304, 0]);

  const script = await ask('/assets/index-abc.js');
  expect([script.status, script.body.toString()]).toEqual([200, SCRIPT]);
  expect(script.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
  });
  const [brotli, gzip] = await Promise.all(
    ['br', 'gzip'].map((coding) => ask('/assets/index-abc.js', { 'accept-encoding': coding })),
  );
  expect(brotliDecompressSync(brotli?.body ?? '').toString()).toBe(SCRIPT);
  expect(gunzipSync(gzip?.body ?? '').toString()).toBe(SCRIPT);
  const head = await ask('/assets/index-abc.js', {}, 'HEAD');
  expect([head.body.length, head.headers['content-length']]).toEqual([0, `${SCRIPT.length}`]);
});

test('pictures may come from elsewhere only where the address says so', async () => {
  const { ask } = await serve();
  const pictures = async (path: string) =>
    String((await ask(path)).headers['content-security-policy'])
      .split('; ')
      .find((directive) => directive.startsWith('img-src'));
  for (const path of ['/', '/?logos=0', '/?owner=1&tokens=logos', '/?logos=11'])
    expect(await pictures(path)).toBe("img-src 'self' data:");
  expect(await pictures('/?owner=1&logos=1')).toBe("img-src 'self' data: https:");
});

test.each([
  '/assets/',
  '/assets/other.js',
  '/assets/../secret.txt',
  '/assets/..%2fsecret.txt',
  '/assets/%2e%2e/secret.txt',
  '/assets/toString',
])('%s is not there', async (path) => {
  const { ask } = await serve();
  const { status, body } = await ask(path);
  expect([status, JSON.parse(body.toString())]).toEqual([
    404,
    { code: 404, message: 'Not found: no such route' },
  ]);
});

test('who has named no wallet is shown the one of the embedded chain', async () => {
  const { ask } = await serve({ sample: true });
  const { status, headers } = await ask('/');
  expect([status, headers['cache-control']]).toEqual([302, 'no-store']);
  const query = new URLSearchParams(String(headers.location).split('?')[1]);
  expect(Object.fromEntries(query)).toEqual({
    owner: '0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB',
    chain: '31337',
    list: 'http://127.0.0.1:1/list',
  });
  expect((await ask('/?owner=0x')).status).toBe(200);
});

test('where the page was not built it is said what to run, in its place and in the log', async () => {
  const { ask, warned } = await serve({ built: false, sample: true });
  const { status, headers, body } = await ask('/');
  expect([status, headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
  expect(body.toString()).toContain('npm run build -w client');
  expect(warned).toEqual([expect.stringContaining('npm run build -w client')]);
  expect((await ask('/assets/index-abc.js')).status).toBe(404);
});
