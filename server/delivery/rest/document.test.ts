import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../config.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { serveHttp } from '../../test/http.ts';
import { Contract } from '../../test/openapi.ts';
import { ScriptedService } from '../../test/service.ts';
import { createGate } from '../gate/gate.ts';
import { createRest } from './rest.ts';

const server = await serveHttp(new ScriptedService());
const contract = await Contract.of(server.url);
afterAll(() => server[Symbol.asyncDispose]());

describe('the document', () => {
  it('is OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(contract.document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(contract.document).toMatchObject({ openapi: '3.1.0' });
  });

  it('knows every route, and no other', () => {
    const metrics = createMetrics();
    const log = { error() {} };
    const config = readConfig({ RPC_URLS_1: 'http://127.0.0.1:1' });
    const gate = createGate(config, metrics);
    const { routes } = createRest({ service: new ScriptedService(), config, gate, metrics, log });
    const rest = routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    // Answered beside the REST door. What else is there are pages and GraphQL.
    const beside = ['/health', '/health/{chain_id}', '/livez', '/metrics', '/ws'].map(
      (path) => `get ${path}`,
    );
    const documented = contract.operations.map(({ method, path }) => `${method} ${path}`);
    expect(documented.sort()).toEqual([...new Set([...rest, ...beside])].sort());
  });

  it('tells each operation apart, with words and an example for every answer, parameter and body', () => {
    const ids = contract.operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of contract.operations) {
      const where = `${method} ${path}`;
      expect([where, operation]).toEqual([
        where,
        expect.objectContaining({ summary: expect.stringMatching(/\.$/), tags: [expect.any(String)] }),
      ]);
      for (const { description, content } of Object.values(operation.responses)) {
        expect(description).toMatch(/\.$/);
        for (const type of Object.values(content ?? {})) expect(JSON.stringify(type)).toContain('"example');
      }
      for (const parameter of operation.parameters ?? [])
        expect(JSON.stringify(parameter)).toContain('"description"');
    }
  });

  it('gives examples that are what it says', () => {
    const examples = [...contract.examples()];
    for (const { place, value } of examples) contract.expectValid(place, value, 'closed');
    expect(examples.length).toBeGreaterThan(100);
  });
});
