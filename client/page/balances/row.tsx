import type { WatchedBalance } from '@balance-stream/client';
import { memo } from 'react';
import { shown } from '../amount.ts';
import { CopyButton } from '../copy-button.tsx';
import type { Point, StoryEvent } from '../story.ts';
import { nameOf, shortHex, timeOf } from '../words.ts';
import { Difference } from './difference.tsx';
import { Logo } from './logo.tsx';
import { Sparkline } from './sparkline.tsx';

interface BalanceRowProps {
  readonly balance: WatchedBalance;
  /** Its newest change; undefined where there was none. */
  readonly event: StoryEvent | undefined;
  readonly points: readonly Point[] | undefined;
  readonly sinceMs: number;
  /** The same for long, where nothing has changed. */
  readonly untilMs: number;
  readonly remoteLogos: boolean;
}

/** One token. Rendered again when it changed, and not when another one did. */
export const BalanceRow = memo(function BalanceRow(props: BalanceRowProps) {
  const { balance, event, points = [], sinceMs, untilMs, remoteLogos } = props;
  const { token } = balance;
  const name = nameOf(token);
  const hasName = token.symbol !== null || token.name !== null;
  return (
    <tr role="row" className="row" data-token={token.address}>
      <th role="rowheader" scope="row" className="token">
        <Logo token={token} remote={remoteLogos} />
        <span className="names">
          <span className="symbol">{name}</span>
          {!token.native && (
            <span className="address">
              {hasName && <code title={token.address}>{shortHex(token.address)}</code>}
              <CopyButton text={token.address} what={`address of ${name}`} />
            </span>
          )}
        </span>
        <span className="name">
          {token.native ? 'The chain’s own coin' : hasName ? token.name : 'has no name'}
        </span>
      </th>
      <td role="cell" className="amount">
        <Amount balance={balance} event={event} />
      </td>
      <td role="cell" className="course">
        <Sparkline points={points} sinceMs={sinceMs} untilMs={untilMs} />
      </td>
      <td role="cell" className="last">
        {event ? (
          <>
            <Difference event={event} />
            <span className="when">
              <time dateTime={event.at.toISOString()}>{timeOf(event.at)}</time>
              <span aria-hidden="true"> · </span>
              <span className="unseen">, </span>block {`${event.block.number}`}
            </span>
          </>
        ) : (
          <span className="none">none yet</span>
        )}
      </td>
    </tr>
  );
});

/** How long after a change its colour is worth the while, in milliseconds. */
const FLASH_MS = 1600;

function Amount({ balance, event }: Pick<BalanceRowProps, 'balance' | 'event'>) {
  const { amount, formatted, reason, token } = balance;
  if (amount === null)
    return (
      <span className="unreadable">
        <strong>Unreadable</strong> <span>{reason ?? 'The token gave no usable answer.'}</span>
      </span>
    );
  const exact = formatted ?? amount.toString();
  const { whole, fraction, isCut } = shown(exact);
  const flash = event && Date.now() - event.at.getTime() < FLASH_MS ? directionOf(event) : '';
  return (
    <>
      <CopyButton text={exact} what={`exact amount of ${nameOf(token)}`} />
      <span key={event?.id} className={`figure ${flash}`} title={isCut ? `Exactly ${exact}` : exact}>
        {whole}
        <span className="fraction">{fraction}</span>
      </span>
      {token.decimals === null && <span className="note">in its smallest unit</span>}
    </>
  );
}

function directionOf({ difference }: StoryEvent): string {
  return difference !== null && difference < 0n ? 'flash fell' : 'flash rose';
}
