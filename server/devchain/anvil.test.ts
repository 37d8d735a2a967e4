import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startAnvil } from './anvil.ts';
import { chainClient } from './client.ts';

// A temporary folder of this file's own, so that what is left in it was left by these tests.
const folder = mkdtempSync(join(tmpdir(), 'anvil-test-'));
beforeAll(() => void vi.stubEnv('TMPDIR', folder));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** As `ps` has it: T is stopped, Z dead and not yet buried, nothing gone. */
function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).stdout.trim();
}

function alive(pid: number): boolean {
  return /^[^Z]/.test(stateOf(pid));
}

test('binds a free port, serves HTTP and WebSocket on it, and leaves nothing behind', async () => {
  const anvil = await startAnvil({ chainId: 4242 });
  expect(anvil.url).toBe(`http://127.0.0.1:${anvil.port}`);
  expect(await chainClient(anvil).getChainId()).toBe(4242);
  const socket = new WebSocket(anvil.wsUrl);
  await once(socket, 'open');
  expect(alive(anvil.pid)).toBe(true);
  expect(readdirSync(folder)).toHaveLength(1);

  await anvil[Symbol.asyncDispose]();
  await anvil.exited;
  expect(alive(anvil.pid)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('says why it cannot start, and leaves nothing then either', async () => {
  await using anvil = await startAnvil();
  await expect(startAnvil({ port: anvil.port })).rejects.toThrow(/did not start.*in use/i);
  await expect(startAnvil({ args: ['--no-such-option'] })).rejects.toThrow('--no-such-option');
  await expect(startAnvil({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  const changed = new AbortController();
  const starting = startAnvil({ signal: changed.signal });
  changed.abort(new Error('changed my mind'));
  await expect(starting).rejects.toThrow('changed my mind');
  expect(readdirSync(folder)).toHaveLength(1);
});

test('stopped and started on the same port and state file, it is the same chain', async () => {
  const state = mkdtempSync(join(folder, 'state-'));
  const stateFile = join(state, 'state.json');
  const first = await startAnvil({ stateFile });
  const client = chainClient(first);
  const wallet = '0x00000000000000000000000000000000000000aa';
  await client.setBalance({ address: wallet, value: 7n });
  await client.mine({ blocks: 1 });
  const past = await client.getBlock();
  const [account = wallet] = await client.getAddresses();
  await client.sendTransaction({ account, to: wallet, value: 1n });
  await client.mine({ blocks: 2 });
  const head = await client.getBlock();
  await first.stop();
  expect(existsSync(stateFile)).toBe(true);

  await using second = await startAnvil({ stateFile, port: first.port });
  expect(second.port).toBe(first.port);
  expect((await client.getBlock()).hash).toBe(head.hash);
  expect(await client.getBalance({ address: wallet })).toBe(8n);
  // What was, at a block of before, can be asked still.
  expect(await client.getBalance({ address: wallet, blockHash: past.hash })).toBe(7n);
  rmSync(state, { recursive: true });
});

test('frozen, it takes a request and does not answer; thawed, it does', async () => {
  await using anvil = await startAnvil();
  anvil.freeze();
  await vi.waitFor(() => expect(stateOf(anvil.pid)).toMatch(/^T/), 10_000);
  let answered = false;
  const answer = chainClient(anvil)
    .getBlockNumber()
    .finally(() => {
      answered = true;
    });
  expect(stateOf(anvil.pid)).toMatch(/^T/);
  expect(answered).toBe(false);
  anvil.thaw();
  expect(await answer).toBe(0n);

  anvil.freeze();
  await anvil.kill();
  expect(alive(anvil.pid)).toBe(false);
});

test('dies with its parent, even when that is killed', async () => {
  const module = JSON.stringify(new URL('./anvil.ts', import.meta.url).href);
  const script = `const { startAnvil } = await import(${module}); console.log((await startAnvil()).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(line);
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => {
    expect(alive(pid)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  }, 10_000);
});
