import { keyOf } from '../address-map.ts';
import type { Demand, WalletUpdate } from '../source/source.ts';
import type { BalancesState } from '../state.ts';
import type { Address, Allowance, Block, Token, WatchedBalance } from '../types.ts';
import { formatAmount } from './amount.ts';
import { ABI, type Call, type RpcChain } from './node.ts';
import { multicallOf, type Reading } from './reading.ts';

const NATIVE = keyOf('native');
/** As the service writes it. */
const NATIVE_ADDRESS: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const MOST_SYMBOL_CHARACTERS = 64;
const MOST_NAME_CHARACTERS = 256;
/** An amount has 78 digits at most: more than that is no scale. */
const MOST_DECIMALS = 77;
/** Control, format and unassigned characters would deceive a reader. */
const DECEIVING = /[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu;

/**
 * What a node is asked about one wallet, and what its answers say. The tokens are those that are known; where none is,
 * since the service never answered, the native coin and the custom ones, which are then asked for their names, too.
 */
export class WalletReads {
  readonly #demand: Demand;
  readonly #chain: RpcChain;
  readonly #known: BalancesState;
  readonly #tokens: readonly Address[];
  readonly #spenders: readonly Address[];

  constructor(demand: Demand, chain: RpcChain, known: BalancesState) {
    this.#demand = demand;
    this.#chain = chain;
    this.#known = known;
    const { balances } = known;
    const named = balances.size > 0 ? [...balances.keys()] : (['native', ...demand.customTokens] as const);
    this.#tokens = [...new Set(named.map(keyOf))];
    this.#spenders = [...new Map(demand.spenders.map((spender) => [keyOf(spender), spender])).values()];
  }

  calls(): Call[] {
    return this.#tokens.flatMap((token) => [
      this.#balance(token),
      ...(token === NATIVE ? [] : this.#spenders.map((spender) => this.#allowance(token, spender))),
      ...(this.#isNamed(token) ? [] : (['symbol', 'name', 'decimals'] as const).map((f) => on(token, f))),
    ]);
  }

  /** What the reading adds to what is known: a step where it can be one, else everything. */
  update(reading: Reading): WalletUpdate {
    const { block } = reading;
    const balances = this.#tokens.map((token) => this.#balanceIn(reading, token));
    const allowances = this.#tokens
      .filter((token) => token !== NATIVE)
      .flatMap((token) => this.#spenders.map((spender) => this.#allowanceIn(reading, token, spender)))
      .filter((allowance) => allowance !== undefined);
    const known = new Set<WatchedBalance | Allowance>([
      ...this.#known.balances.values(),
      ...this.#known.allowances,
    ]);
    const said = { block, removed: [], via: 'rpc' } as const;
    if (!this.#known.block) return { kind: 'SNAPSHOT', cause: 'SUBSCRIBED', balances, allowances, ...said };
    // No step can say that an allowance cannot be read any more.
    const isStep = [...this.#known.allowances].every(
      ({ token, spender }) => amountIn(reading.of(this.#allowance(token.address, spender))) !== null,
    );
    const isNew = (one: WatchedBalance | Allowance) => !isStep || !known.has(one);
    return {
      kind: isStep ? 'DIFF' : 'SNAPSHOT',
      cause: 'RECONCILED',
      balances: balances.filter(isNew),
      allowances: allowances.filter(isNew),
      ...said,
    };
  }

  /** The same object where it is what was known. */
  #balanceIn(reading: Reading, address: Address): WatchedBalance {
    const { chainId, owner } = this.#demand;
    const known = this.#known.balances.get(address);
    const answer = reading.of(this.#balance(address));
    const amount = amountIn(answer);
    if (known && known.amount === amount) return known;
    const token = known?.token ?? this.#tokenIn(reading, address);
    const { decimals } = token;
    return {
      chainId,
      owner: known?.owner ?? owner,
      token,
      amount,
      formatted: amount === null || decimals === null ? null : formatAmount(amount, decimals),
      ...since(reading.block, known),
      status: amount === null ? 'UNREADABLE' : 'OK',
      reason: amount === null ? 'balanceOf failed' : null,
    };
  }

  /** Undefined where it cannot be read. */
  #allowanceIn(reading: Reading, address: Address, spender: Address): Allowance | undefined {
    const known = this.#known.allowances.get(address, spender);
    const amount = amountIn(reading.of(this.#allowance(address, spender)));
    if (amount === null) return undefined;
    if (known?.amount === amount) return known;
    const token = this.#known.balances.get(address)?.token ?? this.#tokenIn(reading, address);
    const owner = known?.owner ?? this.#demand.owner;
    return { owner, token, spender: known?.spender ?? spender, amount, ...since(reading.block, known) };
  }

  #tokenIn(reading: Reading, address: Address): Token {
    const { chainId } = this.#demand;
    if (address === NATIVE) {
      const { name, symbol, decimals } = this.#chain.nativeCurrency;
      return { chainId, address: NATIVE_ADDRESS, name, symbol, decimals, logoURI: null, native: true };
    }
    const answer = (functionName: 'symbol' | 'name' | 'decimals') => {
      const found = reading.of(on(address, functionName));
      return found?.status === 'success' ? found.result : undefined;
    };
    const decimals = answer('decimals');
    const asNamed = this.#demand.customTokens.find((token) => keyOf(token) === address);
    return {
      chainId,
      address: asNamed === undefined || asNamed === 'native' ? address : asNamed,
      symbol: textOf(answer('symbol'), MOST_SYMBOL_CHARACTERS),
      name: textOf(answer('name'), MOST_NAME_CHARACTERS),
      decimals: typeof decimals === 'number' && decimals <= MOST_DECIMALS ? decimals : null,
      logoURI: null,
      native: false,
    };
  }

  #isNamed(token: Address): boolean {
    return token === NATIVE || this.#known.balances.has(token);
  }

  #balance(token: Address): Call {
    const { owner } = this.#demand;
    if (token !== NATIVE) return on(token, 'balanceOf', owner);
    return on(multicallOf(this.#chain), 'getEthBalance', owner);
  }

  #allowance(token: Address, spender: Address): Call {
    return on(token, 'allowance', this.#demand.owner, spender);
  }
}

/** In lower case: viem refuses whatever has capitals that are not its checksum's. */
function on(address: Address, functionName: Call['functionName'], ...args: Address[]): Call {
  return { address: keyOf(address), abi: ABI, functionName, args: args.map(keyOf) };
}

function amountIn(answer: ReturnType<Reading['of']>): bigint | null {
  return answer?.status === 'success' && typeof answer.result === 'bigint' ? answer.result : null;
}

/** Who moved it, a node that is asked for balances does not say. */
function since(block: Block, known: { readonly amount: bigint | null } | undefined) {
  return { block, previousAmount: known?.amount ?? null, transactions: [] };
}

function textOf(value: unknown, mostCharacters: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .slice(0, 4 * mostCharacters)
    .replace(DECEIVING, '')
    .trim();
  return [...text].slice(0, mostCharacters).join('') || null;
}
