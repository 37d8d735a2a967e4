import DataLoader from 'dataloader';
import { parseHeader } from '../chain/header.ts';
import { chunksOf, type Pair, type Reader, type Reading } from '../chain/multicall/reader.ts';
import { BlockUnavailable } from '../chain/rpc/errors.ts';
import type { Requester } from '../chain/rpc/message.ts';
import type { Address, BlockRef, Header } from '../chain/types.ts';
import { sleep } from '../lib/retry.ts';
import type { Balance } from './entry.ts';

export type BlockTag = 'LATEST' | 'SAFE' | 'FINALIZED';

/**
 * Reads that arrive together share one `eth_call`: a batch closes once nothing was added to it for half as long as
 * an answer takes, within these bounds, and none is held open for longer than the last.
 */
const BATCH_QUIET_LEAST_MS = 10;
const BATCH_QUIET_MOST_MS = 50;
const BATCH_LONGEST_MS = 250;
/** A block may vanish between being named and being read: it is named anew this many times. */
const ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 50;

interface Question extends Pair {
  readonly at: BlockTag;
}

interface LookupOptions {
  readonly pool: Requester;
  readonly reader: Reader;
  /** The newest head heard of. */
  readonly head: () => Header | undefined;
  readonly signal: AbortSignal;
}

/** One-off reads, for callers without a stream: batched across requests, always as of the block they ask for. */
export class Lookup {
  readonly #options: LookupOptions;
  readonly #loader: DataLoader<Question, Balance>;
  #askedAtMs = 0;
  #answering = 0;
  /** How long the last batch took. */
  #answerMs = 0;

  constructor(options: LookupOptions) {
    this.#options = options;
    this.#loader = new DataLoader((questions) => this.#answer(questions), {
      cache: false,
      batchScheduleFn: (dispatch) => this.#dispatchWhenQuiet(dispatch),
    });
  }

  /** Throws UPSTREAM_UNAVAILABLE; a token that cannot be read is an answer. */
  balance(owner: Address, token: Address, at: BlockTag): Promise<Balance> {
    this.#askedAtMs = performance.now();
    return this.#loader.load({ owner, token, at });
  }

  /**
   * A busy process takes in what came together over many turns, and a slow answer makes waiting for it cheap: so
   * the batch stays open while more keeps coming, and while the one before it is being answered.
   */
  #dispatchWhenQuiet(dispatch: () => void): void {
    const openedMs = performance.now();
    const quietMs = Math.min(BATCH_QUIET_MOST_MS, Math.max(BATCH_QUIET_LEAST_MS, this.#answerMs / 2));
    const look = () => {
      const now = performance.now();
      const isQuiet = now - this.#askedAtMs >= quietMs && this.#answering === 0;
      if (isQuiet || now - openedMs >= BATCH_LONGEST_MS) dispatch();
      else setTimeout(look, BATCH_QUIET_LEAST_MS);
    };
    setTimeout(look, BATCH_QUIET_LEAST_MS);
  }

  /** The block that a tag names at the moment. */
  async block(at: BlockTag): Promise<BlockRef> {
    const { pool, head, signal } = this.#options;
    const params = [at.toLowerCase(), false];
    const call = { method: 'eth_getBlockByNumber', params, parse: parseHeader };
    const block = await pool.request(call, signal);
    const heard = head();
    // A node that lags behind the one that announces heads must not take us back.
    return at === 'LATEST' && heard && heard.number > block.number ? heard : block;
  }

  async #answer(questions: readonly Question[]): Promise<(Balance | Error)[]> {
    const startedMs = performance.now();
    this.#answering += 1;
    try {
      return await this.#answerAll(questions);
    } finally {
      this.#answering -= 1;
      this.#answerMs = performance.now() - startedMs;
    }
  }

  async #answerAll(questions: readonly Question[]): Promise<(Balance | Error)[]> {
    const byTag = Map.groupBy(questions, ({ at }) => at);
    const answers = new Map<string, Balance | Error>();
    await Promise.all(
      [...byTag].map(async ([at, asked]) => {
        const first = this.block(at);
        const distinct = [...new Map(asked.map((question) => [keyOf(question), question])).values()];
        await Promise.all(
          chunksOf(distinct).map(async (chunk) => {
            const result = await this.#read(chunk, at, first).catch((error: Error) => error);
            chunk.forEach((question, index) => {
              const answer = result instanceof Error ? result : balanceOf(question, result, index);
              answers.set(keyOf(question), answer);
            });
          }),
        );
      }),
    );
    return questions.map((question) => answers.get(keyOf(question)) ?? new Error('a question got no answer'));
  }

  async #read(pairs: readonly Pair[], at: BlockTag, first: Promise<BlockRef>): Promise<Answered> {
    const { reader, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const block = await (attempt === 1 ? first : this.block(at));
      try {
        return { readings: await reader.read(pairs, block, signal), block };
      } catch (error) {
        if (!(error instanceof BlockUnavailable) || attempt === ATTEMPTS) throw error;
        await sleep(ATTEMPT_PAUSE_MS * attempt, signal);
      }
    }
  }
}

interface Answered {
  readonly readings: readonly Reading[];
  readonly block: BlockRef;
}

function keyOf({ owner, token, at }: Question): string {
  return `${owner}${token}${at}`;
}

function balanceOf({ owner, token }: Pair, { readings, block }: Answered, index: number): Balance {
  const reading = readings[index] ?? { unreadable: 'not read' };
  return {
    owner,
    token,
    amount: 'amount' in reading ? reading.amount : null,
    reason: 'amount' in reading ? null : reading.unreadable,
    previousAmount: null,
    transactions: [],
    block,
  };
}
