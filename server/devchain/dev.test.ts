import { readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { startDev } from '../test/dev-process.ts';
import { freeOrAny } from './ports.ts';

test('what it prints can be pasted, shows a wallet move, and Ctrl-C leaves nothing behind', async () => {
  const dev = startDev();
  await dev.ready();
  const post = /curl -X POST (\S+) -H '(.+): (.+)' -d '(.+)'/.exec(dev.said());
  const listen = /curl -N (\S+)/.exec(dev.said());
  const [, url = '', header = '', type = '', body = ''] = post ?? [];
  const created = await fetch(url, { method: 'POST', headers: { [header]: type }, body });
  expect(created.status).toBe(200);
  // The tokens of the list, the wrapped coin among them, and the coin.
  expect(await created.json()).toMatchObject({ chainId: 31_337, tokens: 7 });

  const stream = await fetch(listen?.[1] ?? '');
  const updates: Record<string, string>[] = [];
  const reading = (async () => {
    let text = '';
    for await (const chunk of (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data) updates.push(JSON.parse(data).balances);
      }
    }
  })();
  await vi.waitFor(() => expect(updates.length).toBeGreaterThan(1), 25_000);
  expect(Object.keys(updates[0] ?? {})).toHaveLength(7);
  for (const amount of Object.values(updates[0] ?? {})) expect(BigInt(amount)).toBeGreaterThan(0n);

  for (const name of ['Page', 'GraphiQL', 'Tokens']) {
    const address = dev.addressOf(name);
    const page = await fetch(address, { headers: { accept: 'text/html' } });
    expect(page.status, `${name} at ${address}`).toBe(200);
    await page.text();
  }
  const node = dev.addressOf('Node');

  dev.interrupt();
  expect(await dev.exited).toBe(0);
  await reading;
  expect(dev.complained()).toBe('');
  expect(readdirSync(dev.folder)).toEqual([]);
  await expect(fetch(node)).rejects.toThrow();
}, 60_000);

test('started again, its token list is where it was, for the page that is still open', async () => {
  const host = `127.0.0.1:${await freePair()}`;
  const first = startDev({ HTTP_BIND: host });
  await first.ready();
  const list = first.addressOf('Tokens');
  first.interrupt();
  await first.exited;

  const second = startDev({ HTTP_BIND: host });
  await second.ready();
  expect(second.addressOf('Tokens')).toBe(list);
  expect((await fetch(list)).status).toBe(200);
}, 60_000);

test('a port in use, or a bad variable, is named in one line', async () => {
  const dev = startDev();
  await dev.ready();
  const { host } = new URL(dev.addressOf('Page'));
  const second = startDev({ HTTP_BIND: host });
  expect(await second.exited).toBe(1);
  expect(second.complained()).toBe(`HTTP_BIND: ${host} is in use; set it to another address:port\n`);
  expect(readdirSync(second.folder)).toEqual([]);

  const wrong = startDev({ SNAPSHOT_INTERVAL: 'often' });
  expect(await wrong.exited).toBe(1);
  expect(wrong.complained()).toMatch(/^SNAPSHOT_INTERVAL: expected .*\n$/);
}, 60_000);

/** A port that is free with the one behind it; below those that the system hands out for connections. */
async function freePair(): Promise<number> {
  for (let port = 20_000 + 2 * (process.pid % 5_000); port < 32_000; port += 2)
    if ((await freeOrAny(port)) && (await freeOrAny(port + 1))) return port;
  throw new Error('no two ports are free');
}
