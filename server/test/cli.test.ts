import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../client/package.json' with { type: 'json' };
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { BUILT_COMMAND, Command } from './command.ts';
import { deployToken, mint, pay } from './contracts.ts';
import { findOldNode } from './old-node.ts';

/** The command as it is published, without a terminal: in a script, a pipe, a container. */
const oldNode = findOldNode();
const STRANGER = '0x00000000000000000000000000000000000000aa';

let chain: TestChain;
let app: App;
let gold: Address;
let owner: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  app = await startTestApp(chain);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const watch = async (args: readonly string[] = [], node?: string) => {
  owner = await chain.newWallet();
  await mint(chain, gold, owner, 5n);
  return new Command(['watch', owner, '--url', app.url, '--token', gold, ...args], { node });
};

describe.each([
  ['the Node of this repository', undefined, true],
  ['Node 20', oldNode, oldNode !== undefined],
] as const)('under %s', (_, node, isHere) => {
  it.skipIf(!isHere)(
    'prints what the wallet holds, then each change, exactly, as a line of JSON',
    async () => {
      using command = await watch([], node);
      const snapshot = await command.lines(3);
      expect(snapshot.map(({ kind, previous }) => [kind, previous])).toEqual(
        Array.from({ length: 3 }, () => ['snapshot', null]),
      );
      expect(snapshot.find(({ token }) => token.toLowerCase() === NATIVE)).toMatchObject({
        symbol: 'ETH',
        now: `${10n ** 19n}`,
        formatted: '10',
      });

      const minted = await mint(chain, gold, owner, 3n * 10n ** 18n);
      const { blockHash } = await chain.client.getTransactionReceipt({ hash: minted });
      const [change] = (await command.lines(4)).slice(3);
      expect(change).toEqual({
        kind: 'change',
        cause: 'EVENT',
        chainId: chain.chainId,
        token: expect.stringMatching(new RegExp(gold, 'i')),
        symbol: 'GOLD',
        decimals: 18,
        previous: '5',
        now: '3000000000000000005',
        formatted: '3.000000000000000005',
        status: 'OK',
        reason: null,
        block: {
          number: expect.any(Number),
          hash: blockHash,
          timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        },
        transactions: [minted],
      });

      command.process.kill('SIGTERM');
      expect(await command.exited).toBe(0);
      expect(command.errors).toMatch(/^(balance-stream: .*\n)+$/);
      expect(command.errors).toContain('balance-stream: live\n');
    },
  );
});

it('ends quietly when whoever reads it has seen enough, as `head -1` has', async () => {
  owner = await chain.newWallet();
  const script = `'${process.execPath}' '${BUILT_COMMAND}' watch ${owner} --url ${app.url} --token ${gold} 2>errors | head -1; echo "exit \${PIPESTATUS[0]}"; cat errors; rm errors`;
  const shell = spawn('bash', ['-c', `cd "$(mktemp -d)"; ${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  shell.stdout.on('data', (text) => {
    said += text;
  });
  // What is written to a closed pipe comes with the next change.
  const ended = once(shell, 'close');
  const paying = (async () => {
    while (shell.exitCode === null) {
      await pay(chain, { from: chain.deployer, to: owner, amount: 1n });
      await eventually(() => undefined);
    }
  })();
  await Promise.all([ended, paying]);
  const [line, code, ...errors] = said.trimEnd().split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ kind: 'snapshot' });
  expect(code).toBe('exit 0');
  for (const error of errors) expect(error).toMatch(/^balance-stream: /);
});

it('says when the server is away, comes back by itself, and repeats nothing', async () => {
  const port = new URL(app.url).port;
  using command = await watch();
  await command.lines(3);
  await app[Symbol.asyncDispose]();
  await eventually(() => expect(command.errors).toContain('balance-stream: stale: '));
  const hash = await mint(chain, gold, owner, 1n);
  app = await startTestApp(chain, { HTTP_BIND: `127.0.0.1:${port}` });
  const lines = (await command.lines(4)).slice(3);
  expect(lines.filter(({ symbol }) => symbol === 'GOLD')).toMatchObject([
    { kind: 'change', previous: '5', now: '6', block: { hash: expect.any(String) } },
  ]);
  expect(hash).toMatch(/^0x/);
  await eventually(() => expect(command.errors.trimEnd().split('\n').at(-1)).toBe('balance-stream: live'));
  command.process.kill('SIGINT');
  expect(await command.exited).toBe(0);
});

it('waits for a server that is not there yet, and ends when told to', async () => {
  using command = new Command(['watch', STRANGER, '--url', 'http://127.0.0.1:9']);
  await eventually(() => expect(command.errors).toContain('the connection failed'));
  command.process.kill('SIGINT');
  expect(await command.exited).toBe(0);
  expect(command.output).toBe('');
});

it('takes the address of the server and the key from the environment, and is refused without', async () => {
  await using keyed = await startTestApp(chain, { API_KEYS: 'of-the-desk' });
  const environment = { BALANCE_STREAM_URL: keyed.url };
  using refused = new Command(['watch', STRANGER, '--chain', `${chain.chainId}`], { environment });
  expect(await refused.exited).toBe(1);
  expect(refused.errors).toContain('(UNAUTHENTICATED)');

  using known = new Command(['watch', STRANGER], {
    environment: { ...environment, BALANCE_STREAM_API_KEY: 'of-the-desk' },
  });
  await known.lines(2);
  using named = new Command(['watch', STRANGER, '--api-key', 'of-the-desk'], { environment });
  await named.lines(2);
});

it('a chain that is not served is refused with exit code 1', async () => {
  using command = new Command(['watch', STRANGER, '--url', app.url, '--chain', '5']);
  expect(await command.exited).toBe(1);
  expect(command.errors).toContain('(CHAIN_NOT_SERVED)');
});

it.each([
  [[], 'say what to do: watch <owner>'],
  [['wach', STRANGER], "there is no command 'wach'"],
  [['watch'], 'say which wallet'],
  [['watch', 'vitalik.eth'], "<owner>: expected an address (0x and 40 hex digits), not 'vitalik.eth'"],
  [['watch', STRANGER, STRANGER], 'watch takes one wallet'],
  [['watch', STRANGER, '--chain', 'mainnet'], "--chain: expected a chain id, as 1, not 'mainnet'"],
  [['watch', STRANGER, '--token', 'USDC'], "--token: expected an address (0x and 40 hex digits), not 'USDC'"],
  [['watch', STRANGER, '--list', 'list.json'], '--list: expected an address that begins with https://'],
  [['watch', STRANGER, '--url', '127.0.0.1:8080'], '--url: expected an address that begins with https://'],
  [['watch', STRANGER, '--tokens'], "Unknown option '--tokens'"],
  [['watch', STRANGER, '--chain'], "'--chain <value>' argument missing"],
])('%j makes no sense, and it says why, with exit code 2', async (args, complaint) => {
  using command = new Command(args);
  expect(await command.exited).toBe(2);
  expect(command.errors).toContain(complaint);
  expect(command.output).toBe('');
});

it('--help tells of every option and exit code, --version which it is', async () => {
  using help = new Command(['--help']);
  expect(await help.exited).toBe(0);
  for (const word of ['--chain', '--token', '--list', '--url', '--api-key', '--json', 'Exit codes'])
    expect(help.output).toContain(word);
  expect(help.errors).toBe('');
  using version = new Command(['--version']);
  expect(await version.exited).toBe(0);
  expect(version.output).toBe(`${manifest.version}\n`);
});
