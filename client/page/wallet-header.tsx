import type { UseBalancesResult } from '@balance-stream/client/react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { CopyButton } from './copy-button.tsx';
import { Identicon } from './identicon.tsx';
import type { ServedChain } from './server.ts';
import type { Wish } from './wish.ts';
import { shortHex } from './words.ts';

interface WalletHeaderProps {
  readonly wish: Wish;
  readonly chains: readonly ServedChain[];
  readonly state: UseBalancesResult;
  /** To see another. */
  readonly children: ReactNode;
}

/** Whose balances these are. */
export function WalletHeader({ wish, chains, state, children }: WalletHeaderProps) {
  const id = useId();
  const [wasOpened, setWasOpened] = useState<boolean>();
  // What was refused has to be changed.
  const isOpen = wasOpened ?? state.status.state === 'failed';
  // The server knows an address with its checksum.
  const owner = state.balances.get('native')?.owner ?? wish.owner;
  const chain = chains.find(({ id }) => id === wish.chainId);
  useEffect(() => {
    document.title = `${shortHex(owner)} · balance-stream`;
    return () => {
      document.title = 'balance-stream';
    };
  }, [owner]);
  return (
    <section className="wallet" aria-label="Watched wallet">
      <Identicon address={owner} />
      <h1>
        <span className="unseen">Wallet </span>
        <code className="full">{owner}</code>
        <code className="short" aria-hidden="true">
          {shortHex(owner)}
        </code>
        <CopyButton text={owner} what="the wallet’s address" />
      </h1>
      <p>
        {chain?.name} <span className="muted">chain {wish.chainId}</span>
      </p>
      <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={() => setWasOpened(!isOpen)}>
        Change wallet or tokens
      </button>
      <div id={id} className="panel" hidden={!isOpen}>
        {children}
      </div>
    </section>
  );
}
