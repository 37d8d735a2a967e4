import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

/** `npm run dev` in a process group and a temporary folder of its own, on a free port unless told otherwise. */
function startDev(environment: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dev-test-'));
  const dev = spawn(process.execPath, [new URL('./dev.ts', import.meta.url).pathname], {
    env: { ...process.env, HTTP_BIND: '127.0.0.1:0', ...environment, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(dev, 'exit');
  onTestFinished(async () => {
    dev.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  let [said, complained] = ['', ''];
  dev.stdout.on('data', (text) => {
    said += text;
  });
  dev.stderr.on('data', (text) => {
    complained += text;
  });
  return {
    folder,
    said: () => said,
    complained: () => complained,
    interrupt: () => dev.kill('SIGINT'),
    exited: exited.then(([code]) => code as number | null),
  };
}

test('what it prints can be pasted, shows a wallet move, and Ctrl-C leaves nothing behind', async () => {
  const dev = startDev();
  await vi.waitFor(() => expect(dev.said()).toContain('Ctrl-C'), 20_000);
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
    const address = new RegExp(`${name} +(\\S+)`).exec(dev.said())?.[1] ?? '';
    const page = await fetch(address, { headers: { accept: 'text/html' } });
    expect(page.status, `${name} at ${address}`).toBe(200);
    await page.text();
  }
  const node = /Node +(\S+)/.exec(dev.said())?.[1] ?? '';

  dev.interrupt();
  expect(await dev.exited).toBe(0);
  await reading;
  expect(dev.complained()).toBe('');
  expect(readdirSync(dev.folder)).toEqual([]);
  await expect(fetch(node)).rejects.toThrow();
}, 60_000);

test('a port in use, or a bad variable, is named in one line', async () => {
  const dev = startDev();
  await vi.waitFor(() => expect(dev.said()).toContain('Ctrl-C'), 20_000);
  const { host } = new URL(/Page +(\S+)/.exec(dev.said())?.[1] ?? '');
  const second = startDev({ HTTP_BIND: host });
  expect(await second.exited).toBe(1);
  expect(second.complained()).toBe(`HTTP_BIND: ${host} is in use; set it to another address:port\n`);
  expect(readdirSync(second.folder)).toEqual([]);

  const wrong = startDev({ SNAPSHOT_INTERVAL: 'often' });
  expect(await wrong.exited).toBe(1);
  expect(wrong.complained()).toMatch(/^SNAPSHOT_INTERVAL: expected .*\n$/);
}, 60_000);
