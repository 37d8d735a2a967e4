import { useBalancesClient } from '@balance-stream/client/react';
import { useEffect, useState } from 'react';
import { beginning, type Story, told } from './story.ts';
import type { Wish } from './wish.ts';

/** What became of a wallet since this component shows it. Renders may skip states; the story hears of each. */
export function useStory(wish: Wish): Story {
  const client = useBalancesClient();
  const [story, setStory] = useState(() => beginning(new Date()));
  useEffect(() => {
    setStory(beginning(new Date()));
    return client.watchBalances(wish, (state) => {
      const at = new Date();
      setStory((before) => told(before, state, at));
    });
  }, [client, wish]);
  return story;
}
