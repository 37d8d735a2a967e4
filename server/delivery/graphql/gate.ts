import type { Plugin } from 'graphql-yoga';
import type { Gate } from '../gate/gate.ts';
import type { Connection } from './connection.ts';
import { costOf, requestsOf } from './cost.ts';

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
    async onExecute({ args: { document, operationName, variableValues, contextValue } }) {
      const { connection } = contextValue;
      const requests = requestsOf(document, operationName);
      if (requests === 0) return;
      await gate.spend(connection.caller, requests);
      // Held until the answer is written: it takes more memory than what it is made of.
      const balances = costOf(document, { operationName, variables: variableValues, session: 0 });
      connection.read(balances);
    },
    async onSubscribe({ args: { contextValue } }) {
      const { connection } = contextValue;
      await gate.spend(connection.caller, 1);
      connection.hold(gate.openStream(connection.caller, 'graphql'));
    },
  };
}
