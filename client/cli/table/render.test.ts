import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BalancesError } from '../../errors.ts';
import { type BalancesState, fold, unknown, type WatchStatus } from '../../state.ts';
import type { Address, Block, WatchedBalance } from '../../types.ts';
import { readable } from './amounts.ts';
import { render, type View } from './render.ts';
import { nextRows, type Rows } from './rows.ts';
import { painted, widthOf } from './text.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const START = new Date('2026-01-01T00:00:00Z');
const WIDE = { columns: 120, rows: 40 };
const address = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`;
const block = (number: bigint): Block => ({ number, hash: '0xaa', timestamp: '2026-01-01T00:00:00Z' });
const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);

interface Told {
  readonly symbol: string;
  readonly amount: bigint | null;
  readonly decimals?: number | null;
  readonly reason?: string;
}

/** Balances of tokens, each at the address of its place. */
function balances(told: readonly Told[], at = 1n): WatchedBalance[] {
  return told.map(({ symbol, amount, decimals = 0, reason = null }, index) => ({
    chainId: 1,
    owner: OWNER,
    token: {
      chainId: 1,
      address: address(index),
      symbol,
      name: null,
      decimals,
      logoURI: null,
      native: index === 0,
    },
    amount,
    formatted: null,
    previousAmount: null,
    transactions: [],
    block: block(at),
    status: amount === null ? 'UNREADABLE' : 'OK',
    reason,
  }));
}

/** What the table has become after a snapshot and further updates, one every ten seconds. */
function following(...updates: readonly (readonly WatchedBalance[])[]): Rows {
  let rows: Rows = new Map();
  let state: BalancesState = unknown();
  for (const [index, told] of updates.entries()) {
    const kind = index === 0 ? 'SNAPSHOT' : 'DIFF';
    const [first] = told;
    state = fold(state, {
      kind,
      cause: 'EVENT',
      block: first?.block ?? block(1n),
      balances: told,
      allowances: [],
      removed: [],
      via: 'service',
    });
    rows = nextRows(rows, state, after(index * 10));
  }
  return rows;
}

const LIVE: WatchStatus = {
  state: 'live',
  since: START,
  head: block(7n),
  lastUpdate: START,
  retries: 0,
  error: null,
  via: 'service',
};

function view(news: Partial<View> = {}): View {
  return {
    owner: OWNER,
    chainId: 1,
    server: 'http://127.0.0.1:8080',
    rows: new Map(),
    status: LIVE,
    updates: 0,
    startedAt: START,
    now: after(12),
    waitingFor: 'Reading 3 tokens on chain 1',
    ended: false,
    ...news,
  };
}

const shown = (news: Partial<View> = {}, size = WIDE) =>
  render(view(news), size).map((line) => stripVTControlCharacters(painted(line, true)).trimEnd());

const ETH = { symbol: 'ETH', decimals: 18 };

describe('a table', () => {
  it('before there is a balance says what it waits for, for how long, and what stands in the way', () => {
    const status = { ...LIVE, state: 'connecting', head: null } as const;
    expect(shown({ status }).slice(2)).toEqual([
      'Reading 3 tokens on chain 1 … 12 s',
      '',
      '○ connecting   0 updates   q ends   http://127.0.0.1:8080',
    ]);
    const error = new BalancesError('CONNECTION_FAILED', 'nobody is there');
    expect(shown({ status: { ...status, retries: 2, error } })).toContain(
      '2 attempts failed: nobody is there',
    );
  });

  it('shows what changed since it began, which way it went last, and when', () => {
    const rows = following(
      balances([
        { ...ETH, amount: 10n ** 18n },
        { symbol: 'USDC', amount: 500n },
        { symbol: 'DAI', amount: 7n },
      ]),
      balances([{ ...ETH, amount: 3n * 10n ** 18n }], 2n),
      balances([{ ...ETH, amount: 25n * 10n ** 17n }], 3n),
    );
    expect(shown({ rows, now: after(25) }).slice(2, 6)).toEqual([
      'TOKEN   ADDRESS       BALANCE   SINCE START   LAST CHANGE   BLOCK',
      'ETH                       2.5         ▲ 1.5     ▼ 5 s ago       3',
      'USDC    0x0000…0001       500                                   1',
      'DAI     0x0000…0002         7                                   1',
    ]);
    const [, , , row = []] = render(view({ rows, now: after(25) }), WIDE);
    expect(row.find(({ text }) => text.includes('▲'))?.paint).toBe('green');
    // An hour later a clock says more than a count of minutes.
    expect(shown({ rows, now: after(20 + 3_599) })[3]).toContain('▼ 59 min ago');
    expect(shown({ rows, now: after(20 + 3_600) })[3]).toMatch(/▼ \d\d:\d\d:20 /);
  });

  it('what goes back to where it began shows no change since, but that it moved', () => {
    const [before, moved] = [balances([{ ...ETH, amount: 1n }]), balances([{ ...ETH, amount: 2n }], 2n)];
    const rows = following(before, moved, before);
    expect(shown({ rows, now: after(21) })[3]).toMatch(/^ETH +<0\.000001 +▼ 1 s ago +1$/);
  });

  it('a token that cannot be read says so, and counts from when it could', () => {
    const broken = balances([{ symbol: 'BAD', amount: null, reason: 'no contract' }]);
    expect(shown({ rows: following(broken) })[3]).toContain('unreadable: no contract');
    const read = balances([{ symbol: 'BAD', amount: 5n }], 2n);
    expect(shown({ rows: following(broken, read) })[3]).toMatch(/^BAD +5 +2$/);
  });

  it('leaves out columns where the terminal is narrow, and cuts what is still too wide', () => {
    const rows = following(balances([{ ...ETH, amount: 1_234_567n * 10n ** 18n }]));
    const titles = (columns: number) => shown({ rows }, { columns, rows: 20 })[2]?.split(/ {2,}/);
    expect(titles(80)).toEqual(['TOKEN', 'ADDRESS', 'BALANCE', 'SINCE START', 'LAST CHANGE', 'BLOCK']);
    expect(titles(58)).toEqual(['TOKEN', 'BALANCE', 'SINCE START', 'LAST CHANGE', 'BLOCK']);
    expect(titles(48)).toEqual(['TOKEN', 'BALANCE', 'SINCE START', 'LAST CHANGE']);
    expect(titles(34)).toEqual(['TOKEN', 'BALANCE', 'SINCE START']);
    expect(titles(20)).toEqual(['TOKEN', 'BALANCE']);
    for (let columns = 1; columns < 130; columns++)
      for (const line of shown({ rows }, { columns, rows: 20 }))
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
    // How to get out of it is said before the server's address, of which there is no room for all.
    expect(shown({ rows }, { columns: 50, rows: 20 }).at(-1)).toMatch(/q ends {3}http:.*…$/);
  });

  it('of more than fit it shows what moved last, then what is held most of, and how many more there are', () => {
    const many = Array.from({ length: 50 }, (_, index) => ({ symbol: `T${index}`, amount: BigInt(index) }));
    const all = balances(many);
    const moved = balances([...many.slice(0, 3), { symbol: 'T3', amount: 99n }], 2n).slice(3);
    const rows = following(all, moved);
    const lines = shown({ rows }, { columns: 100, rows: 10 });
    expect(lines).toHaveLength(10);
    expect(lines.slice(3, 7).map((line) => line.split(' ')[0])).toEqual(['T3', 'T49', 'T48', 'T47']);
    expect(lines[7]).toBe('… and 46 more');
    // With room for all they keep their places.
    expect(shown({ rows }, { columns: 100, rows: 60 }).slice(3, 5).join()).toMatch(/^T0 .*,T1 /);
    for (let height = 1; height < 70; height++)
      expect(shown({ rows }, { columns: 100, rows: height }).length).toBeLessThanOrEqual(height);
  });

  it('says for how long it has been out of date', () => {
    const error = new BalancesError('CONNECTION_FAILED', 'gone');
    const status = { ...LIVE, state: 'stale', retries: 1, error } as const;
    const rows = following(balances([{ ...ETH, amount: 1n }]));
    expect(shown({ rows, status, updates: 1 }).at(-1)).toBe(
      '● stale for 12 s, 1 attempt failed   block 7   1 update   q ends   http://127.0.0.1:8080',
    );
  });

  it('a token cannot command the terminal by its name', () => {
    const symbol = '\u001b[2J\u009b2J\u202eEVIL\u0007\r\n';
    const reason = '\u001b]0;title\u0007';
    const lines = render(view({ rows: following(balances([{ symbol, amount: null, reason }])) }), WIDE);
    const text = lines.map((line) => painted(line, false)).join('');
    expect(text).toMatch(/\[2J2JEVIL/);
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('wide characters take their room', () => {
    const told = [
      { symbol: '文文', amount: 1n },
      { symbol: '🚀', amount: 2n },
      { symbol: 'é', amount: 3n },
    ];
    const [titles = '', ...lines] = shown({ rows: following(balances(told)) }).slice(2, 6);
    const columnsOf = (line: string, text: string) =>
      widthOf(line.slice(0, line.indexOf(text) + text.length));
    expect(lines.map((line, index) => columnsOf(line, ` ${index + 1} `) - 1)).toEqual(
      lines.map(() => columnsOf(titles, 'BALANCE')),
    );
  });
});

it.each([
  [0n, 18, '0'],
  [1n, 18, '<0.000001'],
  [10n ** 12n, 18, '0.000001'],
  [1_999_999_999_999n, 18, '0.000001'],
  [1_234_567_890n, 6, '1,234.56789'],
  [1_234_567n, 0, '1,234,567'],
  [1_234_567n, null, '1,234,567'],
  [-1_500n, 3, '-1.5'],
  [2n ** 256n - 1n, 0, '1.157e+77'],
])('%s with %s decimals reads %s', (amount, decimals, text) => expect(readable(amount, decimals)).toBe(text));
