import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { type CallResult, DECIMALS, firstWord, NAME, SYMBOL } from '../chain/multicall/codec.ts';
import { CALLS_PER_READ, type Reader } from '../chain/multicall/reader.ts';
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
const RETRY_MS = 200;
/** What could not be had is asked for again after this long. */
const FAILURE_TTL_MS = 30_000;
/** A balance does not wait longer for what its token is called; the read goes on for the next one. */
const PATIENCE_MS = 1500;
const MOST_SYMBOL_CHARACTERS = 64;
const MOST_NAME_CHARACTERS = 256;
/** ERC-20's `decimals` is a uint8, and an amount has 78 digits at most: more than that is no scale. */
const MOST_DECIMALS = 77;

type OnChain = Omit<TokenMetadata, 'logoURI'>;
const NOTHING: OnChain = { symbol: null, name: null, decimals: null };

interface MetadataOptions {
  readonly network: Network;
  readonly reader: Reader;
  readonly pin: () => Promise<BlockRef>;
  readonly signal: AbortSignal;
}

/** Symbol, name and decimals of the tokens of one chain: read once a token, together, and kept. */
export class Metadata {
  readonly #options: MetadataOptions;
  readonly #known = new LRUCache<Address, OnChain>({ max: TOKENS_KEPT });
  readonly #logos = new LRUCache<Address, string>({ max: TOKENS_KEPT });
  readonly #loading = new Map<Address, Promise<OnChain>>();
  readonly #loader: DataLoader<Address, OnChain>;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#known.set(NATIVE, options.network.nativeCurrency);
    this.#loader = new DataLoader((tokens) => this.#load(tokens), {
      cache: false,
      maxBatchSize: Math.floor(CALLS_PER_READ / CALLS_PER_TOKEN),
      batchScheduleFn: (dispatch) => setTimeout(dispatch, 5),
    });
  }

  /** Takes a token list's logo. The list does not get to say what the token itself says. */
  learnLogo(token: Address, logoURI: string): void {
    this.#logos.set(token, logoURI);
  }

  /** At once where it is known. Never rejects: what cannot be had now is null, and asked for again next time. */
  of(token: Address): TokenMetadata | Promise<TokenMetadata> {
    const known = this.#known.get(token);
    if (known) return this.#withLogo(token, known);
    let loading = this.#loading.get(token);
    if (!loading) {
      loading = this.#loadPatiently(token).finally(() => this.#loading.delete(token));
      this.#loading.set(token, loading);
    }
    return inTime(loading).then((loaded) => this.#withLogo(token, loaded));
  }

  async #loadPatiently(token: Address): Promise<OnChain> {
    const { signal } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
      try {
        return await this.#loader.load(token);
      } catch {
        // A block that was replaced, or an endpoint that stumbled: the balances beside it do not wait for long.
        if (attempt < ATTEMPTS) await sleep(RETRY_MS, signal).catch(() => {});
      }
    }
    this.#known.set(token, NOTHING, { ttl: FAILURE_TTL_MS });
    return NOTHING;
  }

  #withLogo(token: Address, onChain: OnChain): TokenMetadata {
    return { ...onChain, logoURI: this.#logos.get(token) ?? null };
  }

  async #load(tokens: readonly Address[]): Promise<OnChain[]> {
    const { reader, pin, signal } = this.#options;
    const calls = tokens.flatMap((target) => [SYMBOL, NAME, DECIMALS].map((data) => ({ target, data })));
    const results = await reader.call(calls, await pin(), signal);
    tokens.forEach((token, index) => {
      const [symbol, name, decimals] = results.slice(index * CALLS_PER_TOKEN);
      const metadata = {
        symbol: textOf(symbol, MOST_SYMBOL_CHARACTERS),
        name: textOf(name, MOST_NAME_CHARACTERS),
        decimals: decimalsOf(decimals),
      };
      // What the node would not run may have been the node's fault: it is asked for again after a while.
      const refused = [symbol, name, decimals].some((result) => result?.refused);
      this.#known.set(token, metadata, refused ? { ttl: FAILURE_TTL_MS } : {});
    });
    return tokens.map((token) => this.#known.get(token) ?? NOTHING);
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
