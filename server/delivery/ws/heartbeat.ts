import type { WebSocket } from 'ws';

/**
 * Pings, and who does not answer them: a peer whose network is gone takes whatever is sent, up to what the kernel
 * holds, for as long as nobody asks. One ping is under way at most. Ends with the connection.
 */
interface HeartbeatOptions {
  readonly everyMs: number;
  /** How long a ping may go unanswered. */
  readonly timeoutMs: number;
  readonly dead: () => void;
}

export function keepAlive(webSocket: WebSocket, { everyMs, timeoutMs, dead }: HeartbeatOptions): void {
  let deadline: NodeJS.Timeout | undefined;
  const expire = () => {
    // While we do not listen, what it says does not arrive.
    if (webSocket.isPaused) expectPong();
    else dead();
  };
  const expectPong = () => {
    deadline = setTimeout(expire, timeoutMs);
  };
  const pinging = setInterval(() => {
    if (deadline) return;
    webSocket.ping();
    expectPong();
  }, everyMs);
  webSocket.on('pong', () => {
    clearTimeout(deadline);
    deadline = undefined;
  });
  webSocket.once('close', () => {
    clearInterval(pinging);
    clearTimeout(deadline);
  });
}

/**
 * Answers the other side's pings: only the newest of those that came while an answer was on its way, so that a peer
 * that pings and never reads has one waiting and no more. https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
 */
export function answerPings(webSocket: WebSocket): void {
  let newest: Buffer | undefined;
  let isOnItsWay = false;
  const answer = () => {
    isOnItsWay = newest !== undefined;
    if (newest === undefined) return;
    const said = newest;
    newest = undefined;
    webSocket.pong(said, undefined, answer);
  };
  webSocket.on('ping', (said) => {
    // A copy: it is a part of all that came with it.
    newest = Buffer.from(said);
    if (!isOnItsWay) answer();
  });
}
