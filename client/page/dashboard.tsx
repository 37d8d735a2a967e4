import { type UseBalancesResult, useBalances } from '@balance-stream/client/react';
import { Balances } from './balances/balances.tsx';
import { adviceOn } from './connection-words.ts';
import { Feed } from './feed.tsx';
import { Notice } from './notice.tsx';
import { Status } from './status.tsx';
import { useAnnouncements } from './use-announcements.ts';
import { useLatency } from './use-latency.ts';
import { useHealth } from './use-server.ts';
import { useStory } from './use-story.ts';
import type { Wish } from './wish.ts';
import { counted, timeOf } from './words.ts';

interface DashboardProps {
  readonly wish: Wish;
  readonly onTryAgain: () => void;
}

/** A wallet, as it is watched. */
export function Dashboard({ wish, onTryAgain }: DashboardProps) {
  const state = useBalances(wish);
  const story = useStory(wish);
  const health = useHealth(wish.chainId, state.status.state);
  const latencies = useLatency(state);
  useAnnouncements(state.status, story);
  return (
    <>
      <Status {...{ status: state.status, health, latencies }} />
      <Trouble state={state} onTryAgain={onTryAgain} />
      {state.block ? (
        <div className={`watched ${state.status.state}`}>
          <section className="panel" aria-labelledby="balances">
            <h2 id="balances" tabIndex={-1}>
              Balances
            </h2>
            <Balances state={state} story={story} />
          </section>
          <Feed story={story} />
        </div>
      ) : (
        state.status.state === 'connecting' && <Waiting />
      )}
    </>
  );
}

/** What stands between somebody and true balances. */
function Trouble({
  state: { status, block },
  onTryAgain,
}: {
  readonly state: UseBalancesResult;
  readonly onTryAgain: () => void;
}) {
  const { state, error, retries, since } = status;
  if (state === 'live' || (state === 'connecting' && retries === 0)) return null;
  const advice = error && adviceOn(error);
  if (state === 'failed')
    return (
      <Notice kind="grave" title={advice?.title ?? 'It was refused'}>
        <p>{error?.message}</p>
        <p>{advice?.text}</p>
        <button type="button" onClick={onTryAgain}>
          Try again
        </button>
      </Notice>
    );
  return (
    <Notice kind="passing" title={advice?.title ?? 'The connection is lost'}>
      {block && (
        <p>
          What is shown was true at {timeOf(since)}, in block {`${block.number}`}, and may not be any more.
        </p>
      )}
      <p>
        {advice?.text ?? 'It is tried again by itself.'}{' '}
        {retries > 0 && `(${counted(retries, 'try', 'tries')} so far.)`}
      </p>
      {error && error.code !== 'CONNECTION_FAILED' && <p className="detail">{error.message}</p>}
    </Notice>
  );
}

/** Where the balances will be. */
function Waiting() {
  return (
    <div className="panel waiting" aria-hidden="true">
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className="bone" />
      ))}
    </div>
  );
}
