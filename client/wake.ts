/**
 * Calls back when the network, or the tab that this runs in, is there again, where the runtime tells of that. Returns
 * what ends it.
 */
export function onWake(call: () => void): () => void {
  const tab = globalThis.document;
  const seen = () => tab.visibilityState === 'visible' && call();
  globalThis.addEventListener?.('online', call);
  tab?.addEventListener('visibilitychange', seen);
  return () => {
    globalThis.removeEventListener?.('online', call);
    tab?.removeEventListener('visibilitychange', seen);
  };
}
