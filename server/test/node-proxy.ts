import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * Stands between the server and a real node, on HTTP and WebSocket alike: counts what passes, and loses heads
 * when told to, as a node does that forgets its subscribers.
 */
export interface NodeProxy extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  /** How many requests of that method passed since the last reset; of all methods where none is named. */
  count(method?: string): number;
  reset(): void;
  /** While true, no newHeads notification passes; the socket stays up and answers. */
  loseHeads: boolean;
}

export async function startNodeProxy(node: { url: string; wsUrl: string }): Promise<NodeProxy> {
  const counts = new Map<string, number>();
  const sockets = new Set<WebSocket>();
  const note = (body: string) => {
    for (const { method } of [JSON.parse(body)].flat() as { method: string }[])
      counts.set(method, (counts.get(method) ?? 0) + 1);
  };

  const server = createServer(
    (request, response) => void forward(request, response).catch(() => response.destroy()),
  );
  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    note(body);
    const answer = await fetch(node.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  new WebSocketServer({ server }).on('connection', (down) => {
    const up = new WebSocket(node.wsUrl);
    sockets.add(down).add(up);
    const early: string[] = [];
    down.on('message', (data) => {
      note(String(data));
      if (up.readyState === WebSocket.OPEN) up.send(String(data));
      else early.push(String(data));
    });
    up.on('open', () => {
      for (const message of early.splice(0)) up.send(message);
    });
    up.on('message', (data) => {
      const message = String(data);
      if (!(proxy.loseHeads && message.includes('"eth_subscription"'))) down.send(message);
    });
    for (const [one, other] of [
      [down, up],
      [up, down],
    ] as const) {
      one.on('error', () => other.terminate());
      one.on('close', () => other.terminate());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const proxy: NodeProxy = {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    loseHeads: false,
    count: (method) =>
      method === undefined ? [...counts.values()].reduce((a, b) => a + b, 0) : (counts.get(method) ?? 0),
    reset: () => counts.clear(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
