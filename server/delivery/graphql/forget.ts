import type { Plugin, YogaInitialContext } from 'graphql-yoga';

/**
 * What was sent with a subscription is needed no more once it runs, and would be kept for as long as that is: a
 * megabyte of JSON is more than twenty of objects. What it made of its variables stays.
 */
export function useForgetting(): Plugin<YogaInitialContext> {
  return {
    onSubscribe({ args }) {
      const { params } = args.contextValue;
      return {
        onSubscribeResult() {
          args.variableValues = undefined;
          delete params.variables;
          delete params.extensions;
        },
      };
    },
  };
}
