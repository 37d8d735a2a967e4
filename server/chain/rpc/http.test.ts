import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RateLimited } from './errors.ts';
import { HttpTransport, retryAfterMs } from './http.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['3', 3000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
  ])('of %j is %j ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

describe('an endpoint over HTTP', () => {
  let server: Server;
  let transport: HttpTransport;
  const { signal } = new AbortController();

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.writeHead(429, { 'retry-after': '2' }).end(`<h1>${request.method} slower</h1>`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    transport = new HttpTransport(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    await transport[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });

  it('that asks for time in a body that is not JSON is understood', async () => {
    const refused = transport.request({ method: 'eth_chainId', params: [] }, signal);
    await expect(refused).rejects.toThrow(RateLimited);
    await expect(refused).rejects.toMatchObject({ retryAfterMs: 2000 });
  });
});
