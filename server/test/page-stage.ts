import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { type Address, erc20Abi } from 'viem';
import { expect } from 'vitest';
import { checksum } from '../delivery/address.ts';
import { type Devchain, startDevchain } from '../devchain/devchain.ts';
import { startTokenListServer } from '../devchain/tokenlist-server.ts';
import type { TokenList } from '../devchain/tokens.ts';
import type { Visit } from './browser.ts';
import { ServerProcess } from './server-process.ts';

/** What the page's address may say. */
interface Wish {
  readonly owner?: Address;
  readonly chain?: string;
  readonly list?: string;
  readonly tokens?: string;
}

/**
 * What `npm run dev` runs on, in a test's hands: its chain with its tokens and wallets, its token list, and a server
 * that can be killed and comes back at the same address. Nothing moves unless the test moves it.
 */
export class PageStage implements AsyncDisposable {
  readonly chain: Devchain;
  readonly listUrl: string;
  readonly url: string;
  readonly #environment: Record<string, string>;
  readonly #running: AsyncDisposableStack;
  #server: ServerProcess | undefined;

  private constructor(
    chain: Devchain,
    listUrl: string,
    url: string,
    environment: Record<string, string>,
    running: AsyncDisposableStack,
  ) {
    this.chain = chain;
    this.listUrl = listUrl;
    this.url = url;
    this.#environment = environment;
    this.#running = running;
  }

  static async start(environment: Record<string, string> = {}): Promise<PageStage> {
    await using starting = new AsyncDisposableStack();
    const chain = starting.use(await startDevchain());
    const lists = starting.use(await startTokenListServer(chain.tokenList));
    const { anvil, multicall, weth } = chain;
    const host = `127.0.0.1:${await freePort()}`;
    const all = {
      HTTP_BIND: host,
      CHAINS: `${anvil.chainId}`,
      [`RPC_URLS_${anvil.chainId}`]: `${anvil.wsUrl},${anvil.url}`,
      [`WRAPPED_NATIVE_${anvil.chainId}`]: weth,
      MULTICALL_ADDRESS: multicall,
      ALLOW_PRIVATE_TOKEN_LISTS: 'true',
      RATE_LIMIT_PER_MINUTE: '100000',
      ...environment,
    };
    const stage = new PageStage(chain, lists.url, `http://${host}`, all, starting.move());
    await stage.up();
    return stage;
  }

  /** The server is there, and knows nothing of what it knew before. */
  async up(): Promise<void> {
    this.#server = new ServerProcess(this.#environment);
    await this.#server.url();
  }

  /** The server is gone, in the midst of things. */
  async down(): Promise<void> {
    this.#server?.process.kill('SIGKILL');
    await this.#server?.exited;
  }

  /** The address of the page for a wallet; of the first, with the tokens of the list, unless told otherwise. */
  pageOf({ owner = this.wallet, ...more }: Wish = {}): string {
    const query = { owner, chain: `${this.chain.anvil.chainId}`, list: this.listUrl, ...more };
    return `${this.url}/?${new URLSearchParams(query)}`;
  }

  get wallet(): Address {
    return this.#walletAt(0);
  }

  get otherWallet(): Address {
    return this.#walletAt(1);
  }

  /** From the wallet to the other one, in a block when this settles. */
  async send(token: Address, amount: bigint): Promise<void> {
    const { client } = this.chain;
    const hash = await client.writeContract({
      address: token,
      abi: erc20Abi,
      functionName: 'transfer',
      args: [this.otherWallet, amount],
      account: this.wallet,
    });
    await client.waitForTransactionReceipt({ hash });
  }

  /** What the chain says that the wallet holds. */
  async holding(token: Address): Promise<bigint> {
    return await this.chain.client.readContract({
      address: token,
      abi: erc20Abi,
      functionName: 'balanceOf',
      args: [this.wallet],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    await this.#running.disposeAsync();
  }

  #walletAt(index: number): Address {
    const wallet = this.chain.wallets[index];
    if (!wallet) throw new Error('the embedded chain has too few wallets');
    return wallet;
  }
}

/** The list of the chain with one more token of each address, for as long as the test is: where it can be had. */
export function listWith(list: TokenList, addresses: readonly Address[]): TokenList {
  const more = addresses.map((address, index) => ({
    chainId: list.tokens[0]?.chainId ?? 0,
    address: checksum(address),
    name: `Token number ${index}`,
    symbol: `T${index}`,
    decimals: 0,
    logoURI: 'https://pictures.example/logo.png',
  }));
  return { ...list, tokens: [...list.tokens, ...more] };
}

/** A token's line in the table. */
export function rowOf(page: Page, token: Address): Locator {
  return page.locator(`[data-token="${checksum(token)}"]`);
}

/** The exact balance that a token's line tells, in whole tokens. */
export async function exactAmount(page: Page, token: Address): Promise<string | undefined> {
  const title = await rowOf(page, token).locator('.figure').getAttribute('title');
  return title?.replace('Exactly ', '');
}

export async function symbols(page: Page): Promise<string[]> {
  return page.locator('tbody .symbol').allTextContents();
}

/** Waits until the page says this of its connection. */
export async function connectionIs(page: Page, words: string): Promise<void> {
  await page.locator('.tile', { hasText: 'Connection' }).getByText(words, { exact: true }).waitFor();
}

/** Nothing went wrong on it, and it wanted nothing of strangers. */
export function expectClean({ errors, strangers }: Visit): void {
  expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });
}

/** Kept for people to look at, in a folder that git does not see. */
export async function keepPicture(
  page: Page,
  name: string,
  options: { fullPage?: boolean } = {},
): Promise<void> {
  const folder = fileURLToPath(new URL('../../artifacts', import.meta.url));
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, ...options });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no port could be had');
  return address.port;
}
