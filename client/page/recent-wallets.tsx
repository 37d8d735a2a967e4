import type { MouseEvent } from 'react';
import { Identicon } from './identicon.tsx';
import type { ServedChain } from './server.ts';
import { checked, type Draft, searchOf } from './wish.ts';
import { shortHex } from './words.ts';

interface RecentWalletsProps {
  readonly drafts: readonly Draft[];
  readonly chains: readonly ServedChain[];
  readonly onWish: (draft: Draft) => void;
  readonly onForget: () => void;
}

/** What this browser watched last: links, so that they can be opened in another tab. */
export function RecentWallets({ drafts, chains, onWish, onForget }: RecentWalletsProps) {
  const known = drafts.flatMap((draft) => {
    const result = checked(draft, chains);
    return 'wish' in result ? [{ draft, wish: result.wish }] : [];
  });
  if (known.length === 0) return null;
  const go = (event: MouseEvent, draft: Draft) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onWish(draft);
  };
  return (
    <section className="recent" aria-labelledby="recent">
      <h2 id="recent">Recently watched</h2>
      <ul>
        {known.map(({ draft, wish: { owner, chainId } }) => (
          <li key={`${chainId} ${owner}`}>
            <a href={searchOf(draft)} onClick={(event) => go(event, draft)} title={owner}>
              <Identicon address={owner} />
              <code>{shortHex(owner)}</code>
              <span>{chains.find(({ id }) => id === chainId)?.name}</span>
            </a>
          </li>
        ))}
      </ul>
      <button type="button" className="quiet" onClick={onForget}>
        Forget them
      </button>
    </section>
  );
}
