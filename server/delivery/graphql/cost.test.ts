import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { costOf } from './cost.ts';

const LIST = '[Address!]!';

test.each<[string, number, string, object?]>([
  ['a field that reads nothing', 1, '{ chains { id } }'],
  ['tokens, of lists that may be as long as a session', 100, '{ all: tokens(chainId: 1) { address } }'],
  ['one balance', 1, '{ balance(owner: "a", token: "b") { amount formatted } }'],
  ['as many as are listed', 3, '{ balances(owner: "a", tokens: ["b", "c", "d"]) { amount } }'],
  ['a list of none', 1, '{ balances(owner: "a", tokens: []) { amount } }'],
  ['one that stands for a list', 1, '{ balances(owner: "a", tokens: "b") { amount } }'],
  ['a list in a variable', 4, `query ($t: ${LIST}) { balances(tokens: $t) { amount } }`, { t: [1, 2, 3, 4] }],
  ['a variable that is no list', 1, `query ($t: ${LIST}) { balances(tokens: $t) { amount } }`, { t: 'b' }],
  ['a variable that is not given', 1, `query ($t: ${LIST}) { balances(tokens: $t) { amount } }`, {}],
  ['a default', 2, `query ($t: ${LIST} = ["b", "c"]) { balances(tokens: $t) { amount } }`],
  [
    'another than the default',
    1,
    `query ($t: ${LIST} = ["b", "c"]) { balances(tokens: $t) { amount } }`,
    { t: ['d'] },
  ],
  ['several under names of their own', 3, '{ a: chains { id } b: chains { id } chains { id } }'],
  [
    'one field said twice',
    2,
    '{ balances(tokens: ["b", "c"]) { amount } balances(tokens: ["b", "c"]) { status } }',
  ],
  [
    'fields in fragments',
    3,
    '{ ... { a: chains { id } } ...F ...F } fragment F on Query { ...G } fragment G on Query { b: chains { id } ... on Query { c: chains { id } } }',
  ],
  [
    'fragments in a circle',
    1,
    '{ ...F } fragment F on Query { ...G a: chains { id } } fragment G on Query { ...F }',
  ],
  [
    'mutations',
    200,
    'mutation { a: createSession(input: {}) { chainId } b: updateSession(input: {}) { chainId } }',
  ],
  [
    'the operation that was named',
    100,
    'query A { chains { id } } mutation B { createSession(input: {}) { chainId } }',
    { operationName: 'B' },
  ],
  ['an operation that is not there', 0, 'query A { chains { id } }', { operationName: 'B' }],
])('%s', (_, cost, document, options = {}) => {
  const { operationName, ...variables } = options as { operationName?: string };
  expect(costOf(parse(document), { operationName, variables, session: 100 })).toBe(cost);
});
