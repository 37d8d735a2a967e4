import { type UseBalancesResult, type UseBalancesStatus, useBalances } from '@balance-stream/client/react';
import type { ReactNode } from 'react';
import { Balances } from './balances/balances.tsx';
import { adviceOn, STREAM_ONLY } from './connection-words.ts';
import { Feed } from './feed.tsx';
import { Notice } from './notice.tsx';
import type { ServedChain } from './server.ts';
import { Status } from './status.tsx';
import { useAnnouncements } from './use-announcements.ts';
import { useLatency } from './use-latency.ts';
import { useHealth } from './use-server.ts';
import { useStory } from './use-story.ts';
import { WalletHeader } from './wallet-header.tsx';
import type { Wish } from './wish.ts';
import { timeOf } from './words.ts';

interface DashboardProps {
  readonly wish: Wish;
  readonly chains: readonly ServedChain[];
  /** To see another wallet. */
  readonly form: ReactNode;
  readonly onTryAgain: () => void;
  readonly onOtherKey: () => void;
}

/** A wallet, as it is watched. */
export function Dashboard({ wish, chains, form, ...actions }: DashboardProps) {
  const state = useBalances(wish);
  const story = useStory(wish);
  const health = useHealth(wish.chainId, state.status.state);
  const latencies = useLatency(state);
  useAnnouncements(state.status, story);
  return (
    <>
      {state.status.state === 'failed' && <Refusal status={state.status} {...actions} />}
      <WalletHeader {...{ wish, chains, state }}>{form}</WalletHeader>
      <Status {...{ status: state.status, health, latencies }} />
      <Trouble state={state} isHeard={health !== undefined} />
      {state.block ? (
        <div className={`watched ${state.status.state}`}>
          <section className="panel" aria-labelledby="balances">
            <h2 id="balances">Balances</h2>
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

interface RefusalProps extends Pick<DashboardProps, 'onTryAgain' | 'onOtherKey'> {
  readonly status: UseBalancesStatus;
}

/** What trying again by itself cannot mend. */
function Refusal({ status: { error }, onTryAgain, onOtherKey }: RefusalProps) {
  const advice = error && adviceOn(error);
  return (
    <Notice kind="grave" title={advice?.title ?? 'It was refused'}>
      <p>{error?.message}</p>
      <p>{advice?.text}</p>
      {error?.code === 'UNAUTHENTICATED' ? (
        <button type="button" onClick={onOtherKey}>
          Enter a key
        </button>
      ) : (
        <button type="button" onClick={onTryAgain}>
          Try again
        </button>
      )}
    </Notice>
  );
}

interface TroubleProps {
  readonly state: UseBalancesResult;
  /** The server answers other questions: it is back already, or it is streams that do not get through. */
  readonly isHeard: boolean;
}

/** What stands for the time being between somebody and true balances. */
function Trouble({ state: { status, block }, isHeard }: TroubleProps) {
  const { state, error, retries, since } = status;
  if (state !== 'stale' && (state !== 'connecting' || retries === 0)) return null;
  const isStreamOnly = error?.code === 'CONNECTION_FAILED' && isHeard;
  const advice = isStreamOnly ? STREAM_ONLY : error && adviceOn(error);
  return (
    <Notice kind="passing" title={advice?.title ?? 'The connection is lost'}>
      {block && (
        <p>
          What is shown was true at {timeOf(since)}, in block {`${block.number}`}, and may not be any more.
        </p>
      )}
      <p>It is tried again by itself. {advice?.text}</p>
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
