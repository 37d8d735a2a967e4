import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

/**
 * What an operation asks of the chain, in balances: `balances` costs its tokens, a mutation and `tokens` what a
 * session may watch, any other field of the root 1. What stands below the root is read from memory and costs nothing here;
 * depth, aliases and tokens bound it.
 */
export interface CostOptions {
  readonly operationName?: string | null | undefined;
  /** As they were sent. */
  readonly variables?: unknown;
  /** Tokens that a session may watch. */
  readonly session: number;
}

export function costOf(document: DocumentNode, { operationName, variables, session }: CostOptions): number {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 0;
  const defaults = new Map(
    operation.variableDefinitions?.map((node) => [node.variable.name.value, node.defaultValue]),
  );

  function costOfField(field: FieldNode): number {
    if (operation?.operation === 'mutation' || field.name.value === 'tokens') return session;
    const tokens = field.arguments?.find(({ name }) => name.value === 'tokens');
    return tokens ? Math.max(1, lengthOf(tokens.value)) : 1;
  }

  function lengthOf(value: ValueNode | undefined): number {
    if (value?.kind === Kind.LIST) return value.values.length;
    if (value?.kind !== Kind.VARIABLE) return 1;
    const name = value.name.value;
    const given = isRecord(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (given === undefined) return lengthOf(defaults.get(name));
    return Array.isArray(given) ? given.length : 1;
  }

  return answered(document, operation).reduce((sum, field) => sum + costOfField(field), 0);
}

/**
 * What counts against the caller's rate: every session that is written or looked at, what would be one, and every read
 * of the chain.
 */
export function requestsOf(document: DocumentNode, operationName?: string | null): number {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 0;
  const fields = answered(document, operation);
  if (operation.operation !== 'query') return fields.length;
  return fields.filter(({ name }) => COUNTED.has(name.value)).length;
}

const COUNTED: ReadonlySet<string> = new Set(['balance', 'balances', 'session', 'tokens']);

/** The fields of the root. Those that share a key are one field, answered once. */
function answered(document: DocumentNode, { selectionSet }: OperationDefinitionNode): FieldNode[] {
  const fields = new Map<string, FieldNode>();
  for (const field of rootFields(document, selectionSet))
    fields.set((field.alias ?? field.name).value, field);
  return [...fields.values()];
}

/** With those of fragments, each of which counts once. */
function* rootFields(
  document: DocumentNode,
  selectionSet: SelectionSetNode,
  seen = new Set<string>(),
): Generator<FieldNode> {
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) yield selection;
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      yield* rootFields(document, selection.selectionSet, seen);
    else if (!seen.has(selection.name.value)) {
      seen.add(selection.name.value);
      for (const definition of document.definitions)
        if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value)
          yield* rootFields(document, definition.selectionSet, seen);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
