import { expect, test } from 'vitest';
import { isPublic } from './public-address.ts';

/** The first and the last of each range that is not public, and its neighbours where those are. */
test.each([
  ['0.0.0.0', '0.255.255.255', [null, '1.0.0.0']],
  ['10.0.0.0', '10.255.255.255', ['9.255.255.255', '11.0.0.0']],
  ['100.64.0.0', '100.127.255.255', ['100.63.255.255', '100.128.0.0']],
  ['127.0.0.0', '127.255.255.255', ['126.255.255.255', '128.0.0.0']],
  ['169.254.0.0', '169.254.255.255', ['169.253.255.255', '169.255.0.0']],
  ['172.16.0.0', '172.31.255.255', ['172.15.255.255', '172.32.0.0']],
  ['192.0.0.0', '192.0.0.255', ['191.255.255.255', '192.0.1.0']],
  ['192.0.2.0', '192.0.2.255', ['192.0.1.255', '192.0.3.0']],
  ['192.88.99.0', '192.88.99.255', ['192.88.98.255', '192.88.100.0']],
  ['192.168.0.0', '192.168.255.255', ['192.167.255.255', '192.169.0.0']],
  ['198.18.0.0', '198.19.255.255', ['198.17.255.255', '198.20.0.0']],
  ['198.51.100.0', '198.51.100.255', ['198.51.99.255', '198.51.101.0']],
  ['203.0.113.0', '203.0.113.255', ['203.0.112.255', '203.0.114.0']],
  ['224.0.0.0', '255.255.255.255', ['223.255.255.255', null]],
  ['::', '::ffff:ffff', [null, null]],
  ['::ffff:0.0.0.0', '::ffff:255.255.255.255', [null, null]],
  ['64:ff9b::', '64:ff9b::ffff:ffff', [null, null]],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', [null, null]],
  ['100::', '100::ffff:ffff:ffff:ffff', [null, null]],
  ['::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', [null, '2000::']],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', ['2000:ffff::', '2001:200::']],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:db7:ffff::', '2001:db9::']],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:ffff::', '2003::']],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', ['3ffe:ffff::', '3fff:1000::']],
  ['4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['3fff:ffff::', null]],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', [null, null]],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', [null, null]],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', [null, null]],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', [null, null]],
])('%s to %s is not public, what lies around it may be', (first, last, around) => {
  expect([first, last].filter(isPublic)).toEqual([]);
  expect(around.filter((address) => address !== null && !isPublic(address))).toEqual([]);
});

test.each([
  ['nothing', ''],
  ['a name', 'lists.example'],
  ['an address with a zone', '2606:4700::1111%eth0'],
  ['an address in brackets', '[2606:4700::1111]'],
  ['an address in another spelling', '0x08.8.8.8'],
  // Mapped, but of an address that is public: still not how anybody is reached.
  ['a mapped public address', '::ffff:8.8.8.8'],
])('%s is not an address that is public', (_, text) => {
  expect(isPublic(text)).toBe(false);
});
