import { OpenAPIHono } from '@hono/zod-openapi';
import type { z } from 'zod';
import { FatalError } from '../../errors.ts';
import { problem } from '../answer.ts';
import { addBalances } from './balances.ts';
import { limitBody } from './body.ts';
import type { RestApp, RestEnv, RestOptions } from './context.ts';
import { addDocument } from './document.ts';
import { failureOf } from './problems.ts';
import { addSessions } from './sessions.ts';
import { addStream } from './stream.ts';

/**
 * The REST and EventSource door, for clients written against older services: another encoding of what GraphQL
 * offers. Routes are validated by the schemas that document them in `/openapi.json`.
 */
export function createRest(options: RestOptions): RestApp {
  const app: RestApp = new OpenAPIHono<RestEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new FatalError('BAD_USER_INPUT', issueOf(result.error));
    },
  });
  app.onError((error, context) => {
    const { status, body, headers } = failureOf(error, options.log);
    return context.json(body, status, headers);
  });
  app.notFound((context) => context.json(problem(404, 'no such route'), 404));
  app.use(limitBody(options.config.maxBodyBytes));

  addSessions(app, options);
  addStream(app, options);
  addBalances(app, options);
  addDocument(app);
  refuseOtherMethods(app);
  return app;
}

/** As `customTokens[3]: expected an address`. */
function issueOf({ issues: [issue] }: z.core.$ZodError): string {
  const path = (issue?.path ?? [])
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return path === '' ? `${issue?.message}` : `${path}: ${issue?.message}`;
}

/** A path that exists with another method is a 405 that says with which. */
function refuseOtherMethods(app: RestApp): void {
  const methods = new Map<string, string[]>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? [];
    const added = method === 'GET' ? ['GET', 'HEAD'] : [method];
    methods.set(path, [...new Set([...known, ...added])]);
  }
  for (const [path, allowed] of methods)
    app.all(path, (context) =>
      context.json(problem(405, `${context.req.method} is not possible here`), 405, {
        allow: allowed.join(', '),
      }),
    );
}
