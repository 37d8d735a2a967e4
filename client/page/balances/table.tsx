import type { WatchedBalance } from '@balance-stream/client';
import { Icon } from '../icons.tsx';
import type { Story } from '../story.ts';
import { timeOf } from '../words.ts';
import type { Column, Order } from './order.ts';
import { BalanceRow } from './row.tsx';

interface BalanceTableProps {
  readonly balances: readonly WatchedBalance[];
  readonly story: Story;
  readonly nowMs: number;
  readonly order: Order;
  readonly onOrder: (by: Column) => void;
  readonly remoteLogos: boolean;
}

/**
 * A table with a line for each token. Its rows are grids, so that the browser may leave out those that are not in view,
 * and narrow screens get two lines; the roles say that it is a table nevertheless.
 */
export function BalanceTable({ balances, story, nowMs, order, onOrder, remoteLogos }: BalanceTableProps) {
  const sinceMs = story.since.getTime();
  const header = (by: Column, title: string) => (
    <Header by={by} title={title} order={order} onOrder={onOrder} />
  );
  return (
    <table role="table" className="balances" aria-label="Balances" aria-rowcount={balances.length + 1}>
      <thead role="rowgroup">
        <tr role="row" className="row head">
          {header('symbol', 'Token')}
          {header('amount', 'Balance')}
          <th role="columnheader" scope="col" className="course">
            Since <time dateTime={story.since.toISOString()}>{timeOf(story.since)}</time>
          </th>
          {header('change', 'Last change')}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {balances.map((balance) => {
          const event = story.newest.get(balance.token.address);
          return (
            <BalanceRow
              key={balance.token.address}
              balance={balance}
              event={event}
              points={story.courses.get(balance.token.address)}
              sinceMs={sinceMs}
              untilMs={event ? Math.max(nowMs, event.at.getTime()) : sinceMs}
              remoteLogos={remoteLogos}
            />
          );
        })}
      </tbody>
    </table>
  );
}

const CLASSES = { symbol: 'token', amount: 'amount', change: 'last' } as const;

interface HeaderProps {
  readonly by: Column;
  readonly title: string;
  readonly order: Order;
  readonly onOrder: (by: Column) => void;
}

function Header({ by, title, order, onOrder }: HeaderProps) {
  const direction = order.by === by ? order.direction : undefined;
  return (
    <th role="columnheader" scope="col" className={CLASSES[by]} aria-sort={direction ?? 'none'}>
      <button type="button" className="sort" onClick={() => onOrder(by)}>
        {title}
        <span className="direction">
          {direction && <Icon name={direction === 'ascending' ? 'up' : 'down'} />}
        </span>
      </button>
    </th>
  );
}
