import type { Metrics } from '../lib/metrics.ts';
import type { ChainUpdate } from '../watch/service.ts';
import type { Update } from '../watch/update.ts';

/** Counts the updates that a door hands to its clients' sockets, and how long after their block that was. */
export function countSent(
  metrics: Pick<Metrics, 'updatesSent' | 'blockToSend'>,
  door: 'graphql' | 'rest' | 'websocket',
): (update: Update | ChainUpdate) => void {
  const updatesSent = metrics.updatesSent.labels({ door });
  const blockToSend = metrics.blockToSend.labels({ door });
  return (update) => {
    updatesSent.inc();
    const announcedAtMs = 'announcedAtMs' in update ? update.announcedAtMs : null;
    if (announcedAtMs !== null) blockToSend.observe((performance.now() - announcedAtMs) / 1000);
  };
}
