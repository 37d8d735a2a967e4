import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { BUILT_COMMAND } from './command.ts';
import { deployManyTokens, deployToken, mint } from './contracts.ts';
import { hasTerminal, Terminal } from './terminal.ts';

/** What somebody sees who watches a wallet in a terminal. */
const UNIT = 10n ** 18n;
const WIDE = { columns: 110, rows: 24 };

let chain: TestChain;
let app: App;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  app = await startTestApp(chain);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

/** A wallet with some gold, in a terminal. */
async function open(args: readonly string[] = [], options = {}) {
  const owner = await chain.newWallet();
  await mint(chain, gold, owner, 1_234n * UNIT);
  const command = [
    process.execPath,
    BUILT_COMMAND,
    'watch',
    owner,
    '--url',
    app.url,
    '--token',
    gold,
    ...args,
  ];
  return { owner, terminal: new Terminal(command, { ...WIDE, ...options }) };
}

const ESCAPE_OF_A_COLOUR = '\u001b[32m';

describe.skipIf(!hasTerminal())('in a terminal', () => {
  it('shows a table, in which what moves says by how much, and leaves it there when q is pressed', async () => {
    const { owner, terminal: opened } = await open();
    using terminal = opened;
    await terminal.shows(/GOLD .* 1,234 /);
    expect(terminal.isTaken).toBe(true);
    expect(terminal.isCursorShown).toBe(false);
    await terminal.shows(`${owner}   chain ${chain.chainId}`);
    await terminal.shows(/● live {3}block \d+ {3}0 updates/);

    await mint(chain, gold, owner, 2n * UNIT);
    await terminal.shows(/GOLD .* 1,236 +▲ 2 +▲ \d s ago +\d+/);
    expect(terminal.received).toContain(ESCAPE_OF_A_COLOUR);

    terminal.press('q');
    expect(await terminal.exited).toBe(0);
    expect(terminal.isTaken).toBe(false);
    expect(terminal.isCursorShown).toBe(true);
    await terminal.shows(/GOLD .* 1,236 +▲ 2 /);
    await terminal.shows('○ ended');
  });

  it.each([
    ['Ctrl-C', (terminal: Terminal) => terminal.press('\u0003')],
    ['SIGTERM', (terminal: Terminal) => terminal.kill('SIGTERM')],
  ])('%s gives the terminal back as it was, before there is a balance, too', async (_, end) => {
    const command = [process.execPath, BUILT_COMMAND, 'watch', chain.deployer, '--url', 'http://127.0.0.1:9'];
    using terminal = new Terminal(command, WIDE);
    await terminal.shows(/Asking http:\/\/127\.0\.0\.1:9 which chains it serves … \d+ s/);
    await terminal.shows(/[1-9]\d* attempts? failed: the connection failed/);
    end(terminal);
    expect(await terminal.exited).toBe(0);
    expect([terminal.isTaken, terminal.isCursorShown]).toEqual([false, true]);
  });

  it('of more tokens than fit it shows those that moved, fits again when the window is resized', async () => {
    const owner = await chain.newWallet();
    const tokens = await deployManyTokens(chain, 30, { owner });
    const last = tokens.at(-1) as Address;
    const command = [process.execPath, BUILT_COMMAND, 'watch', owner, '--url', app.url];
    const named = tokens.flatMap((token) => ['--token', token]);
    using terminal = new Terminal([...command, ...named], { columns: 110, rows: 12 });
    await terminal.shows('… and 26 more');
    expect(terminal.screen).toHaveLength(12);
    await mint(chain, last, owner, UNIT);
    await terminal.shows(/▲ 1 /);
    expect(terminal.screen[3]).toMatch(/▲ 1 /);

    await terminal.resize(40, 10);
    await terminal.shows('… and 28 more');
    await eventually(() => {
      expect(terminal.screen).toHaveLength(10);
      for (const line of terminal.screen) expect(line.length).toBeLessThanOrEqual(39);
      expect(terminal.screen[2]).toMatch(/^TOKEN +BALANCE/);
    });
    await terminal.resize(110, 50);
    await eventually(() => expect(terminal.screen.join('\n')).not.toContain('more'));
    expect(terminal.screen).toHaveLength(4 + 1 + 32);
  });

  it('says that the server is away, keeps what it knew, and goes on when it is back', async () => {
    const port = new URL(app.url).port;
    const { owner, terminal: opened } = await open();
    using terminal = opened;
    await terminal.shows('● live');
    await app[Symbol.asyncDispose]();
    await terminal.shows(/● stale for \d+ s, \d+ attempts? failed/);
    await terminal.shows(/GOLD .* 1,234 /);
    await mint(chain, gold, owner, UNIT);
    app = await startTestApp(chain, { HTTP_BIND: `127.0.0.1:${port}` });
    await terminal.shows(/GOLD .* 1,235 +▲ 1 /);
    await terminal.shows('● live');
  });

  it('a refusal stays on the screen, with exit code 1', async () => {
    const { terminal: opened } = await open(['--chain', '5']);
    using terminal = opened;
    expect(await terminal.exited).toBe(1);
    expect(terminal.isTaken).toBe(false);
    await terminal.shows('chain 5 is not served (CHAIN_NOT_SERVED)');
  });

  it('has no colours where none are wanted', async () => {
    const { owner, terminal: opened } = await open([], { environment: { NO_COLOR: '1' } });
    using terminal = opened;
    await terminal.shows(/GOLD .* 1,234 /);
    await mint(chain, gold, owner, UNIT);
    await terminal.shows(/▲ 1 /);
    expect(terminal.received).not.toContain(ESCAPE_OF_A_COLOUR);
  });

  it('a terminal that can place no cursor gets lines', async () => {
    const { terminal: opened } = await open([], { environment: { TERM: 'dumb' }, columns: 1_000 });
    using terminal = opened;
    await terminal.shows(/"symbol":"GOLD"/);
    terminal.kill('SIGINT');
    expect(await terminal.exited).toBe(0);
  });
});
