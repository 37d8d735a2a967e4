import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bind } from '../config.ts';
import { FatalError } from '../errors.ts';

const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'may not be bound by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'is not an address of this machine',
};

/** Where the server can be found from now on. Throws CONFIG_INVALID, naming the variable, where the address cannot be had. */
export async function listen(
  server: Server,
  { host, port }: Bind,
  variable: string,
): Promise<{ readonly url: string }> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const reason = FAILURES[error.code ?? ''] ?? error.message;
      reject(new FatalError('CONFIG_INVALID', `${variable}: ${host}:${port} ${reason}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
  return { url: urlOf(server.address() as AddressInfo) };
}

/** An unspecified address is every one of this machine. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
