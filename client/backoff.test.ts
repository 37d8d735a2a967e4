import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backoff } from './backoff.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a server that does not want to be asked for a year is not asked again and again meanwhile', async () => {
  const left = new AbortController();
  const over = vi.fn();
  const pause = new Backoff().pause(left.signal, 365 * 24 * 3600 * 1000).then(over);
  await vi.advanceTimersByTimeAsync(24 * 24 * 3600 * 1000);
  expect(over).not.toHaveBeenCalled();
  left.abort();
  await pause;
});
