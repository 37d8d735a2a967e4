import { type Address, encodeFunctionData, parseEther } from 'viem';
import { type Anvil, type Mining, startAnvil } from './anvil.ts';
import { type ChainClient, chainClient } from './client.ts';
import { artifact } from './contracts/artifacts.ts';
import { type Genesis, layGenesis, succeeded } from './genesis.ts';
import { TOKENS, type TokenKey, type TokenList, tokenList, WETH } from './tokens.ts';

/** A chain to try things on: real contracts at addresses that never change, and wallets that hold some of all. */
export interface Devchain extends Genesis, AsyncDisposable {
  readonly anvil: Anvil;
  readonly client: ChainClient;
  readonly tokens: Readonly<Record<TokenKey, Address>>;
  /** Of `tokens` and WETH. */
  readonly tokenList: TokenList;
}

export interface DevchainOptions {
  /** Default 0: any free one. */
  readonly port?: number | undefined;
  /** Once everything is in place; default `auto`. An interval is one of whole seconds. */
  readonly mining?: Mining | undefined;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
}

const WALLETS = 4;
const MINT_GAS = 200_000n;

export async function startDevchain(options: DevchainOptions = {}): Promise<Devchain> {
  const { port, mining = 'auto', signal } = options;
  await using starting = new AsyncDisposableStack();
  const anvil = starting.use(await startAnvil({ port, signal, mining: 'manual' }));
  const client = chainClient(anvil);
  const { genesis, contracts } = await layGenesis(client, Object.values(TOKENS));
  const wallets = genesis.wallets.slice(0, WALLETS);
  const tokens = Object.fromEntries(Object.keys(TOKENS).map((key, i) => [key, contracts[i]])) as Record<
    TokenKey,
    Address
  >;
  await endow(client, { ...genesis, wallets }, tokens);
  signal?.throwIfAborted();
  if (mining === 'auto') await client.setAutomine(true);
  else if (mining !== 'manual') await client.setIntervalMining({ interval: mining.everyMs / 1000 });

  const keys = Object.keys(TOKENS) as TokenKey[];
  const running = starting.move();
  return {
    ...genesis,
    wallets,
    anvil,
    client,
    tokens,
    tokenList: tokenList(anvil.chainId, [
      { ...WETH, address: genesis.weth },
      ...keys.map((key) => ({ ...TOKENS[key], address: tokens[key] })),
    ]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Gives every wallet some of every token, the later ones more, and has each wrap some of its coin. */
async function endow(client: ChainClient, { deployer, weth, wallets }: Genesis, tokens: Devchain['tokens']) {
  let nonce = await client.getTransactionCount({ address: deployer });
  const mints = (Object.keys(TOKENS) as TokenKey[]).flatMap((key) =>
    wallets.map((wallet, index) => {
      const { contract, endowment } = TOKENS[key];
      const data = encodeFunctionData({
        abi: artifact(contract).abi,
        functionName: 'mint',
        args: [wallet, endowment * BigInt(index + 1)],
      });
      return { account: deployer, to: tokens[key], data, nonce: nonce++, gas: MINT_GAS };
    }),
  );
  const wraps = wallets.map((wallet, index) => ({
    account: wallet,
    to: weth,
    value: parseEther('5') * BigInt(index + 1),
    nonce: 0,
    gas: MINT_GAS,
  }));
  const hashes = await Promise.all([...mints, ...wraps].map((tx) => client.sendTransaction(tx)));
  await client.mine({ blocks: 1 });
  await succeeded(client, hashes);
}
