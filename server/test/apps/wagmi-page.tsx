import { createBalancesClient } from '@balance-stream/client';
import { LiveBalances } from '@balance-stream/client/wagmi';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Address, defineChain, erc20Abi, formatUnits } from 'viem';
import { createConfig, http, useBalance, useReadContract, useReadContracts, WagmiProvider } from 'wagmi';

export interface WagmiConfig {
  readonly server: string;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly owner: Address;
  readonly tokens: readonly Address[];
  /** A block that one of the queries is pinned to. */
  readonly past: string;
}

const { server, chainId, rpcUrl, owner, tokens, past } = (globalThis as unknown as { config: WagmiConfig })
  .config;

const chain = defineChain({
  id: chainId,
  name: 'Test',
  nativeCurrency: { name: 'Testcoin', symbol: 'TST', decimals: 18 },
  rpcUrls: { default: { http: [rpcUrl] } },
});
const config = createConfig({ chains: [chain], transports: { [chain.id]: http() } });
// What was read once is never read again.
const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: 1, retryDelay: 50 } },
});
const client = createBalancesClient({ url: server });

/** An application as there are many; of balance-stream it knows nothing. */
function Wallet() {
  const [isShown, setIsShown] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setIsShown(!isShown)}>
        {isShown ? 'hide' : 'show'}
      </button>
      {isShown && <Balances />}
    </>
  );
}

function Balances() {
  const [token] = tokens;
  const native = useBalance({ address: owner });
  const balanceOf = { abi: erc20Abi, address: token, functionName: 'balanceOf', args: [owner] } as const;
  const held = useReadContract(balanceOf);
  const pinned = useReadContract({ ...balanceOf, blockNumber: BigInt(past) });
  const many = useReadContracts({ contracts: tokens.map((address) => ({ ...balanceOf, address })) });
  return (
    <dl>
      <dt>native</dt>
      <dd id="native">
        {native.data && `${formatUnits(native.data.value, native.data.decimals)} ${native.data.symbol}`}
      </dd>
      <dt>token</dt>
      <dd id="token">{held.data?.toString()}</dd>
      <dt>pinned</dt>
      <dd id="pinned">{pinned.data?.toString()}</dd>
      <dt>many</dt>
      <dd id="many">{many.data?.map(({ result }) => result?.toString() ?? 'none').join(' ')}</dd>
    </dl>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('there is no root');
createRoot(root).render(
  <StrictMode>
    <WagmiProvider config={config}>
      <QueryClientProvider client={queryClient}>
        <LiveBalances client={client} />
        <Wallet />
      </QueryClientProvider>
    </WagmiProvider>
  </StrictMode>,
);
