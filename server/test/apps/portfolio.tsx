import type { Address } from '@balance-stream/client';
import {
  BalancesProvider,
  type UseBalancesResult,
  useBalance,
  useBalances,
  useBalancesClient,
  useBalancesStatus,
} from '@balance-stream/client/react';
import { memo, type ReactNode, StrictMode, useState } from 'react';

type Balance = NonNullable<ReturnType<typeof useBalance>>;

export interface PortfolioConfig {
  readonly server: string;
  readonly chainId: number;
  readonly owners: readonly Address[];
  readonly tokens: readonly Address[];
  /** The number of the wallet in the beginning; default: none. */
  readonly connected?: number;
  /** Default: 5,000. */
  readonly lingerMs?: number;
}

/** How often a component rendered, by name. */
export const renders: Record<string, number> = {};
const rendered = (name: string) => {
  renders[name] = (renders[name] ?? 0) + 1;
};

/** A portfolio in the two ways there are: rows that are given a balance, and rows that ask for theirs. */
export function App({ config }: { config: PortfolioConfig }): ReactNode {
  const [page, setPage] = useState<'list' | 'rows' | 'settings'>('list');
  const [connected, setConnected] = useState(config.connected);
  const owner = connected === undefined ? undefined : config.owners[connected];
  const shown = { chainId: config.chainId, owner, tokens: config.tokens };
  return (
    <StrictMode>
      <BalancesProvider
        url={config.server}
        {...(config.lingerMs !== undefined && { lingerMs: config.lingerMs })}
      >
        {(['list', 'rows', 'settings'] as const).map((name) => (
          <button type="button" key={name} onClick={() => setPage(name)}>
            {name}
          </button>
        ))}
        {config.owners.map((wallet, index) => (
          <button type="button" key={wallet} onClick={() => setConnected(index)}>
            wallet {index}
          </button>
        ))}
        <button type="button" onClick={() => setConnected(undefined)}>
          disconnect
        </button>
        {page === 'list' && <List {...shown} />}
        {page === 'rows' && <Rows {...shown} />}
        {page === 'settings' && <p>Nothing to see.</p>}
        {page !== 'settings' && <Head chainId={config.chainId} />}
      </BalancesProvider>
    </StrictMode>
  );
}

/** Calls the client itself, where it is pressed. */
function Head({ chainId }: { chainId: number }) {
  const client = useBalancesClient();
  const [head, setHead] = useState<bigint>();
  const read = async () => {
    for await (const { head } of client.watchChain(chainId)) {
      setHead(head.number);
      break;
    }
  };
  return (
    <button type="button" onClick={read}>
      head {head?.toString()}
    </button>
  );
}

interface Shown {
  readonly chainId: number;
  readonly owner: Address | undefined;
  readonly tokens: readonly Address[];
}

function List({ chainId, owner, tokens }: Shown) {
  // Neither how an address is written nor the order of tokens is the same twice.
  const [times, setTimes] = useState(0);
  const asked = times % 2 ? tokens : tokens.map(upperCase).reverse();
  const { balances, status } = useBalances({ chainId, owner, customTokens: [...asked] });
  rendered('List');
  return (
    <main>
      <button type="button" onClick={() => setTimes(times + 1)}>
        again
      </button>
      <Status status={status} />
      <ul>
        {[...balances].map(([token, balance]) => (
          <ListRow key={token} balance={balance} />
        ))}
      </ul>
    </main>
  );
}

const ListRow = memo(({ balance }: { balance: Balance }) => {
  rendered(balance.token.address.toLowerCase());
  return <Amount token={balance.token.address} balance={balance} />;
});

function Rows({ chainId, owner, tokens }: Shown) {
  rendered('Rows');
  return (
    <main>
      <StatusLine chainId={chainId} owner={owner} />
      <ul>
        {tokens.map((token) => (
          <Row key={token} chainId={chainId} owner={owner} token={token} />
        ))}
      </ul>
    </main>
  );
}

function Row({ chainId, owner, token }: { chainId: number; owner: Address | undefined; token: Address }) {
  const balance = useBalance({ chainId, owner, token });
  rendered(token.toLowerCase());
  if (balance && balance.owner.toLowerCase() !== owner) rendered("another wallet's balance");
  return <Amount token={token} balance={balance} />;
}

function StatusLine({ chainId, owner }: { chainId: number; owner: Address | undefined }) {
  return <Status status={useBalancesStatus({ chainId, owner })} />;
}

function Status({ status: { state, since } }: { status: UseBalancesResult['status'] }) {
  return (
    <p role="status" title={since.toISOString()}>
      {state}
    </p>
  );
}

function Amount({ token, balance }: { token: Address; balance: Balance | undefined }) {
  return <li data-token={token.toLowerCase()}>{balance?.formatted ?? '…'}</li>;
}

const upperCase = (address: Address): Address => `0x${address.slice(2).toUpperCase()}`;
