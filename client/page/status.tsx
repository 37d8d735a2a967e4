import type { UseBalancesStatus } from '@balance-stream/client/react';
import type { ReactNode } from 'react';
import { grouped } from './amount.ts';
import { connectionWords, STATE_WORDS } from './connection-words.ts';
import type { ChainHealth } from './server.ts';
import { median } from './use-latency.ts';
import { counted, secondsOf, timeOf } from './words.ts';

interface StatusProps {
  readonly status: UseBalancesStatus;
  /** Undefined while the server does not say. */
  readonly health: ChainHealth | undefined;
  /** In milliseconds, the newest first. */
  readonly latencies: readonly number[];
}

/** How far what is shown can be relied on. */
export function Status({ status, health, latencies }: StatusProps) {
  const [latest] = latencies;
  return (
    <section aria-label="Status" className="status">
      <dl>
        <Tile title="Connection" detail={connectionWords(status)} kind={status.state}>
          <span className="lamp" />
          {STATE_WORDS[status.state]}
        </Tile>
        <Tile title="Newest block" detail={headDetail(status, health)}>
          {headOf(status, health)}
        </Tile>
        <Tile
          title="Chain"
          detail={lagDetail(health)}
          kind={health?.healthy === false ? 'failed' : undefined}
        >
          {lagOf(health)}
        </Tile>
        <Tile
          title="Block to screen"
          detail={
            latest === undefined
              ? 'measured at the next change'
              : `median ${secondsOf(median(latencies) ?? latest)} of ${counted(latencies.length, 'change')}`
          }
        >
          {latest === undefined ? '–' : secondsOf(latest)}
        </Tile>
      </dl>
    </section>
  );
}

interface TileProps {
  readonly title: string;
  readonly detail: string;
  readonly kind?: UseBalancesStatus['state'] | undefined;
  readonly children: ReactNode;
}

function Tile({ title, detail, kind = undefined, children }: TileProps) {
  return (
    <div className={`tile ${kind ?? ''}`}>
      <dt>{title}</dt>
      <dd className="value">{children}</dd>
      <dd className="detail">{detail}</dd>
    </div>
  );
}

/** A stream is silent where nothing moves, and what was asked for is a few seconds old: the newer of both. */
function headOf({ head }: UseBalancesStatus, health: ChainHealth | undefined): string {
  const number = Math.max(Number(head?.number ?? 0), health?.head?.number ?? 0);
  return number === 0 ? '–' : grouped(number);
}

function headDetail({ head }: UseBalancesStatus, health: ChainHealth | undefined): string {
  const times = [head?.timestamp, health?.head?.timestamp].map((time) => (time ? Date.parse(time) : 0));
  const newest = Math.max(...times);
  return newest === 0 ? 'not known yet' : `made at ${timeOf(new Date(newest))}`;
}

function lagOf(health: ChainHealth | undefined): string {
  if (!health) return '–';
  if (!health.healthy) return 'Not delivered';
  return health.lagBlocks === 0 ? 'In step' : `${counted(health.lagBlocks, 'block')} behind`;
}

function lagDetail(health: ChainHealth | undefined): string {
  if (!health) return 'the server does not say';
  if (!health.healthy) return health.lastError ?? 'no block was heard of yet';
  return health.lagSeconds === null
    ? 'no block was heard of yet'
    : `last block heard ${secondsOf(health.lagSeconds * 1000)} ago`;
}
