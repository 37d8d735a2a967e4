import { BalancesError, connectionFailed } from './errors.ts';
import { onWake } from './wake.ts';

/**
 * Waits for what a connection brings next, and gives the connection up where nothing comes any more. The server sends a
 * comment every few seconds, so a silent stream is a dead one, though TCP may take many minutes to notice. Throws
 * BalancesError, or the reason for which it was aborted.
 */
export async function unlessSilent<T>(
  next: Promise<T>,
  connection: AbortController,
  timeoutMs: number,
): Promise<T> {
  const { signal } = connection;
  const until = Date.now() + timeoutMs;
  const giveUp = () =>
    connection.abort(new BalancesError('CONNECTION_FAILED', `nothing was heard for ${timeoutMs} ms`));
  const timer = setTimeout(giveUp, timeoutMs);
  // Timers sleep where the machine or the tab does.
  const forget = onWake(() => Date.now() >= until && giveUp());
  let stop = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      next.then(resolve, reject);
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionFailed(error);
  } finally {
    clearTimeout(timer);
    forget();
    signal.removeEventListener('abort', stop);
  }
}
