import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Service } from '../../watch/service.ts';
import type { Door } from '../answer.ts';
import type { Gate } from '../gate/gate.ts';
import type { Sample } from '../sample.ts';
import { countSent } from '../sent.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { documentCaches } from './documents.ts';
import { createMaskError, useRequestErrors } from './errors.ts';
import { useForgetting } from './forget.ts';
import { useAdmission, useRates } from './gate.ts';
import { asksForGraphiQL, createGraphiQL } from './graphiql.ts';
import { documentLimits } from './limits.ts';
import { useRequests } from './requests.ts';
import { schema } from './schema.ts';
import { useEventStream } from './sse.ts';
import { Turns } from './turns.ts';

export interface GraphQLOptions {
  readonly service: Service;
  readonly config: Pick<
    Config,
    'maxWatchedTokens' | 'maxBodyBytes' | 'sseHeartbeatMs' | 'graphiql' | 'introspection'
  >;
  readonly gate: Gate;
  readonly sample?: Sample | undefined;
  readonly metrics: Pick<Metrics, 'updatesSent' | 'blockToSend'>;
  readonly log: Pick<Logger, 'error'>;
}

export interface GraphQLDoor {
  readonly schema: GraphQLSchema;
  /** Answers everything at `/graphql`; CORS is the server's business. */
  readonly handle: Door;
}

/** The GraphQL door: Yoga over HTTP and server-sent events, and GraphiQL for browsers. */
export function createGraphQL({ service, config, gate, sample, metrics, log }: GraphQLOptions): GraphQLDoor {
  const yoga = createYoga<Context>({
    schema,
    graphqlEndpoint: '/graphql',
    maskedErrors: { maskError: createMaskError(log) },
    maxRequestBodySize: config.maxBodyBytes,
    parserAndValidationCache: documentCaches(),
    plugins: [
      useAdmission(),
      useRequests(),
      ...documentLimits(config),
      useRates(gate),
      useForgetting(),
      ...(config.introspection ? [] : [noIntrospection]),
      useRequestErrors(),
      useEventStream({ heartbeatMs: config.sseHeartbeatMs, sent: countSent(metrics, 'graphql') }),
    ],
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    // What is worth a line is logged where it is masked.
    logging: false,
  });
  const turns = new Turns();
  const graphiql = config.graphiql ? createGraphiQL(service, sample) : undefined;
  return {
    schema,
    handle(request: IncomingMessage, response: ServerResponse) {
      if (graphiql && asksForGraphiQL(request)) return graphiql(request, response);
      const { maxWatchedTokens } = config;
      const connection = new Connection(request, response, gate);
      return yoga.handle(request, response, { service, maxWatchedTokens, connection, turns });
    },
  };
}

const noIntrospection: Plugin = {
  onValidate({ addValidationRule }) {
    addValidationRule(NoSchemaIntrospectionCustomRule);
  },
};
