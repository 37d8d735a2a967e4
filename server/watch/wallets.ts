import type { Wallets } from './service.ts';
import type { Update } from './update.ts';

export class LiveWallets implements Wallets {
  async stream(): Promise<AsyncIterableIterator<Update>> {
    throw new Error('not here yet');
  }
}
