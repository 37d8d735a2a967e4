import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** One JSON-RPC request on its way to the node. */
export interface Passing {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A JSON-RPC answer, or text in its place with a status: what a broken gateway says. */
export type Answer = object | Plain;

export interface Plain {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers in the node's place, or lets the node answer. Over HTTP and WebSocket alike; not for subscriptions. */
export type Fault = (request: Passing, node: () => Promise<Answer>) => Promise<Answer>;

/** What becomes of a head on its way to a subscriber: it is told where `tell` is called, and as often. */
export type HeadFault = (head: object, tell: (head: object) => void) => void;

/** A node's error in answer to a request. */
export function failure({ id }: Passing, code: number, message: string): Answer {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

/** A result in place of the node's. */
export function result({ id }: Passing, value: unknown): Answer {
  return { jsonrpc: '2.0', id, result: value };
}

interface Node {
  readonly url: string;
  readonly wsUrl: string;
}

/**
 * Stands between the server and a real node: counts what passes, loses or tells heads, and answers in the node's
 * place what a test wants answered.
 */
export interface NodeProxy extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  /** Where requests go; another one from now on where it is set. Sockets stay with the node they were opened to. */
  node: Node;
  /** How many requests of that method passed since the last reset. */
  count(method: string): number;
  reset(): void;
  /** While true, no newHeads notification passes; the socket stays up and answers. */
  loseHeads: boolean;
  fault: Fault | undefined;
  heads: HeadFault | undefined;
  /** While true, nobody can connect; who was connected is cut off when it is set. */
  refuses: boolean;
  /** Tells subscribers of a head, whatever the node says. */
  tellHead(head: object): void;
  dropSockets(): void;
}

export async function startNodeProxy(node: Node): Promise<NodeProxy> {
  const counts = new Map<string, number>();
  const sockets = new Set<WebSocket>();
  /** Subscriptions by the socket they were made on. */
  const subscriptions = new Map<WebSocket, string>();
  const note = ({ method }: Passing) => counts.set(method, (counts.get(method) ?? 0) + 1);

  async function ask(request: Passing): Promise<Answer> {
    const answer = await fetch(proxy.node.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    return (await answer.json()) as Answer;
  }
  async function answerTo(request: Passing): Promise<Answer> {
    note(request);
    return proxy.fault ? await proxy.fault(request, () => ask(request)) : await ask(request);
  }

  const server = createServer(
    (request, response) => void overHttp(request, response).catch(() => response.destroy()),
  );
  async function overHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await answerTo(JSON.parse(Buffer.concat(chunks).toString()));
    const plain = isPlain(answer) ? answer : undefined;
    response.writeHead(plain?.status ?? 200, { 'content-type': 'application/json', ...plain?.headers });
    response.end(plain?.text ?? JSON.stringify(answer));
  }
  let refuses = false;
  server.on('connection', (socket) => {
    if (refuses) socket.destroy();
  });

  new WebSocketServer({ server }).on('connection', (down) => {
    const up = new WebSocket(proxy.node.wsUrl);
    sockets.add(down).add(up);
    const early: string[] = [];
    down.on('message', (data) => {
      const request: Passing = JSON.parse(String(data));
      if (request.method !== 'eth_subscribe') {
        answerTo(request).then(
          (answer) => down.send(isPlain(answer) ? answer.text : JSON.stringify(answer)),
          () => down.terminate(),
        );
        return;
      }
      note(request);
      if (up.readyState === WebSocket.OPEN) up.send(String(data));
      else early.push(String(data));
    });
    up.on('open', () => {
      for (const message of early.splice(0)) up.send(message);
    });
    up.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (typeof message.result === 'string') subscriptions.set(down, message.result);
      if (message.method !== 'eth_subscription') down.send(String(data));
      else if (!proxy.loseHeads) {
        const { params } = message;
        const tell = (result: object) =>
          down.send(JSON.stringify({ ...message, params: { ...params, result } }));
        if (proxy.heads) proxy.heads(params.result, tell);
        else tell(params.result);
      }
    });
    for (const [one, other] of [
      [down, up],
      [up, down],
    ] as const) {
      one.on('error', () => other.terminate());
      one.on('close', () => {
        subscriptions.delete(one);
        sockets.delete(one);
        other.terminate();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const proxy: NodeProxy = {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    node,
    loseHeads: false,
    fault: undefined,
    heads: undefined,
    get refuses() {
      return refuses;
    },
    set refuses(on) {
      refuses = on;
      if (!on) return;
      proxy.dropSockets();
      server.closeAllConnections();
    },
    count: (method) => counts.get(method) ?? 0,
    reset: () => counts.clear(),
    tellHead(head) {
      for (const [down, subscription] of subscriptions)
        down.send(
          JSON.stringify({
            jsonrpc: '2.0',
            method: 'eth_subscription',
            params: { subscription, result: head },
          }),
        );
    },
    dropSockets() {
      for (const socket of sockets) socket.terminate();
    },
    async [Symbol.asyncDispose]() {
      proxy.dropSockets();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function isPlain(answer: Answer): answer is Plain {
  return 'text' in answer && 'status' in answer;
}
