import { withDeadline } from '../lib/deadline.ts';
import { sleep } from '../lib/retry.ts';
import { parseHeader } from './header.ts';
import { toQuantity } from './hex.ts';
import { RpcSocket } from './rpc/socket.ts';
import type { Header } from './types.ts';

const CONNECT_TIMEOUT_MS = 5000;

interface FollowSocketOptions {
  readonly url: string;
  readonly chainId: number;
  /** For each request over the socket. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly hear: (head: Header) => void;
  /** The subscription stands, and what came before it is known. */
  readonly proven: () => void;
  /** The newest head heard from any source. */
  readonly latest: () => Header | undefined;
  /** Asks another way for the newest head. */
  readonly ask: (signal: AbortSignal) => Promise<Header>;
  /** How long silence may last before it is cross-checked. */
  readonly stallMs: () => number;
}

/**
 * One socket that tells of new heads, from connecting to its end, which it throws: closed, silent towards pings,
 * garbage, or silent about blocks that another source knows of. A frozen socket raises no error by itself.
 */
export async function followSocket(options: FollowSocketOptions): Promise<never> {
  const { url, chainId, timeoutMs, signal, hear, proven } = options;
  using socket = await withDeadline(CONNECT_TIMEOUT_MS, signal, (deadline) => RpcSocket.open(url, deadline));
  const ask = (method: string, params: unknown[]) =>
    withDeadline(timeoutMs, signal, (deadline) => socket.request({ method, params }, deadline));
  const id = await ask('eth_chainId', []);
  if (id !== toQuantity(chainId)) throw new Error(`the endpoint serves chain ${id}, not ${chainId}`);
  const subscription = await ask('eth_subscribe', ['newHeads']);

  let lastHeadMs = performance.now();
  const failed = Promise.withResolvers<never>();
  socket.listen(String(subscription), (head) => {
    lastHeadMs = performance.now();
    try {
      hear(parseHeader(head));
    } catch (error) {
      failed.reject(error);
    }
  });
  // Whatever came while there was no subscription is behind this block.
  hear(parseHeader(await ask('eth_getBlockByNumber', ['latest', false])));
  proven();

  const end = new AbortController();
  const ended = AbortSignal.any([signal, end.signal]);
  const stalled = watchForSilence(options, () => lastHeadMs, ended);
  stalled.catch(() => {});
  try {
    return await Promise.race([
      failed.promise,
      stalled,
      socket.closed.then((reason) => Promise.reject(reason)),
    ]);
  } finally {
    end.abort();
  }
}

/** Throws once another source knows of a newer head than the silent socket has told, or when the signal aborts. */
async function watchForSilence(
  { latest, ask, stallMs }: FollowSocketOptions,
  lastHeadMs: () => number,
  signal: AbortSignal,
): Promise<never> {
  let checkedMs = 0;
  while (true) {
    const silentMs = performance.now() - Math.max(lastHeadMs(), checkedMs);
    if (silentMs < stallMs()) {
      await sleep(stallMs() - silentMs, signal);
      continue;
    }
    checkedMs = performance.now();
    const before = latest();
    const head = await ask(signal).catch(() => undefined);
    signal.throwIfAborted();
    if (head && before && head.number > before.number && lastHeadMs() < checkedMs)
      throw new Error(`newHeads has been silent for ${Math.round(silentMs)} ms while the chain moved on`);
  }
}
