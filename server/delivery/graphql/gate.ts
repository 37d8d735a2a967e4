import type { Plugin } from 'graphql-yoga';
import type { Gate } from '../gate/gate.ts';
import type { Connection } from './connection.ts';
import { requestsOf } from './cost.ts';

interface Exchange {
  readonly connection: Connection;
}

/** Before anything of a request is read: who sends it. */
export function useAdmission(): Plugin<Exchange, Exchange> {
  return { onRequestParse: ({ serverContext: { connection } }) => void connection.caller };
}

/** Before an operation is carried out: whether it is within the caller's rate, and whether there is room for its stream. */
export function useRates(gate: Gate): Plugin<Exchange, Exchange> {
  return {
    async onExecute({ args: { document, operationName, contextValue } }) {
      const requests = requestsOf(document, operationName);
      if (requests > 0) await gate.spend(contextValue.connection.caller, requests);
    },
    async onSubscribe({ args: { contextValue } }) {
      const { caller, signal } = contextValue.connection;
      await gate.spend(caller, 1);
      signal.throwIfAborted();
      const place = gate.openStream(caller, 'graphql');
      signal.addEventListener('abort', () => place[Symbol.dispose](), { once: true });
    },
  };
}
