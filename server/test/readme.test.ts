import { execFile, execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import { type Address, encodeFunctionData, erc20Abi } from 'viem';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from './app.ts';
import { startBrowser } from './browser.ts';
import { findPython } from './client-process.ts';
import { type Example, readExamples } from './readme/examples.ts';
import {
  bundled,
  folderBeside,
  ROOT,
  type Running,
  runFile,
  runInBrowser,
  runProgram,
  runRequest,
} from './readme/running.ts';
import { startDoor } from './soak/door.ts';

/**
 * Every example of README's "Use it" as it is printed, against what `npm run dev` starts. Only the ports are others:
 * those in README may be taken.
 */
const PRINTED_SERVER = '127.0.0.1:8080';
const PRINTED_NODE = '127.0.0.1:8545';
/** Traffic comes every few seconds, and not all of it is the wallet's. */
const MOVES = { timeout: 90_000, interval: 100 };

const browser = await startBrowser();
const python = findPython();
const curl = hasCurl();
const examples = readExamples();

let dev: Running;
let server: string;
let node: string;
/** The stream of the first example, which a reader leaves open. */
let first: Running;

beforeAll(async () => {
  dev = runProgram('env', ['HTTP_BIND=127.0.0.1:0', process.execPath, 'server/devchain/dev.ts']);
  const addressOf = async (name: string) =>
    await eventually(() => {
      const [, address] = new RegExp(`^ *${name} +http://([^/\\s]+)`, 'm').exec(dev.said()) ?? [];
      expect(address, dev.said()).toBeDefined();
      return address as string;
    });
  [server, node] = [await addressOf('Page'), await addressOf('Node')];
  if (!curl) return;
  first = runProgram('bash', ['-c', asPrinted(only('curl -X POST'))]);
  // Others follow the session that it makes.
  await eventually(() => expect(first.said()).toContain('event: balance_update'));
});
afterAll(async () => {
  await first?.[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
});

const asPrinted = ({ text }: Example, { at = server } = {}) =>
  text.replaceAll(PRINTED_SERVER, at).replaceAll(PRINTED_NODE, node);

/** The one example that says it. */
function only(words: string): Example {
  const found = examples.filter(({ text }) => text.includes(words));
  expect(found, words).toHaveLength(1);
  return found[0] as Example;
}

/** Waits until it has told two amounts of one thing: until that moved. */
async function expectMove({ said }: Pick<Running, 'said'>, amounts: RegExp, least = 2): Promise<void> {
  await vi.waitFor(() => {
    const told = [...said().matchAll(amounts)].map(([, ...groups]) => groups.find(Boolean));
    if (new Set(told).size < least) throw new Error(`not ${least} different ${amounts} in:\n${said()}`);
  }, MOVES);
}

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn('SKIPPED: the curl lines of README. There is no curl here.');
    return false;
  }
}

/** What an example shows of the wallet, of its coin for the most part; keyed by what stands in the example. */
const WALLET = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const OF_THE_WALLET = `"owner":"${WALLET}","token":`;
const OF_DAI = /"symbol":"DAI"\},"spender":"\w+","previousAmount":[^,]+,"amount":"(\d+)"/g;
const MOVED = new Map<string, RegExp>([
  ['curl -X POST', /"0xe{40}":"(\d+)"/g],
  ['new EventSource', /"0xe{40}":"(\d+)"/g],
  ['kind cause balances { token { symbol } formatted }', /"symbol":"ETH"\},"formatted":"([\d.]+)"/g],
  [
    'formatted transactions crossed',
    new RegExp(`${OF_THE_WALLET}{"symbol":"ETH"},"formatted":"([\\d.]+)"`, 'g'),
  ],
  [
    '"changeOver":',
    new RegExp(`${OF_THE_WALLET}{"symbol":"ETH"},"previousAmount":[^,]+,"amount":"(\\d+)"`, 'g'),
  ],
  ['finalized { number hash } reorg', /"head":\{"number":"?(\d+)/g],
  ["from 'graphql-sse'", /"symbol":"ETH"\},"formatted":"([\d.]+)"/g],
  ["from 'ws'", /symbol: 'ETH'[^{}]*rawBalance: '(\d+)'|rawBalance: '(\d+)'[^{}]*symbol: 'ETH'/g],
  ['import json, websocket', /"rawBalance":"(\d+)"/g],
  ['transactions);\n', / ETH \S+ → ([\d.]+)/g],
  ['unsubscribe()', /^\d+n ([\d.]+)$/gm],
  ["top up!' : ''", /^0x70997970C51812dc3A010C7d01b50e0d17dc79C8 ([\d.]+)/gm],
  ['<BalancesProvider', /^([\d.]+) ETHETH \1WETH/gm],
  ['<LiveBalances', /^([1-9][\d.]*) ETH/gm],
  ['npm run --silent watch', /"token":"0xE{40}".*?"now":"(\d+)"/gi],
]);
const movedBy = ({ text }: Example): RegExp | undefined =>
  [...MOVED].find(([words]) => text.includes(words))?.[1];

/** Those that have a test of their own below. */
const APART = ['directRpc(', "at: 'FINALIZED'"];
const isApart = ({ text }: Example) => APART.some((words) => text.includes(words));

describe.concurrent('an example of README', { timeout: MOVES.timeout + 60_000 }, () => {
  const named = examples
    .filter((example) => !isApart(example) && example.language !== 'graphql')
    .map((example, index) => [`${example.section} (${index + 1}, ${example.language})`, example] as const);

  it.for(named)('%s runs as it is printed, and shows a balance that moves', async ([, example], { skip }) => {
    const moves = movedBy(example);
    if (!moves) throw new Error(`what does this show?\n${example.text}`);
    if (example.text.startsWith('curl -X POST')) {
      if (!curl) return skip();
      await expectMove(first, moves);
      return;
    }
    const start = starterOf(example);
    if (!start) return skip();
    await using running = await start();
    await expectMove(running, moves);
  });

  it
    .skipIf(!curl)
    .for(
      examples
        .filter(({ language }) => language === 'graphql')
        .map((example) => [example.section, example] as const),
    )('%s: its operations are answered, in their order, and tell of what moves', async ([, { text }]) => {
    for (const definition of parse(text).definitions) {
      if (definition.kind !== 'OperationDefinition') throw new Error(`what is ${definition.kind}?`);
      const operationName = definition.name?.value;
      const accept = definition.operation === 'subscription' ? 'text/event-stream' : 'application/json';
      const request = {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: text, operationName }),
      };
      await using answer = await runRequest(`http://${server}/graphql`, request);
      if (definition.operation !== 'subscription') {
        await eventually(() => expect(JSON.parse(answer.said())).toEqual({ data: expect.any(Object) }));
      } else if (text.includes('allowances {')) {
        await expectMove(answer, OF_DAI, 1);
        for (const amount of [1n, 2n]) await approve(amount);
        await expectMove(answer, OF_DAI);
      } else await expectMove(answer, /"symbol":"ETH"\}[^{}]*?"amount":"(\d+)"/g);
    }
  });

  it('TypeScript: a node of your own stands in while the server is away', async () => {
    await using door = await startDoor({ url: `http://${server}` });
    const example = only('directRpc(');
    await using running = await runFile(
      process.execPath,
      'example.ts',
      asPrinted(example, { at: new URL(door.url).host }),
    );
    await expectMove(running, /^live via service ([\d.]+)$/gm, 1);
    await door[Symbol.asyncDispose]();
    await expectMove(running, /^live via rpc ([\d.]+)$/gm);
  });

  it('TypeScript: changes are held until they are final', async () => {
    await using running = await runFile(process.execPath, 'example.ts', asPrinted(only("at: 'FINALIZED'")));
    await vi.waitFor(
      async () => {
        // Two minutes of blocks.
        await rpc('anvil_mine', ['0x50']);
        expect(running.said()).toMatch(/^final: \w+ [\d.]+ \[/m);
      },
      { ...MOVES, interval: 3_000 },
    );
  });

  it('TypeScript and React: they compile as they are printed, strictly', async () => {
    const typed = examples.filter(({ language }) => language === 'ts' || language === 'tsx');
    expect(typed.length).toBeGreaterThan(5);
    const folder = await folderBeside();
    try {
      const files = await Promise.all(
        typed.map(async ({ language, text }, index) => {
          const name = `example-${index}.${language}`;
          await writeFile(join(folder, name), text);
          return name;
        }),
      );
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: 'es2024',
        module: 'nodenext',
        jsx: 'react-jsx',
        types: ['node'],
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const complaints = await promisify(execFile)(process.execPath, [tsc, '--pretty', 'false'], {
        cwd: folder,
      }).then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout,
      );
      expect(complaints).toBe('');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** How to run it; undefined where what it takes is not here. */
function starterOf(example: Example): (() => Promise<Running>) | undefined {
  const { language, introduction } = example;
  const text = asPrinted(example);
  const [, name = `example.${language}`] = /\bin `([\w.]+\.\w+)`/.exec(introduction) ?? [];
  switch (language) {
    case 'sh':
      return text.startsWith('curl') && !curl ? undefined : async () => runProgram('bash', ['-c', text]);
    case 'python':
      return python === undefined ? undefined : () => runFile(python, name, text);
    case 'ts':
      return () => runFile(process.execPath, name, text);
    case 'js':
      if (text.includes('import ')) return () => runFile(process.execPath, name, text);
      return browser && (() => runInBrowser(browser, text, [`http://${server}`]));
    case 'tsx':
      return (
        browser &&
        (async () => runInBrowser(browser, await bundled(name, text), [`http://${server}`, `http://${node}`]))
      );
    default:
      throw new Error(`how is ${language || 'this'} run?\n${text}`);
  }
}

/** Lets the spender of the example take so much of the wallet's DAI. */
async function approve(amount: bigint): Promise<void> {
  const [, to] = /customTokens: \["(0x\w+)"\]/.exec(only('mutation Spenders').text) ?? [];
  const [, spender] = /spenders: \["(0x\w+)"\]/.exec(only('mutation Spenders').text) ?? [];
  const data = encodeFunctionData({
    abi: erc20Abi,
    functionName: 'approve',
    args: [spender as Address, amount],
  });
  await rpc('eth_sendTransaction', [{ from: WALLET, to, data }]);
}

async function rpc(method: string, params: readonly unknown[]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  await fetch(`http://${node}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}
