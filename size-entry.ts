import { createBalancesClient } from './client/index.ts';
globalThis.create = createBalancesClient;