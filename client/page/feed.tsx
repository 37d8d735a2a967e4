import { shownText } from './amount.ts';
import { Difference } from './balances/difference.tsx';
import { Logo } from './balances/logo.tsx';
import { CopyButton } from './copy-button.tsx';
import type { Story, StoryEvent } from './story.ts';
import { counted, nameOf, shortHex, timeOf } from './words.ts';

const CAUSES: Readonly<Partial<Record<string, string>>> = {
  RECONCILED: 'moved without an event, found by a full read',
  REORG: 'the chain was reorganised',
  SUBSCRIBED: 'while the connection was away',
};

/** Of a change as many as find room; the rest is counted. */
const SHOWN_TRANSACTIONS = 3;

/** What happened, the newest first. */
export function Feed({ story: { events, since } }: { readonly story: Story }) {
  return (
    <section className="feed" aria-labelledby="changes" id="changes-feed">
      <h2 id="changes">Changes</h2>
      {events.length === 0 ? (
        <p className="empty">
          None since {timeOf(since)}. Whatever moves a balance is shown here, as soon as its block is known.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className="scroll" aria-label="Changes, the newest first" tabIndex={0}>
          <ol>
            {events.map((event) => (
              <Entry key={event.id} event={event} />
            ))}
          </ol>
        </section>
      )}
    </section>
  );
}

function Entry({ event }: { readonly event: StoryEvent }) {
  const { token, block, transactions, at, now, cause } = event;
  const name = nameOf(token);
  const words = cause && CAUSES[cause];
  const shown = transactions.slice(0, SHOWN_TRANSACTIONS);
  return (
    <li>
      <Logo token={token} remote={false} />
      <p className="what">
        <strong>{name}</strong> <Difference event={event} />
        <time dateTime={at.toISOString()}>{timeOf(at)}</time>
      </p>
      <p className="details">
        {now !== null && <>now {shownText(now)} · </>}block {`${block.number}`}
        {words && <> · {words}</>}
      </p>
      {shown.length > 0 && (
        <ul className="transactions" aria-label="Transactions">
          {shown.map((hash) => (
            <li key={hash} className="transaction">
              <code title={hash}>{shortHex(hash)}</code>
              <CopyButton text={hash} what={`transaction ${shortHex(hash)} of ${name}`} />
            </li>
          ))}
          {transactions.length > shown.length && (
            <li>and {counted(transactions.length - shown.length, 'more', 'more')}</li>
          )}
        </ul>
      )}
    </li>
  );
}
