import { Blocks } from '../chain/blocks.ts';
import { Heads } from '../chain/heads.ts';
import { Lineage } from '../chain/lineage.ts';
import { Quarantine } from '../chain/multicall/quarantine.ts';
import { Reader } from '../chain/multicall/reader.ts';
import type { Network } from '../chain/networks.ts';
import type { Priority } from '../chain/rpc/budget.ts';
import { Pool } from '../chain/rpc/pool.ts';
import { createTeller } from '../chain/rpc/redact.ts';
import type { Address, BlockRef } from '../chain/types.ts';
import type { ChainConfig, Config } from '../config.ts';
import { describe } from '../errors.ts';
import type { Balance } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import { type BlockTag, Lookup } from '../ledger/lookup.ts';
import { Metadata, type TokenMetadata } from '../ledger/metadata.ts';
import { sweep } from '../ledger/sweep.ts';
import { ward } from '../ledger/ward.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Ration } from '../lib/ration.ts';
import type { Redact } from '../lib/redactor.ts';
import { Scope } from '../lib/scope.ts';
import { ChainFeed } from './chain-feed.ts';
import { chainHealth, logHealth } from './chain-health.ts';
import { beginMetrics } from './chain-metrics.ts';
import { observeEndpoints } from './endpoint-log.ts';
import { Owners } from './owner.ts';
import { observeQuarantine } from './quarantine-log.ts';
import type { ChainHealth, ChainUpdate, ServedChain } from './service.ts';
import type { WatchedChain } from './sessions.ts';

/** A socket that comes and goes is told of so often. */
const SOCKET_LINES_A_MINUTE = 2;

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface LiveChainOptions {
  readonly chain: ChainConfig;
  readonly config: Pick<Config, 'rpcTimeoutMs' | 'eventBatchWindowMs' | 'snapshotIntervalMs' | 'sweepBudget'>;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * One chain from its endpoints to its ledger, running: heads become advances, advances reach the ledger, the
 * sweep goes its rounds. Nothing is shared with any other chain, so that none's trouble is another's.
 */
export class LiveChain implements ServedChain, WatchedChain, AsyncDisposable {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly owners: Owners;
  readonly tokens: Metadata;
  readonly #scope: Scope;
  readonly #pool: Pool;
  readonly #heads: Heads;
  readonly #blocks: Blocks;
  readonly #lookup: Lookup;
  readonly #feed: ChainFeed;
  /** What an endpoint said as it may be told: of any length, and with its own URL in it, is how it comes. */
  readonly #told: Redact;
  /** Set where a task of ours ended by a bug: from then on nothing here is to be trusted. */
  #ended: string | undefined;

  constructor({ chain: { network, endpoints, rateLimit }, config, metrics, log }: LiveChainOptions) {
    const chain = String(network.id);
    this.network = network;
    this.#told = createTeller(endpoints);
    this.#scope = new Scope((task, error) => {
      this.#ended = `${task} has ended: ${describe(error)}`;
      log.error({ chain, task, err: error }, 'a task has ended');
    });
    const { signal } = this.#scope;
    this.#pool = this.#scope.use(
      new Pool(endpoints, {
        chainId: network.id,
        timeoutMs: config.rpcTimeoutMs,
        rateLimit,
        observer: observeEndpoints({ chain, metrics, log, told: this.#told }),
      }),
    );
    beginMetrics(
      metrics,
      chain,
      this.#pool.endpoints.map(({ name }) => name),
    );
    const lineage = new Lineage();
    const socketLines = new Ration(SOCKET_LINES_A_MINUTE, 60_000);
    this.#heads = new Heads({
      chainId: network.id,
      pool: this.#pool,
      sockets: endpoints.filter((url) => /^wss?:/.test(url)),
      blockTimeMs: network.blockTimeMs,
      timeoutMs: config.rpcTimeoutMs,
      rateLimit,
      isProcessed: ({ number, hash }) => lineage.has(number, hash),
      tip: () => lineage.tip,
      observer: {
        head: (source) => metrics.heads.inc({ chain, source }),
        socketLost: (reason) => {
          const unsaid = socketLines.take();
          if (unsaid !== undefined)
            log.warn({ chain, reason: this.#told(reason), unsaid }, 'no heads by socket; polling meanwhile');
        },
      },
    });
    const mostRetryMs = config.snapshotIntervalMs;
    const quarantine = new Quarantine({ mostRetryMs, observer: observeQuarantine({ chain, metrics, log }) });
    const readerFor = (priority: Priority, books = quarantine) =>
      new Reader({
        pool: this.#pool.withPriority(priority),
        multicall: network.multicall,
        quarantine: books,
        observer: { multicall: (calls) => metrics.multicallPairs.observe({ chain }, calls) },
      });
    const batch = (priority: Priority) => {
      const pairs = metrics.readBatchPairs.labels({ chain, priority });
      return (count: number) => pairs.observe(count);
    };
    const reconciler = readerFor('sweep');
    this.ledger = new Ledger({
      reader: readerFor('stream'),
      lineage,
      windowMs: config.eventBatchWindowMs,
      observer: {
        reconciled: () => metrics.reconciledDifferences.inc({ chain }),
        watched: (pairs) => metrics.watchedPairs.set({ chain }, pairs),
        batch: batch('stream'),
      },
      signal,
    });
    metrics.oldestConfirmation.of({ chain }, () => this.ledger.oldestConfirmationMs / 1000);
    this.owners = new Owners(this.ledger);
    this.#blocks = new Blocks({
      pool: this.#pool,
      heads: this.#heads,
      lineage,
      wallets: () => this.ledger.wallets,
      settlement: network.settlement,
      observer: {
        gap: () => metrics.gaps.inc({ chain }),
        reorg: (depth) => {
          metrics.reorgs.inc({ chain });
          log.info({ chain, depth }, 'the chain reorganised');
        },
      },
    });
    this.#lookup = new Lookup({
      pool: this.#pool.withPriority('one-off'),
      reader: readerFor('one-off'),
      pastReader: readerFor('one-off', new Quarantine({ mostRetryMs })),
      head: () => this.#heads.latest,
      observer: { batch: batch('one-off') },
      signal,
    });
    this.tokens = new Metadata({
      network,
      reader: reconciler,
      pin: () => this.#lookup.block('LATEST'),
      signal,
    });

    this.#feed = new ChainFeed({ chainId: network.id, pool: this.#pool.withPriority('one-off'), lineage });

    this.#scope.spawn('finality', (stop) => this.#feed.run(stop));
    this.#scope.spawn('heads', (stop) => this.#heads.run(stop));
    this.#scope.spawn('blocks', async (stop) => {
      for await (const advance of this.#blocks.follow(stop)) {
        this.ledger.advance(advance);
        this.#feed.advance(advance);
        metrics.headNumber.set({ chain }, advance.tip.number);
      }
    });
    this.#scope.spawn('health', (stop) => logHealth({ chain, log, health: () => this.health() }, stop));
    const reconciled = batch('sweep');
    this.#scope.spawn('sweep', (stop) =>
      sweep(
        {
          intervalMs: config.snapshotIntervalMs,
          budget: config.sweepBudget,
          turns: this.ledger.turns,
          pin: () => this.ledger.head,
          read: (pairs, pin, signal, had) => {
            reconciled(pairs.length);
            return reconciler.read(pairs, pin, signal, had);
          },
          settle: (pairs, readings, pin) => this.ledger.settle(pairs, readings, pin),
          failed: (reason, isNews) => {
            metrics.reconciliationFailures.inc({ chain });
            if (isNews)
              log.warn(
                { chain, reason: this.#told(reason) },
                'reconciliation reads fail; what was in them comes again',
              );
          },
        },
        stop,
      ),
    );
    this.#scope.spawn('ward', (stop) =>
      ward(
        {
          quarantine,
          pair: ({ owner, token, spender }) => this.ledger.pair(owner, token, spender),
          pin: () => this.ledger.head,
          read: (pairs, pin, signal, had) => reconciler.read(pairs, pin, signal, had),
          settle: (pairs, readings, pin) => this.ledger.settle(pairs, readings, pin),
        },
        stop,
      ),
    );
  }

  head(): BlockRef | undefined {
    return this.ledger.head;
  }

  balance(owner: Address, token: Address, at: BlockTag = 'LATEST'): Promise<Balance> {
    return this.#lookup.balance(owner, token, at);
  }

  metadata(token: Address): TokenMetadata | Promise<TokenMetadata> {
    return this.tokens.of(token);
  }

  follow(signal: AbortSignal): AsyncIterableIterator<ChainUpdate> {
    return this.#feed.follow(signal);
  }

  /** Ends every stream of the chain itself, now and as it comes. */
  drain(): void {
    this.#feed.drain();
  }

  health(): ChainHealth {
    const failure = this.#ended ?? this.#blocks.failure ?? this.ledger.failure;
    const [heads, pool, told] = [this.#heads, this.#pool, this.#told];
    return chainHealth({ network: this.network, ledger: this.ledger, heads, pool, failure, told });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drain();
    await this.#scope[Symbol.asyncDispose]();
  }
}
