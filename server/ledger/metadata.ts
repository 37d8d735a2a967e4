import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { type CallResult, DECIMALS, firstWord, NAME, SYMBOL } from '../chain/multicall/codec.ts';
import { CALLS_PER_READ, type Reader } from '../chain/multicall/reader.ts';
import { isBurden } from '../chain/multicall/reading.ts';
import type { Network } from '../chain/networks.ts';
import { type Address, type BlockRef, type Hex, NATIVE } from '../chain/types.ts';
import { sleep } from '../lib/retry.ts';

/** What a token says of itself, cleaned; null where it says nothing usable. */
export interface TokenMetadata {
  readonly symbol: string | null;
  readonly name: string | null;
  readonly decimals: number | null;
  readonly logoURI: string | null;
}

const TOKENS_KEPT = 100_000;
const CALLS_PER_TOKEN = 3;
const ATTEMPTS = 3;
const ATTEMPT_PAUSE_MS = 200;
/** What could not be had is asked for again after this long, and every time that it fails after twice as long. */
const RETRY_LEAST_MS = 30_000;
const RETRY_MOST_MS = 3_600_000;
/** A balance does not wait longer for what its token is called; the read goes on for the next one. */
const PATIENCE_MS = 1500;
const MOST_SYMBOL_CHARACTERS = 64;
const MOST_NAME_CHARACTERS = 256;
/** ERC-20's `decimals` is a uint8, and an amount has 78 digits at most: more than that is no scale. */
const MOST_DECIMALS = 77;

type OnChain = Omit<TokenMetadata, 'logoURI'>;
const NOTHING: OnChain = { symbol: null, name: null, decimals: null };

interface Known {
  readonly onChain: OnChain;
  /** When to ask for what is lacking; undefined where nothing is. */
  readonly retryAtMs: number | undefined;
  /** How often it was lacking. */
  readonly failures: number;
  /** Whether it burns gas or answers with bombs: then it is asked for apart from others. */
  readonly isCostly: boolean;
}

interface MetadataOptions {
  readonly network: Network;
  readonly reader: Reader;
  readonly pin: () => Promise<BlockRef>;
  readonly signal: AbortSignal;
}

/**
 * Symbol, name and decimals of the tokens of one chain: read once a token, together, and kept. What a token does not
 * say is asked for again, behind the back of who asks, and more and more rarely.
 */
export class Metadata {
  readonly #options: MetadataOptions;
  readonly #known = new LRUCache<Address, Known>({ max: TOKENS_KEPT });
  readonly #logos = new LRUCache<Address, string>({ max: TOKENS_KEPT });
  readonly #loading = new Map<Address, Promise<OnChain>>();
  /** Of promises, so that a token is known as soon as it is read, whatever the others of its batch do. */
  readonly #loader: DataLoader<Address, Promise<OnChain>>;

  constructor(options: MetadataOptions) {
    this.#options = options;
    const { nativeCurrency: onChain } = options.network;
    this.#known.set(NATIVE, { onChain, retryAtMs: undefined, failures: 0, isCostly: false });
    this.#loader = new DataLoader(async (tokens) => this.#load(tokens), {
      cache: false,
      maxBatchSize: Math.floor(CALLS_PER_READ / CALLS_PER_TOKEN),
      batchScheduleFn: (dispatch) => setTimeout(dispatch, 5),
    });
  }

  /** Takes a token list's logo. The list does not get to say what the token itself says. */
  learnLogo(token: Address, logoURI: string): void {
    this.#logos.set(token, logoURI);
  }

  /** At once where it was read before. Never rejects: what cannot be had now is null, and asked for again. */
  of(token: Address): TokenMetadata | Promise<TokenMetadata> {
    const known = this.#known.get(token);
    if (!known) return inTime(this.#loadOnce(token)).then((loaded) => this.#withLogo(token, loaded));
    if (known.retryAtMs !== undefined && known.retryAtMs <= performance.now()) void this.#loadOnce(token);
    return this.#withLogo(token, known.onChain);
  }

  #loadOnce(token: Address): Promise<OnChain> {
    let loading = this.#loading.get(token);
    if (!loading) {
      loading = this.#loadPatiently(token).finally(() => this.#loading.delete(token));
      this.#loading.set(token, loading);
    }
    return loading;
  }

  async #loadPatiently(token: Address): Promise<OnChain> {
    const { signal } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
      try {
        return await await this.#loader.load(token);
      } catch {
        // A block that was replaced, or an endpoint that stumbled: the balances beside it do not wait for long.
        if (attempt < ATTEMPTS) await sleep(ATTEMPT_PAUSE_MS, signal).catch(() => {});
      }
    }
    return this.#learn(token, this.#known.get(token)?.onChain ?? NOTHING, false);
  }

  #withLogo(token: Address, onChain: OnChain): TokenMetadata {
    return { ...onChain, logoURI: this.#logos.get(token) ?? null };
  }

  #learn(token: Address, onChain: OnChain, isCostly: boolean): OnChain {
    const isComplete = Object.values(onChain).every((value) => value !== null);
    const failures = isComplete ? 0 : (this.#known.get(token)?.failures ?? 0) + 1;
    const pauseMs = Math.min(RETRY_MOST_MS, RETRY_LEAST_MS * 2 ** (failures - 1));
    const retryAtMs = isComplete ? undefined : performance.now() + pauseMs;
    this.#known.set(token, { onChain, retryAtMs, failures, isCostly });
    return onChain;
  }

  #load(tokens: readonly Address[]): Promise<OnChain>[] {
    const answers = new Map(tokens.map((token) => [token, Promise.withResolvers<OnChain>()]));
    const isCostly = (token: Address) => this.#known.get(token)?.isCostly === true;
    const apart = tokens.filter(isCostly).map((token) => [token]);
    for (const batch of [tokens.filter((token) => !isCostly(token)), ...apart])
      this.#read(batch, (token, onChain) => answers.get(token)?.resolve(onChain)).catch((error: Error) => {
        // Those that have been answered are not concerned.
        for (const token of batch) answers.get(token)?.reject(error);
      });
    return tokens.map((token) => answers.get(token)?.promise ?? Promise.resolve(NOTHING));
  }

  async #read(tokens: readonly Address[], learnt: (token: Address, onChain: OnChain) => void): Promise<void> {
    if (tokens.length === 0) return;
    const { reader, pin, signal } = this.#options;
    const calls = tokens.flatMap((target) => [SYMBOL, NAME, DECIMALS].map((data) => ({ target, data })));
    const results: CallResult[] = [];
    await reader.call(calls, await pin(), signal, (places, found) => {
      for (const [index, place] of places.entries()) {
        const result = found[index];
        if (result) results[place] = result;
      }
      for (const token of new Set(places.map((place) => tokens[Math.floor(place / CALLS_PER_TOKEN)]))) {
        const first = token === undefined ? -1 : tokens.indexOf(token) * CALLS_PER_TOKEN;
        const [symbol, name, decimals] = results.slice(first, first + CALLS_PER_TOKEN);
        if (!token || !symbol || !name || !decimals) continue;
        const onChain = {
          symbol: textOf(symbol, MOST_SYMBOL_CHARACTERS),
          name: textOf(name, MOST_NAME_CHARACTERS),
          decimals: decimalsOf(decimals),
        };
        learnt(token, this.#learn(token, onChain, [symbol, name, decimals].some(isBurden)));
      }
    });
  }
}

async function inTime(loading: Promise<OnChain>): Promise<OnChain> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<OnChain>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, NOTHING);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A `string`, or a `bytes32` as older tokens (MKR) return; null where it is neither, or empty once cleaned. */
export function textOf(result: CallResult | undefined, mostCharacters: number): string | null {
  if (!result?.success) return null;
  const bytes = stringBytes(result.data, mostCharacters * 4) ?? bytes32(result.data);
  if (!bytes) return null;
  const text = new TextDecoder()
    .decode(bytes)
    // Control, format (bidirectional overrides among them) and unassigned characters would deceive a reader.
    .replace(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, '')
    .trim();
  return [...text].slice(0, mostCharacters).join('') || null;
}

export function decimalsOf(result: CallResult | undefined): number | null {
  const word = result?.success ? firstWord(result.data) : undefined;
  return word !== undefined && word <= MOST_DECIMALS ? Number(word) : null;
}

function stringBytes(data: Hex, most: number): Buffer | undefined {
  const offset = firstWord(data);
  if (offset === undefined || offset > 1024n || data.length <= 2 + 64) return undefined;
  const at = 2 + Number(offset) * 2;
  const length = firstWord(`0x${data.slice(at, at + 64)}`);
  if (length === undefined) return undefined;
  const bytes = length < BigInt(most) ? Number(length) : most;
  return Buffer.from(data.slice(at + 64, at + 64 + bytes * 2), 'hex');
}

function bytes32(data: Hex): Buffer | undefined {
  if (data.length !== 2 + 64) return undefined;
  const bytes = Buffer.from(data.slice(2), 'hex');
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}
