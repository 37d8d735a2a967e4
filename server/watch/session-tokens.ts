import type { Network } from '../chain/networks.ts';
import type { Address } from '../chain/types.ts';
import type { Config } from '../config.ts';
import { FatalError } from '../errors.ts';
import type { Metadata } from '../ledger/metadata.ts';
import { servedChain } from './served.ts';
import type { Caller, Tokens, TokensAsked } from './service.ts';
import { alwaysWatched } from './session.ts';
import { MAX_LISTS_PER_REQUEST, type TokenLists } from './tokenlists.ts';

/** What naming tokens needs of a chain. */
interface NamedChain {
  readonly network: Pick<Network, 'wrappedNative'>;
  readonly tokens: Pick<Metadata, 'learnLogo'>;
}

interface SessionTokensOptions {
  readonly config: Pick<Config, 'maxWatchedTokens'>;
  readonly chains: ReadonlyMap<number, NamedChain>;
  readonly lists: TokenLists;
}

/** Which tokens are meant where lists, tokens and a chain are named: for sessions, and for whoever asks before one. */
export class SessionTokens implements Tokens {
  readonly #options: SessionTokensOptions;

  constructor(options: SessionTokensOptions) {
    this.#options = options;
  }

  async of(asked: TokensAsked, caller: Pick<Caller, 'id'>): Promise<readonly Address[]> {
    const tokens = new Set([...this.always(asked.chainId), ...(await this.named(asked, caller))]);
    this.check(asked.chainId, tokens);
    return [...tokens];
  }

  /** The native coin and its wrapped token. Throws CHAIN_NOT_SERVED. */
  always(chainId: number): readonly Address[] {
    return alwaysWatched(this.#chain(chainId).network.wrappedNative);
  }

  /** Those of the lists on that chain, and the custom ones, each once. Throws as `of` does, but for their number. */
  async named(
    { chainId, tokensListsUrls, customTokens }: TokensAsked,
    caller: Pick<Caller, 'id'>,
  ): Promise<readonly Address[]> {
    const { tokens } = this.#chain(chainId);
    if (tokensListsUrls.length > MAX_LISTS_PER_REQUEST)
      throw new FatalError(
        'BAD_USER_INPUT',
        `${tokensListsUrls.length} token lists exceed the limit of ${MAX_LISTS_PER_REQUEST} a request`,
      );
    const lists = await Promise.all(
      tokensListsUrls.map((url) => this.#options.lists.get(url, chainId, caller.id)),
    );
    const entries = lists.flat();
    for (const { address, logoURI } of entries) if (logoURI) tokens.learnLogo(address, logoURI);
    return [...new Set([...customTokens, ...entries.map(({ address }) => address)])];
  }

  /** Throws TOKEN_LIMIT_EXCEEDED where these are more than one session may have beside those that all have. */
  check(chainId: number, tokens: ReadonlySet<Address>): void {
    const most = this.#options.config.maxWatchedTokens;
    const count = tokens.size - this.always(chainId).length;
    if (count > most)
      throw new FatalError(
        'TOKEN_LIMIT_EXCEEDED',
        `${count} tokens exceed the limit of ${most} tokens a session`,
      );
  }

  #chain(chainId: number): NamedChain {
    return servedChain(this.#options.chains, chainId);
  }
}
