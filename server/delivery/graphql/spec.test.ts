import { serverAudits } from 'graphql-http';
import { afterAll, expect, test } from 'vitest';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';

const server = await serveHttp(new ScriptedService());
afterAll(() => server[Symbol.asyncDispose]());

const audits = serverAudits({ url: `${server.url}/graphql` });

test('every audit of the GraphQL-over-HTTP specification is here', () => {
  expect(audits).toHaveLength(61);
});

test.each(audits)('$name', async (audit) => {
  const result = await audit.fn();
  expect(result.status, 'reason' in result ? result.reason : '').toBe('ok');
});
