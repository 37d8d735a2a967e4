import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Fault, failure, type NodeProxy, result } from '../node-proxy.ts';
import { Lagging } from './lagging.ts';
import type { Random } from './random.ts';
import type { EndpointFault } from './schedule.ts';

/** Makes an endpoint ill. What it returns makes it well again. */
type Infect = (proxy: NodeProxy, random: Random, over: AbortSignal) => () => void;

/** Answers of the wrong JSON type, whatever was asked. */
const WRONG_TYPES = [42, true, {}, ['0x'], 'zz', [{ number: 1 }]];

const INFECTIONS: Readonly<Record<EndpointFault, Infect>> = {
  'socket dropped': (proxy) => {
    proxy.dropSockets();
    return () => {};
  },
  'connections refused': (proxy) => {
    proxy.refuses = true;
    return () => {
      proxy.refuses = false;
    };
  },
  'no answer': (proxy, _, over) => answering(proxy, async (_request, node) => await after(over, node)),
  latency: (proxy, random) => {
    const latencyMs = random.between(50, 900);
    return answering(proxy, async (_, node) => {
      await sleep(random.between(latencyMs / 2, latencyMs));
      return await node();
    });
  },
  'HTTP 429': (proxy) => answering(proxy, async () => text(429, 'Too Many Requests')),
  'HTTP 429 with Retry-After': (proxy, random) => {
    const headers = { 'retry-after': String(random.whole(1, 2)) };
    return answering(proxy, async () => ({ ...text(429, 'Too Many Requests'), headers }));
  },
  'HTTP 500': (proxy) => answering(proxy, async () => text(500, 'Internal Server Error')),
  'every other request fails': (proxy) => {
    let asked = 0;
    return answering(proxy, async (request, node) => {
      asked += 1;
      return asked % 2 ? failure(request, -32603, 'Internal error') : await node();
    });
  },
  'truncated JSON': (proxy) =>
    answering(proxy, async (_, node) => {
      const whole = JSON.stringify(await node());
      return text(200, whole.slice(0, whole.length / 2));
    }),
  HTML: (proxy) => answering(proxy, async () => text(502, '<html><h1>502 Bad Gateway</h1></html>')),
  'another id': (proxy) =>
    answering(proxy, async (request, node) => ({ ...(await node()), id: request.id + 1 })),
  'null results': (proxy) => answering(proxy, async (request) => result(request, null)),
  'wrong types': (proxy, random) => {
    const wrong = random.pick(WRONG_TYPES);
    proxy.heads = (_, tell) => tell({ number: wrong });
    const lift = answering(proxy, async (request) => result(request, wrong));
    return () => {
      proxy.heads = undefined;
      lift();
    };
  },
  lagging: (proxy, random) => {
    const lagging = new Lagging(proxy.node.url, random.whole(1, 12));
    proxy.heads = lagging.heads;
    const lift = answering(proxy, lagging.fault);
    return () => {
      proxy.heads = undefined;
      lift();
      lagging.catchUp();
    };
  },
  'empty logs': (proxy) =>
    answering(proxy, async (request, node) =>
      request.method === 'eth_getLogs' ? result(request, []) : await node(),
    ),
  'lost heads': (proxy) => {
    proxy.loseHeads = true;
    return () => {
      proxy.loseHeads = false;
    };
  },
  'late heads': (proxy, random) => {
    proxy.heads = (head, tell) => void setTimeout(tell, random.between(200, 3000), head);
    return () => {
      proxy.heads = undefined;
    };
  },
  'repeated heads': (proxy, random) => {
    const told: object[] = [];
    proxy.heads = (head, tell) => {
      tell(head);
      told.push(head);
      tell(random.pick(told));
      tell(head);
    };
    return () => {
      proxy.heads = undefined;
    };
  },
};

/** Makes it ill until the returned function is called; `over` aborts when that is about to happen. */
export function infect(kind: EndpointFault, proxy: NodeProxy, random: Random, over: AbortSignal): () => void {
  return INFECTIONS[kind](proxy, random, over);
}

function answering(proxy: NodeProxy, fault: Fault): () => void {
  proxy.fault = fault;
  return () => {
    proxy.fault = undefined;
  };
}

function text(status: number, body: string) {
  return { status, text: body };
}

async function after(over: AbortSignal, node: () => Promise<Answer>): Promise<Answer> {
  if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
  return await node();
}
