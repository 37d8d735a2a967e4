import { type Address, encodeDeployData, getContractAddress, type Hash } from 'viem';
import type { ChainClient } from './client.ts';
import { artifact, type ContractName } from './contracts/artifacts.ts';
import { MULTICALL3_ADDRESS, multicall3Code } from './contracts/multicall3.ts';

/** What every chain of ours begins with. */
export interface Genesis {
  readonly multicall: Address;
  readonly weth: Address;
  /** Deploys, and owns nothing otherwise. */
  readonly deployer: Address;
  /** Unlocked, with 10,000 of the native coin each. */
  readonly wallets: readonly Address[];
}

export interface Deployment {
  readonly contract: ContractName;
  readonly args?: readonly unknown[];
}

const DEPLOY_GAS = 3_000_000n;

/**
 * Multicall3 at its canonical address and WETH9, in the first block, with more contracts as wanted. The deployer's
 * nonces decide the addresses, so the same deployments are always at the same ones. Expects an anvil without a
 * block yet, mining `manual`.
 */
export async function layGenesis(
  client: ChainClient,
  deployments: readonly Deployment[] = [],
): Promise<{ genesis: Genesis; contracts: readonly Address[] }> {
  const code = multicall3Code();
  const [accounts] = await Promise.all([
    client.getAddresses(),
    client.setCode({ address: MULTICALL3_ADDRESS, bytecode: code }),
  ]);
  const [deployer, ...wallets] = accounts.map((account) => account.toLowerCase() as Address);
  if (!deployer) throw new Error('anvil has no accounts');
  const all: readonly Deployment[] = [{ contract: 'WETH9' }, ...deployments];
  const hashes = await Promise.all(
    all.map(({ contract, args = [] }, nonce) =>
      client.sendTransaction({
        account: deployer,
        nonce,
        gas: DEPLOY_GAS,
        data: encodeDeployData({ ...artifact(contract), args }),
      }),
    ),
  );
  await client.mine({ blocks: 1 });
  await succeeded(client, hashes);
  const [weth, ...contracts] = all.map(
    (_, nonce) => getContractAddress({ from: deployer, nonce: BigInt(nonce) }).toLowerCase() as Address,
  );
  if (!weth) throw new Error('WETH9 has no address');
  return { genesis: { multicall: MULTICALL3_ADDRESS, weth, deployer, wallets }, contracts };
}

/** Throws unless all of these transactions are in a block and did what they were for. */
export async function succeeded(client: ChainClient, hashes: readonly Hash[]): Promise<void> {
  const receipts = await Promise.all(hashes.map((hash) => client.getTransactionReceipt({ hash })));
  const failed = receipts.find((receipt) => receipt.status !== 'success');
  if (failed) throw new Error(`Transaction ${failed.transactionHash} reverted`);
}
