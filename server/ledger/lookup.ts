import DataLoader from 'dataloader';
import { blockByTag, LATEST_BLOCK } from '../chain/header.ts';
import type { Pair, Reader, Reading } from '../chain/multicall/reader.ts';
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
  /** For blocks of the past: with a quarantine of its own, for a token may fail there and not at the head. */
  readonly pastReader: Reader;
  /** The newest head heard of. */
  readonly head: () => Header | undefined;
  readonly observer: { batch(pairs: number): void };
  readonly signal: AbortSignal;
}

/** One-off reads, for callers without a stream: batched across requests, always as of the block they ask for. */
export class Lookup {
  readonly #options: LookupOptions;
  /** Of promises, so that a balance is there as soon as it is read, whatever the others of its batch do. */
  readonly #loader: DataLoader<Question, Promise<Balance>>;
  #askedAtMs = 0;
  #answering = 0;
  /** How long the last batch took. */
  #answerMs = 0;

  constructor(options: LookupOptions) {
    this.#options = options;
    this.#loader = new DataLoader(async (questions) => this.#answer(questions), {
      cache: false,
      batchScheduleFn: (dispatch) => this.#dispatchWhenQuiet(dispatch),
    });
  }

  /** Throws UPSTREAM_UNAVAILABLE; a token that cannot be read is an answer. */
  async balance(owner: Address, token: Address, at: BlockTag): Promise<Balance> {
    this.#askedAtMs = performance.now();
    return await await this.#loader.load({ owner, token, at });
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
    if (at !== 'LATEST') return await pool.request(blockByTag(at === 'SAFE' ? 'safe' : 'finalized'), signal);
    const block = await pool.request(LATEST_BLOCK, signal);
    const heard = head();
    // A node that lags behind the one that announces heads must not take us back.
    return heard && heard.number > block.number ? heard : block;
  }

  #answer(questions: readonly Question[]): Promise<Balance>[] {
    const startedMs = performance.now();
    this.#answering += 1;
    const answers = new Map<string, PromiseWithResolvers<Balance>>();
    for (const question of questions) answers.set(keyOf(question), Promise.withResolvers());
    void this.#answerAll(questions, answers).finally(() => {
      this.#answering -= 1;
      this.#answerMs = performance.now() - startedMs;
    });
    return questions.map((question) => answers.get(keyOf(question))?.promise ?? Promise.reject(UNANSWERED));
  }

  async #answerAll(
    questions: readonly Question[],
    answers: ReadonlyMap<string, PromiseWithResolvers<Balance>>,
  ): Promise<void> {
    const byTag = Map.groupBy(questions, ({ at }) => at);
    await Promise.all(
      [...byTag].map(async ([at, asked]) => {
        const first = this.block(at);
        const distinct = [...new Map(asked.map((question) => [keyOf(question), question])).values()];
        this.#options.observer.batch(distinct.length);
        await Promise.all(
          this.#readerFor(at)
            .chunks(distinct)
            .map(async ({ pairs: chunk }) => {
              const had = (part: readonly Question[], readings: readonly Reading[], block: BlockRef) =>
                part.forEach((question, index) => {
                  answers.get(keyOf(question))?.resolve(balanceOf(question, readings[index], block));
                });
              await this.#read(chunk, at, { first, had }).catch((error: Error) => {
                // Those that have been answered are not concerned.
                for (const question of chunk) answers.get(keyOf(question))?.reject(error);
              });
            }),
        );
      }),
    );
  }

  #readerFor(at: BlockTag): Reader {
    const { reader, pastReader } = this.#options;
    return at === 'LATEST' ? reader : pastReader;
  }

  async #read(pairs: readonly Question[], at: BlockTag, { first, had }: Reads): Promise<void> {
    const { signal } = this.#options;
    const reader = this.#readerFor(at);
    for (let attempt = 1; ; attempt += 1) {
      const block = await (attempt === 1 ? first : this.block(at));
      try {
        await reader.read(pairs, block, signal, (part, readings) => had(part, readings, block));
        return;
      } catch (error) {
        if (!(error instanceof BlockUnavailable) || attempt === ATTEMPTS) throw error;
        await sleep(ATTEMPT_PAUSE_MS * attempt, signal);
      }
    }
  }
}

interface Reads {
  readonly first: Promise<BlockRef>;
  readonly had: (part: readonly Question[], readings: readonly Reading[], block: BlockRef) => void;
}

const UNANSWERED = new Error('a question got no answer');

function keyOf({ owner, token, at }: Question): string {
  return `${owner}${token}${at}`;
}

function balanceOf(
  { owner, token }: Pair,
  reading: Reading = { unreadable: 'not read' },
  block: BlockRef,
): Balance {
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
