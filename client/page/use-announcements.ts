import type { UseBalancesStatus } from '@balance-stream/client/react';
import { useEffect, useRef } from 'react';
import { useAnnounce } from './announcer.tsx';
import { STATE_WORDS } from './connection-words.ts';
import type { Story } from './story.ts';
import { counted, nameOf } from './words.ts';

const SUMMARY_EVERY_MS = 15_000;
const NAMED = 4;

/** Says when the connection is another; of changes no more than a summary now and then, for they may be many. */
export function useAnnouncements({ state }: UseBalancesStatus, story: Story): void {
  const announce = useAnnounce();
  useEffect(() => announce(`${STATE_WORDS[state]}.`), [announce, state]);

  const newest = useRef(story);
  newest.current = story;
  useEffect(() => {
    let saidId = 0;
    const timer = setInterval(() => {
      const unsaid = newest.current.events.filter(({ id }) => id > saidId);
      const names = [...new Set(unsaid.map(({ token }) => nameOf(token)))];
      if (names.length === 0) return;
      saidId = unsaid[0]?.id ?? saidId;
      const others = names.length > NAMED ? ` and ${counted(names.length - NAMED, 'other')}` : '';
      announce(`Changed: ${names.slice(0, NAMED).join(', ')}${others}.`);
    }, SUMMARY_EVERY_MS);
    return () => clearInterval(timer);
  }, [announce]);
}
