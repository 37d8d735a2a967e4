import { withDeadline } from '../lib/deadline.ts';
import { sleep } from '../lib/retry.ts';
import { parseHeader } from './header.ts';
import { CHAIN_ID } from './rpc/chain-id.ts';
import { EndpointError } from './rpc/errors.ts';
import { RpcSocket } from './rpc/socket.ts';
import type { Header } from './types.ts';

interface FollowSocketOptions {
  readonly url: string;
  readonly chainId: number;
  /** For connecting, and for each request over the socket. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly hear: (head: Header) => void;
  /** The subscription stands, and what came before it is known. */
  readonly proven: () => void;
  /** The newest head that anybody told when last all were asked. */
  readonly surveyed: () => Header | undefined;
  /** How long a socket may be silent before it must have told of that head. */
  readonly stallMs: () => number;
  /** How many blocks a socket that is not silent may be behind it. */
  readonly tolerance: () => number;
}

/** How often a socket is compared with what others say: no sooner after they were asked, so that it may catch up. */
const LOOK_MS = 250;

interface Told {
  readonly number: number;
  readonly atMs: number;
}

/**
 * One socket that tells of new heads, from connecting to its end, which it throws: closed, silent towards pings,
 * garbage, or behind what other sources know of. A frozen socket raises no error by itself.
 */
export async function followSocket(options: FollowSocketOptions): Promise<never> {
  const { url, chainId, timeoutMs, signal, hear, proven } = options;
  using socket = await withDeadline(timeoutMs, signal, (deadline) => RpcSocket.open(url, deadline));
  const ask = (method: string, params: unknown[]) =>
    withDeadline(timeoutMs, signal, (deadline) => socket.request({ method, params }, deadline));
  const id = CHAIN_ID.parse(await ask('eth_chainId', []));
  if (id !== chainId) throw new Error(`the endpoint serves chain ${id}, not ${chainId}`);
  const subscription = await ask('eth_subscribe', ['newHeads']);
  if (typeof subscription !== 'string')
    throw new EndpointError('eth_subscribe: the subscription has no name');

  let told: Told = { number: 0, atMs: performance.now() };
  const tell = (block: unknown) => {
    const head = parseHeader(block);
    told = { number: head.number, atMs: performance.now() };
    hear(head);
  };
  const failed = Promise.withResolvers<never>();
  // It may fail before anybody waits for it.
  failed.promise.catch(() => {});
  socket.listen(subscription, (head) => {
    try {
      tell(head);
    } catch (error) {
      failed.reject(error);
    }
  });
  // Whatever came while there was no subscription is behind this block.
  tell(await ask('eth_getBlockByNumber', ['latest', false]));
  proven();

  const end = new AbortController();
  const ended = AbortSignal.any([signal, end.signal]);
  const behind = compare(options, () => told, ended);
  behind.catch(() => {});
  try {
    return await Promise.race([
      failed.promise,
      behind,
      socket.closed.then((reason) => Promise.reject(reason)),
    ]);
  } finally {
    end.abort();
  }
}

/** Throws once others know of a head that the socket should have told, or when the signal aborts. */
async function compare(
  { surveyed, stallMs, tolerance }: FollowSocketOptions,
  told: () => Told,
  signal: AbortSignal,
): Promise<never> {
  while (true) {
    const known = surveyed();
    await sleep(LOOK_MS, signal);
    const { number, atMs } = told();
    const silentMs = performance.now() - atMs;
    if (!known || known !== surveyed()) continue;
    const ahead = known.number - number;
    if (ahead > 0 && silentMs >= stallMs())
      throw new Error(`newHeads has been silent for ${Math.round(silentMs)} ms while the chain moved on`);
    if (ahead > tolerance()) throw new Error(`newHeads is ${ahead} blocks behind another endpoint`);
  }
}
