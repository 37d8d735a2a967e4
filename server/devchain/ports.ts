import { once } from 'node:events';
import { createServer } from 'node:net';

/** That port of the loopback where nobody has it, else 0: any that is free. */
export async function freeOrAny(port: number): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return port;
  } catch {
    return 0;
  } finally {
    probe.close();
  }
}
