import type { SyntheticChain } from './chain.ts';
import type { Meter } from './meter.ts';
import { METHODS, RpcError } from './methods.ts';

/** What only a socket can do; over HTTP there is none. */
export interface Subscriptions {
  /** Answers the subscription's id. */
  subscribe(kind: unknown): string;
  unsubscribe(id: unknown): boolean;
}

interface Request {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: readonly unknown[];
}

/** Answers one JSON-RPC message, a single call or a batch, and enters it in the accounts. */
export function answerMessage(
  chain: SyntheticChain,
  meter: Meter,
  message: string,
  subscriptions?: Subscriptions,
): string {
  const answer = answerParsed(chain, meter, message, subscriptions);
  meter.message(Buffer.byteLength(message), Buffer.byteLength(answer));
  return answer;
}

function answerParsed(
  chain: SyntheticChain,
  meter: Meter,
  message: string,
  subscriptions: Subscriptions | undefined,
): string {
  let parsed: Request | Request[];
  try {
    parsed = JSON.parse(message) as Request | Request[];
  } catch {
    return envelope(null, '"error":{"code":-32700,"message":"parse error"}');
  }
  const one = (request: Request, bytesIn: number): string => {
    const answer = envelope(request.id ?? null, outcome(chain, request, subscriptions));
    meter.call(String(request.method), bytesIn, Buffer.byteLength(answer));
    return answer;
  };
  if (!Array.isArray(parsed)) return one(parsed, Buffer.byteLength(message));
  return `[${parsed.map((request) => one(request, Buffer.byteLength(JSON.stringify(request)))).join(',')}]`;
}

function outcome(chain: SyntheticChain, request: Request, subscriptions: Subscriptions | undefined): string {
  try {
    return `"result":${result(chain, request, subscriptions)}`;
  } catch (error) {
    const code = error instanceof RpcError ? error.code : -32603;
    const message = error instanceof Error ? error.message : String(error);
    return `"error":${JSON.stringify({ code, message })}`;
  }
}

function result(
  chain: SyntheticChain,
  { method, params = [] }: Request,
  subscriptions: Subscriptions | undefined,
): string {
  if (subscriptions && method === 'eth_subscribe') return JSON.stringify(subscriptions.subscribe(params[0]));
  if (subscriptions && method === 'eth_unsubscribe') return String(subscriptions.unsubscribe(params[0]));
  const answer = METHODS.get(String(method));
  if (!answer) throw new RpcError(-32601, `the method ${method} does not exist/is not available`);
  return answer(chain, params);
}

function envelope(id: unknown, rest: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}`;
}
