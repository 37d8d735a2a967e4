import { inWholeTokens, shownText } from '../amount.ts';
import { Icon } from '../icons.tsx';
import type { StoryEvent } from '../story.ts';

/** By how much a balance changed, with its sign, in words and in colour. */
export function Difference({ event: { difference, now, token } }: { readonly event: StoryEvent }) {
  if (difference === null)
    return <span className="difference">{now === null ? 'unreadable' : 'readable again'}</span>;
  const isGain = difference > 0n;
  const exact = inWholeTokens(isGain ? difference : -difference, token.decimals ?? 0);
  return (
    <span className={isGain ? 'difference gain' : 'difference loss'} title={`${isGain ? '+' : '−'}${exact}`}>
      <Icon name={isGain ? 'up' : 'down'} />
      <span className="unseen">{isGain ? 'plus' : 'minus'} </span>
      {shownText(exact)}
    </span>
  );
}
