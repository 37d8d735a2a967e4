import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { clientSource } from './client-source.ts';

/** One process a file, as many at once as there are cores; nothing here waits for longer than a real node takes. */
const NODE_CONDITIONS = ['node', 'module-sync', 'import', 'default'];

export default defineConfig({
  resolve: { alias: clientSource },
  // As Node itself resolves packages: with Vite's `development` there would be two copies of graphql.
  ssr: { resolve: { conditions: NODE_CONDITIONS, externalConditions: NODE_CONDITIONS } },
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['server/**/*.test.ts', 'client/**/*.test.ts'],
    globalSetup: fileURLToPath(new URL('./build-client.ts', import.meta.url)),
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
