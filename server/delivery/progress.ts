import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/**
 * Whether a connection drains. Node says only when a whole write is through, which may be megabytes; its own
 * socket timeout looks at the handle, and so do we. The kernel takes more only once a third of its buffer is free
 * (over a megabyte where it has grown), so that a slow reader would seem to stand still for minutes: where there
 * is a /proc, what it has not acknowledged tells.
 */
interface Handle {
  readonly fd: number;
  /** Handed over by Node, of which `writeQueueSize` still waits for the kernel. */
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

/** Bytes that the kernel has taken so far. */
export function takenByKernel(socket: Socket): number {
  const handle = handleOf(socket);
  return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
}

/** Bytes that the other side has not acknowledged yet; a socket is left out where that cannot be known. */
export async function unacknowledged(sockets: readonly Socket[]): Promise<ReadonlyMap<Socket, number>> {
  const tables = await Promise.all(TABLES.map((table) => readFile(table, 'latin1').catch(() => '')));
  const queues = new Map(tables.flatMap((table) => table.split('\n').slice(1).map(queueOf)));
  return new Map(
    sockets.flatMap((socket) => {
      const queue = queues.get(inodeOf(socket));
      return queue === undefined ? [] : [[socket, queue] as const];
    }),
  );
}

/** https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const QUEUES_COLUMN = 4;
const INODE_COLUMN = 9;

function queueOf(line: string): [inode: string, bytes: number] {
  const columns = line.trim().split(/\s+/);
  return [columns[INODE_COLUMN] ?? '', Number.parseInt(columns[QUEUES_COLUMN] ?? '', 16)];
}

function inodeOf(socket: Socket): string {
  const fd = handleOf(socket)?.fd ?? -1;
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? 'none';
  } catch {
    // No /proc, or it has just been closed.
    return 'none';
  }
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { readonly _handle?: Handle | null })._handle ?? undefined;
}
