import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { Address } from '../index.ts';
import { Identicon } from './identicon.tsx';

const pictureOf = (address: Address) => renderToStaticMarkup(createElement(Identicon, { address }));

test('an address that was made to look like another one has another picture, and the same has the same', () => {
  const mine: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
  expect(pictureOf('0x70997970C51812dc3A010C7d01b50e0d17dc79c8')).toBe(pictureOf(mine));
  const lookalikes = Array.from(
    { length: 100 },
    (_, index): Address => `0x70997970C51812dc3A010C7d${index.toString(16).padStart(8, '0')}17dc79C8`,
  );
  expect(new Set([mine, ...lookalikes].map((address) => pictureOf(address))).size).toBe(101);
});

test('one of a few digits and many zeros is no empty disc', () => {
  expect(pictureOf('0x0000000000000000000000000000000000001234')).toMatch(/ d="M/);
  expect(pictureOf('0x0000000000000000000000000000000000000bad')).toMatch(/ d="M/);
});
