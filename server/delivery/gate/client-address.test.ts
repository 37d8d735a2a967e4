import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClientAddress, networkOf } from './client-address.ts';

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:4711', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::1', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
  ['::1', '::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['', 'unknown'],
  ['nonsense', 'unknown'],
  ['1'.repeat(10_000), 'unknown'],
  [undefined, 'unknown'],
])('%s is counted as %s', (address, expected) => {
  expect(networkOf(address)).toBe(expected);
});

test.each([
  ['nobody is trusted', [], '10.0.0.1', '8.8.8.8', '10.0.0.1'],
  ['a trusted proxy says who asks', ['10.0.0.0/8'], '10.0.0.1', '8.8.8.8', '8.8.8.8'],
  ['what stands before that may be made up', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4, 8.8.8.8', '8.8.8.8'],
  ['proxies behind proxies', ['10.0.0.0/8', '::1'], '::1', '8.8.8.8, 10.9.9.9', '8.8.8.8'],
  ['a proxy that says nothing', ['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
  ['all are proxies', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['another does not decide', ['10.0.0.0/8'], '8.8.4.4', '8.8.8.8', '8.8.4.4'],
  ['by IPv4 mapped', ['10.0.0.0/8'], '::ffff:10.0.0.1', '8.8.8.8', '8.8.8.8'],
  ['nonsense from a proxy', ['10.0.0.0/8'], '10.0.0.1', 'unknown', 'unknown'],
])('%s', (_, trusted, remote, forwarded, expected) => {
  expect(createClientAddress(trusted)(request(remote, forwarded))).toBe(expected);
});

test('whatever a header says, somebody asks', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('::', ':', '[', '%', ''),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const address = createClientAddress(['0.0.0.0/1', '128.0.0.0/1', '::/1'])(
        request('10.0.0.1', pieces.join(',')),
      );
      expect(address).toMatch(/^(unknown|[\d.]+|[0-9a-f:]+\/64)$/);
    }),
  );
});
