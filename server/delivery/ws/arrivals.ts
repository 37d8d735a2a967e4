import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/**
 * Messages that have not arrived whole. What has come of one is held until the rest does, so that a few thousand
 * clients that send all but the end of a megabyte would hold gigabytes. Past a small size it takes room among the
 * bodies of requests, and like those it may take only so long. Ends with the connection.
 */
interface ArrivalsOptions {
  readonly socket: Socket;
  /** Undefined where there is no more room. */
  readonly reserve: () => Disposable | undefined;
  readonly timeoutMs: number;
  /** Closes it. */
  readonly refuse: (code: number, reason: string) => void;
}

/** So much anybody may hold, as much as the head of a request. */
const FREE_BYTES = 16_384;
/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

export function limitArrivals(
  webSocket: WebSocket,
  { socket, reserve, timeoutMs, refuse }: ArrivalsOptions,
): void {
  let room: Disposable | undefined;
  let deadline: NodeJS.Timeout | undefined;

  const end = () => {
    clearTimeout(deadline);
    deadline = undefined;
    room?.[Symbol.dispose]();
    room = undefined;
  };
  const expectRest = () => {
    deadline = setTimeout(() => {
      // While we do not listen the rest cannot come.
      if (webSocket.isPaused) expectRest();
      else refuse(POLICY_VIOLATION, 'a message was not complete in time');
    }, timeoutMs);
  };
  // After the one that reads messages out of it: what they took is gone by then.
  socket.on('data', () => {
    const { bytes, isUnfinished } = arriving(webSocket);
    if (!isUnfinished) return end();
    if (!deadline) expectRest();
    if (bytes <= FREE_BYTES || room) return;
    room = reserve();
    if (!room) refuse(TRY_AGAIN_LATER, 'too much is being received at the moment');
  });
  webSocket.once('close', end);
}

/** As ws keeps it, to itself. */
interface Receiver {
  readonly _bufferedBytes: number;
  readonly _messageLength: number;
  readonly _fragmented: number;
  /** 0 between two frames. */
  readonly _state: number;
}

/** Of a message that has begun: how much of it is there. */
export function arriving(webSocket: WebSocket): { readonly bytes: number; readonly isUnfinished: boolean } {
  const { _receiver } = webSocket as unknown as { readonly _receiver: Receiver };
  const { _bufferedBytes, _messageLength, _fragmented, _state } = _receiver;
  const bytes = _bufferedBytes + _messageLength;
  return { bytes, isUnfinished: bytes > 0 || _fragmented !== 0 || _state !== 0 };
}
