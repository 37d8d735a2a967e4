import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Stands between clients and the server as a network does: it can lose every connection at once, and hold up what
 * is on its way without losing it.
 */
export interface Door extends AsyncDisposable {
  readonly url: string;
  cut(): void;
  /** Nothing passes, either way, until it is let go. */
  hold(): void;
  letGo(): void;
}

export async function startDoor(target: { readonly url: string }): Promise<Door> {
  const sockets = new Set<Socket>();
  let held = false;
  const server = createServer((client) => {
    const { hostname, port } = new URL(target.url);
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('data', (bytes) => {
        if (!other.write(bytes)) one.pause();
      });
      one.on('drain', () => {
        if (!held) other.resume();
      });
      one.on('end', () => other.end());
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    if (held) for (const socket of [client, upstream]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    hold() {
      held = true;
      for (const socket of sockets) socket.pause();
    },
    letGo() {
      held = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
