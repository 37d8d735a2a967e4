import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives';
import { GraphQLError, getOperationAST, Kind, parse, type TypeNode, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Connection } from './connection.ts';
import { costOf } from './cost.ts';
import { checkCount } from './wallet-items.ts';

/**
 * How much one request may ask for. Callers are strangers: what a document costs to parse, to validate and to
 * answer is bounded before it is spent. Whatever is past a limit is refused with DOCUMENT_LIMIT_EXCEEDED, in a
 * message that names the limit, and with 400 in JSON of either media type; over an event stream it is an error of
 * the operation, as others are. A batch is no operation, and 400 everywhere.
 */
export const LIMITS = {
  /** Long lists belong in variables. Each token may be a bracket, and must not be one too many for the stack. */
  tokens: 1000,
  /** White space and comments are no tokens, and are read all the same. */
  characters: 50_000,
  /** Fields in fields. What is below `__schema` has graphql's own limit: lists in lists in lists are refused. */
  depth: 8,
  aliases: 30,
  directives: 20,
  /** Errors of one document or its variables that are told; finding each one's place takes reading it all again. */
  errors: 5,
  /** Of one object in the variables: every key that is unknown is an error of its own, which quotes all of it. */
  keys: 20,
  /** In sessions' worth: as much as watching so many sessions of the most tokens allowed. See `costOf`. */
  costInSessions: 5,
} as const;

interface Exchange {
  readonly connection: Connection;
}

export function documentLimitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'DOCUMENT_LIMIT_EXCEEDED', http: { status: 400 } },
  });
}

/** In the order in which a request meets them. */
export function documentLimits({ maxWatchedTokens }: { maxWatchedTokens: number }): Plugin<Exchange>[] {
  return [
    useNoBatches(),
    useParseLimits(),
    useTerseValidation(),
    maxDepthPlugin({ n: LIMITS.depth, flattenFragments: true, ...refused }),
    maxAliasesPlugin({ n: LIMITS.aliases, allowList: [], ...refused }),
    maxDirectivesPlugin({ n: LIMITS.directives, ...refused }),
    useKeysLimit(),
    useItemsLimit(),
    useCostLimit(maxWatchedTokens),
  ];
}

/** Armor's errors have no code, and call themselves syntax errors. */
const refused = {
  onReject: [
    (_context: unknown, { message }: GraphQLError) => {
      throw documentLimitExceeded(message.replace(/^Syntax Error: /, ''));
    },
  ],
};

function useNoBatches(): Plugin<Exchange> {
  return {
    onRequestParse: () => ({
      onRequestParseDone({ requestParserResult }) {
        if (Array.isArray(requestParserResult))
          throw documentLimitExceeded('A batch of operations is not accepted: send one operation a request.');
      },
    }),
  };
}

function useKeysLimit(): Plugin<Exchange> {
  const check = ({ args: { variableValues } }: { args: { variableValues?: unknown } }) => {
    const keys = mostKeys(Object.values(variableValues ?? {}));
    if (keys > LIMITS.keys)
      throw documentLimitExceeded(`Limit of ${LIMITS.keys} keys of an object exceeded, found ${keys}.`);
  };
  return { onExecute: check, onSubscribe: check };
}

/** Too many wallets are counted before each of them is looked at, as they are bound to be refused. */
function useItemsLimit(): Plugin<Exchange> {
  return {
    onSubscribe({ args: { document, operationName, variableValues = {} } }) {
      for (const { variable, type } of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
        const given = variableValues[variable.name.value];
        if (Array.isArray(given) && nameOf(type) === 'WalletItem') checkCount(given.length);
      }
    },
  };
}

/** Of what lists are made of. */
function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

/** Of any object within these. Not by recursion: strangers nest as they like. */
function mostKeys(values: readonly unknown[]): number {
  let most = 0;
  const left = [...values];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    const within = Object.values(value);
    if (!Array.isArray(value)) most = Math.max(most, within.length);
    for (const inner of within) if (typeof inner === 'object') left.push(inner);
  }
  return most;
}

function useParseLimits(): Plugin<Exchange> {
  return {
    onParse({ context, setParseFn }) {
      setParseFn((source, options) => {
        const text = typeof source === 'string' ? source : source.body;
        const refuse = (message: string) => {
          // It is an operation, only too much of one: over an event stream it is answered as one.
          context.connection.wellFormed = true;
          return documentLimitExceeded(message);
        };
        if (text.length > LIMITS.characters)
          throw refuse(`Document limit of ${LIMITS.characters} characters exceeded, found ${text.length}.`);
        try {
          return parse(source, { ...options, maxTokens: LIMITS.tokens });
        } catch (error) {
          if (!(error instanceof GraphQLError) || !error.message.endsWith(TOO_MANY_TOKENS)) throw error;
          throw refuse(`Token limit of ${LIMITS.tokens} exceeded: put long lists in variables.`);
        }
      });
    },
  };
}

/** What graphql's parser says, which gives the error no other mark. */
const TOO_MANY_TOKENS = `more than ${LIMITS.tokens} tokens. Parsing aborted.`;

/** What graphql says when two fields of one name have been compared half a million times. */
const ABORTED = 'Validation aborted.';

/** Says what is wrong without saying what else there is: no names of the schema are suggested. */
function useTerseValidation(): Plugin<Exchange> {
  const terse = { hideSuggestions: true } as const;
  return {
    onValidate({ setValidationFn }) {
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { ...terse, maxErrors: LIMITS.errors }).map((error) =>
          error.message === ABORTED
            ? documentLimitExceeded('Too many fields of one name to compare: name each field once.')
            : error,
        ),
      );
    },
    onExecute: ({ args }) => void Object.assign(args, terse),
    onSubscribe: ({ args }) => void Object.assign(args, terse),
  };
}

function useCostLimit(maxWatchedTokens: number): Plugin<Exchange> {
  const most = LIMITS.costInSessions * maxWatchedTokens;
  return {
    onExecute({ args: { document, operationName, variableValues } }) {
      const cost = costOf(document, { operationName, variables: variableValues, session: maxWatchedTokens });
      if (cost > most) throw documentLimitExceeded(`Cost limit of ${most} exceeded, found ${cost}.`);
    },
  };
}
