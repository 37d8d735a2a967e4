import type { UseBalancesResult } from '@balance-stream/client/react';
import { useEffect, useId, useMemo, useState } from 'react';
import { Icon } from '../icons.tsx';
import type { Story } from '../story.ts';
import { counted } from '../words.ts';
import { isRemote } from './logo.tsx';
import { type Column, FIRST, type Order, viewed } from './order.ts';
import { BalanceTable } from './table.tsx';

const LINES_MOVE_EVERY_MS = 5000;

interface BalancesProps {
  readonly state: UseBalancesResult;
  readonly story: Story;
}

/** The balances, and what one can do to find one among them. */
export function Balances({ state: { balances }, story }: BalancesProps) {
  const [search, setSearch] = useState('');
  const [hideZeros, setHideZeros] = useState(false);
  const [order, setOrder] = useState<Order>({ by: 'symbol', direction: FIRST.symbol });
  const nowMs = useNow();
  const all = useMemo(() => [...balances.values()], [balances]);
  const rows = useMemo(
    () => viewed(all, story, { search, hideZeros, order }),
    [all, story, search, hideZeros, order],
  );
  const remoteLogos = areRemoteLogosOn();
  const changeOrder = (by: Column) =>
    setOrder((now) => {
      if (now.by !== by) return { by, direction: FIRST[by] };
      return { by, direction: now.direction === 'ascending' ? 'descending' : 'ascending' };
    });
  return (
    <>
      <search className="tools" aria-label="Balances">
        <label className="search">
          <span className="unseen">Search tokens by symbol, name or address</span>
          <Icon name="search" />
          <input
            type="search"
            placeholder="Search tokens"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <Switch title="Hide zeros" isOn={hideZeros} onChange={setHideZeros} />
        {(remoteLogos || all.some(({ token }) => isRemote(token.logoURI))) && (
          <Switch
            title="Remote logos"
            explanation="Loads pictures of tokens from other hosts, which then know your address. The page reloads."
            isOn={remoteLogos}
            onChange={switchRemoteLogos}
          />
        )}
        <p className="count" role="status">
          {rows.length === all.length
            ? counted(all.length, 'token')
            : `${rows.length} of ${counted(all.length, 'token')}`}
        </p>
      </search>
      {rows.length > 0 ? (
        <BalanceTable {...{ balances: rows, story, nowMs, order, onOrder: changeOrder, remoteLogos }} />
      ) : (
        <NothingFound
          search={search}
          onShowAll={() => {
            setSearch('');
            setHideZeros(false);
          }}
        />
      )}
    </>
  );
}

interface SwitchProps {
  readonly title: string;
  readonly explanation?: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Switch({ title, explanation, isOn, onChange }: SwitchProps) {
  const id = useId();
  return (
    <label className="switch" title={explanation}>
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => onChange(event.target.checked)}
        aria-describedby={explanation && id}
      />
      <span>{title}</span>
      {explanation && (
        <span id={id} hidden>
          {explanation}
        </span>
      )}
    </label>
  );
}

function NothingFound({ search, onShowAll }: { readonly search: string; readonly onShowAll: () => void }) {
  return (
    <div className="empty">
      <p>{search ? `No token matches “${search}”.` : 'Every balance is zero.'}</p>
      <button type="button" onClick={onShowAll}>
        Show all
      </button>
    </div>
  );
}

/** The server lets pictures of others in where the page's address says so. */
function areRemoteLogosOn(): boolean {
  return new URLSearchParams(location.search).get('logos') === '1';
}

function switchRemoteLogos(isOn: boolean): void {
  const url = new URL(location.href);
  if (isOn) url.searchParams.set('logos', '1');
  else url.searchParams.delete('logos');
  location.assign(url);
}

/** Up to which lines go on: it is moved on now and then, for all rows that have changed are rendered again for it. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNowMs(Date.now()), LINES_MOVE_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
