import { afterAll, beforeEach, expect, test } from 'vitest';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const MUTATION = `mutation { createSession(input: { chainId: 1, owner: "${OWNER}", customTokens: ["native"] }) { chainId } }`;

const service = new ScriptedService();
let created = 0;
const { create } = service.sessions;
service.sessions.create = (...args) => {
  created++;
  return create(...args);
};
const server = await serveHttp(service);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  created = 0;
});

const url = `${server.url}/graphql`;
const form = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};
const json = JSON.stringify({ query: MUTATION });

test.each<[string, RequestInit]>([
  ['text', { headers: { 'content-type': 'text/plain' }, body: json }],
  ['text that names JSON', { headers: { 'content-type': 'text/plain; application/json' }, body: json }],
  ['text, and JSON too', { headers: { 'content-type': 'text/plain, application/json' }, body: json }],
  ['a form', { body: new URLSearchParams({ query: MUTATION }) }],
  ['a form with files', { body: form({ query: MUTATION }) }],
  ['an upload by the multipart specification', { body: form({ operations: json, map: '{}' }) }],
  ['bytes of no type', { body: new Blob([json]) }],
  ['a bare document', { headers: { 'content-type': 'application/graphql' }, body: MUTATION }],
])('another page cannot make a browser run a mutation: %s', async (_, init) => {
  for (const path of ['', `?query=${encodeURIComponent(MUTATION)}`])
    for (const accept of ['*/*', 'text/event-stream']) {
      const headers = { ...init.headers, accept, origin: 'https://evil.example' };
      const response = await fetch(url + path, { method: 'POST', ...init, headers });
      expect(response.status).toBe(415);
      expect((await response.json()).errors[0]).toEqual({
        message: 'a POST is expected to have the content type application/json',
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  expect(created).toBe(0);
});

test('nor by a link, an image or a stream', async () => {
  for (const [accept, status] of [
    ['*/*', 405],
    ['text/html,*/*;q=0.8', 405],
    ['application/json', 405],
    ['text/event-stream', 405],
    ['text/html', 406],
    ['image/png', 406],
  ] as const) {
    const response = await fetch(`${url}?query=${encodeURIComponent(MUTATION)}`, { headers: { accept } });
    expect([accept, response.status]).toEqual([accept, status]);
    if (status === 405) expect(response.headers.get('allow')).toBe('POST');
  }
  expect(created).toBe(0);
});

test('JSON in any spelling runs it, and a query may be in the URL', async () => {
  const types = [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json ;charset=utf-8',
  ];
  for (const type of types) {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: json });
    expect([type, response.status]).toEqual([type, 200]);
  }
  expect(created).toBe(types.length);

  const parameters = new URLSearchParams({
    query:
      'query A { chains { id } } query B($id: Int!) { session(chainId: $id, owner: "native") { chainId } }',
    operationName: 'B',
    variables: '{"id":1}',
    extensions: '{}',
  });
  expect(await (await fetch(`${url}?${parameters}`)).json()).toEqual({ data: { session: null } });
});

test.each([
  ['variables that are no JSON', 'variables=x', 'variables and extensions are expected to be JSON'],
  ['variables that end early', 'variables={', 'variables and extensions are expected to be JSON'],
  ['extensions that are no JSON', 'extensions=x', 'variables and extensions are expected to be JSON'],
  [
    'variables that are a list',
    'variables=[]',
    /"variables" param to be empty or an object, but given array/,
  ],
])('%s in a URL are a 400', async (_, parameter, message) => {
  for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream']) {
    const response = await fetch(`${url}?query={chains{id}}&${parameter}`, { headers: { accept } });
    const { errors } = await response.json();
    expect([response.status, errors]).toEqual([
      400,
      [{ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } }],
    ]);
  }
  expect(server.logged).toEqual([]);
});

test('no answer names what it is made with, and all forbid guessing at what they are', async () => {
  await using pages = await serveHttp(service, { graphiql: true });
  const at = `${pages.url}/graphql`;
  const answers = await Promise.all([
    fetch(at, { headers: { accept: 'text/html' } }),
    fetch(`${at}?query={chains{id}}`),
    fetch(`${at}?query={`, { headers: { accept: 'application/graphql-response+json' } }),
    fetch(`${at}?query={chains{id}}`, { headers: { accept: 'text/event-stream' } }),
    fetch(`${at}?query={chains{id}}`, { headers: { accept: 'image/png' } }),
    fetch(at, { method: 'PUT' }),
    fetch(at, { method: 'POST', body: 'x' }),
    fetch(at, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(20_000) }),
    fetch(`${pages.url}/`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200, 406, 405, 415, 413, 200]);
  for (const { url: asked, headers } of answers) {
    expect([asked, headers.get('x-content-type-options')]).toEqual([asked, 'nosniff']);
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null]);
    const isPage = headers.get('content-type')?.startsWith('text/html') === true;
    expect([asked, headers.has('content-security-policy')]).toEqual([asked, isPage]);
  }
  await Promise.all(answers.map(({ body }) => body?.cancel()));
});
