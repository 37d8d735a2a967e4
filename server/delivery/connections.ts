import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpDoor } from '../lib/metrics.ts';

/** One client's connection, and what is being answered on it (several where it pipelines). */
export interface Connection {
  readonly socket: Socket;
  readonly answers: Set<ServerResponse>;
  /** By which its newest request came in. */
  door: HttpDoor;
  /** Ends what is no HTTP any more, in its own terms; undefined for all others. */
  goAway?: (() => void) | undefined;
}

/**
 * Every connection there is, from its first byte to its last: who stops, drops or counts connections asks here.
 */
export class Connections {
  readonly #all = new Map<Socket, Connection>();

  open(socket: Socket): void {
    this.#all.set(socket, { socket, answers: new Set(), door: 'page' });
    socket.once('close', () => this.#all.delete(socket));
  }

  /** Undefined once it is closed. */
  of(socket: Socket): Connection | undefined {
    return this.#all.get(socket);
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values();
  }
}

/**
 * What waits for this client to read, in bytes, as far as it is ours: the kernel holds up to some MB more. An
 * answer that was pipelined keeps what it has until it is its turn.
 */
export function unsentBytes({ socket, answers }: Connection): number {
  let bytes = socket.writableLength;
  for (const answer of answers) if (answer.socket === null) bytes += answer.writableLength;
  return bytes;
}
