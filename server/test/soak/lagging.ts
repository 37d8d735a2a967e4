import type { Answer, Fault, HeadFault, Passing } from '../node-proxy.ts';
import { failure, result } from '../node-proxy.ts';

/**
 * An endpoint that is some blocks behind the node: what is newer it does not know, by number or by hash, and it
 * tells of each head when the one so many blocks later has come.
 */
export class Lagging {
  readonly #url: string;
  readonly #blocks: number;
  readonly #held: (() => void)[] = [];

  constructor(url: string, blocks: number) {
    this.#url = url;
    this.#blocks = blocks;
  }

  readonly heads: HeadFault = (head, tell) => {
    this.#held.push(() => tell(head));
    if (this.#held.length > this.#blocks) this.#held.shift()?.();
  };

  readonly fault: Fault = async (request, node) => {
    const { method, params } = request;
    const visible = Math.max(0, Number(await this.#ask('eth_blockNumber', [])) - this.#blocks);
    const at = `0x${visible.toString(16)}`;
    if (method === 'eth_blockNumber') return result(request, at);
    if (method === 'eth_getBlockByNumber') {
      const [wanted, full] = params;
      if (typeof wanted === 'string' && wanted.startsWith('0x'))
        return Number(wanted) > visible ? result(request, null) : await node();
      return result(request, await this.#ask(method, [at, full]));
    }
    const hash = hashIn(request);
    if (hash !== undefined) {
      const block = await this.#ask('eth_getBlockByHash', [hash, false]);
      if (!isBlock(block) || Number(block.number) > visible) return unknown(request);
      return await node();
    }
    if (method === 'eth_call') return result(request, await this.#ask(method, [params[0], at]));
    return await node();
  };

  /** Catches up: tells what it held back. */
  catchUp(): void {
    for (const tell of this.#held.splice(0)) tell();
  }

  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const message = (await answer.json()) as { result?: unknown };
    if (message.result === undefined) throw new Error(`${method} failed behind the lagging endpoint`);
    return message.result;
  }
}

/** The block hash that a request is about, if it is about one. */
function hashIn({ method, params }: Passing): unknown {
  if (method === 'eth_getBlockByHash') return params[0];
  for (const param of params)
    if (typeof param === 'object' && param !== null && 'blockHash' in param) return param.blockHash;
  return undefined;
}

function isBlock(block: unknown): block is { number: string } {
  return typeof block === 'object' && block !== null && 'number' in block;
}

function unknown(request: Passing): Answer {
  return request.method === 'eth_getBlockByHash'
    ? result(request, null)
    : failure(request, -32000, 'unknown block');
}
