import { BalancesProvider } from '@balance-stream/client/react';
import { useEffect, useMemo, useState } from 'react';
import { Announcer } from './announcer.tsx';
import { Dashboard } from './dashboard.tsx';
import { KeyForm } from './key-form.tsx';
import { forgetRecent, recent, remember, rememberedKey, rememberKey } from './memory.ts';
import { Notice } from './notice.tsx';
import { RecentWallets } from './recent-wallets.tsx';
import { SERVER } from './server.ts';
import { useChains } from './use-server.ts';
import { checked, type Draft, draftOf, searchOf } from './wish.ts';
import { WishForm } from './wish-form.tsx';

const MARK = new URL('./mark.svg', import.meta.url).href;

export function App() {
  const [{ apiKey, attempt }, setAccess] = useState(() => ({ apiKey: rememberedKey(), attempt: 1 }));
  const [draft, setDraft] = useDraft();
  const [known, setKnown] = useState(recent);
  const served = useChains(apiKey, attempt);
  const chains = served.state === 'known' ? served.chains : undefined;
  const result = useMemo(() => chains && checked(draft, chains), [draft, chains]);
  const wish = result && 'wish' in result ? result.wish : undefined;

  /** With another key, or once more with the same: what was refused is asked for by a client that knows nothing. */
  const begin = (key: string) => {
    rememberKey(key);
    setAccess({ apiKey: key, attempt: attempt + 1 });
  };
  const see = (wanted: Draft) => (searchOf(wanted) === searchOf(draft) ? begin(apiKey) : setDraft(wanted));
  useEffect(() => {
    if (!wish) return;
    remember({ ...draft, chain: `${wish.chainId}` });
    setKnown(recent());
  }, [draft, wish]);

  const form = chains && (
    <>
      <WishForm
        key={searchOf(draft)}
        {...{ draft, chains, isTried: draft.owner !== '' && !wish, onWish: see }}
      />
      <RecentWallets
        {...{ drafts: known.filter(({ owner }) => owner !== wish?.owner), chains, onWish: see }}
        onForget={() => {
          forgetRecent();
          setKnown([]);
        }}
      />
    </>
  );

  return (
    <Announcer>
      <header className="top">
        <a className="skip" href="#content">
          Skip to content
        </a>
        <a className="brand" href="./" aria-label="balance-stream, to the beginning">
          <img src={MARK} alt="" width="28" height="28" />
          balance-stream
        </a>
        <nav aria-label="For developers">
          <a href="graphql">GraphiQL</a>
          <a href="docs">REST API</a>
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        {served.state === 'key wanted' && <KeyForm isRefused={apiKey !== ''} onKey={begin} />}
        {served.state === 'away' && (
          <Notice kind="passing" title="The server cannot be reached">
            <p>It is tried again by itself. Is the server running, and this machine online?</p>
          </Notice>
        )}
        {served.state === 'loading' && <p className="empty">Asking the server which chains it serves …</p>}
        {chains &&
          (wish ? (
            <BalancesProvider key={attempt} url={SERVER} apiKey={apiKey || undefined}>
              <Dashboard
                key={searchOf(draft)}
                {...{ wish, chains, form, onTryAgain: () => begin(apiKey), onOtherKey: () => begin('') }}
              />
            </BalancesProvider>
          ) : (
            <section className="welcome" aria-labelledby="welcome">
              <h1 id="welcome">See what a wallet holds, as it changes</h1>
              <p>Name a wallet. Its balances come at once, and every change within a block.</p>
              {form}
            </section>
          ))}
      </main>
    </Announcer>
  );
}

/** What somebody wants to see, as the page's address says. */
function useDraft(): [Draft, (draft: Draft) => void] {
  const [search, setSearch] = useState(location.search);
  useEffect(() => {
    const read = () => setSearch(location.search);
    addEventListener('popstate', read);
    return () => removeEventListener('popstate', read);
  }, []);
  const draft = useMemo(() => draftOf(search), [search]);
  const change = (wanted: Draft) => {
    const logos = new URLSearchParams(location.search).has('logos') ? '&logos=1' : '';
    history.pushState(null, '', searchOf(wanted) + logos);
    setSearch(location.search);
  };
  return [draft, change];
}
