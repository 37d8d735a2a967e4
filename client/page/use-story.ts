import type { BalancesState } from '@balance-stream/client';
import { type UseBalancesOptions, useBalancesClient } from '@balance-stream/client/react';
import { useEffect, useState } from 'react';
import { beginning, type Story, told } from './story.ts';

/** What became of a wallet since this component shows it. Renders may skip states; the story hears of each. */
export function useStory(options: UseBalancesOptions): Story {
  const client = useBalancesClient();
  const [story, setStory] = useState(() => beginning(new Date()));
  useEffect(() => {
    setStory(beginning(new Date()));
    return client.watchBalances(options, (state: BalancesState) => {
      const at = new Date();
      setStory((before) => told(before, state, at));
    });
  }, [client, options]);
  return story;
}
