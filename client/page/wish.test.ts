import { expect, test } from 'vitest';
import { checked, draftOf, searchOf } from './wish.ts';

const CHAINS = [
  { id: 1, name: 'Ethereum' },
  { id: 100, name: 'Gnosis' },
];
const OWNER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const TOKEN = '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512';

test('the address of the page says what is watched, and can be passed on', () => {
  const search = `?owner=${OWNER}&chain=100&list=https%3A%2F%2Flists.example%2Fall.json&tokens=${TOKEN}+native`;
  expect(checked(draftOf(search), CHAINS)).toEqual({
    wish: {
      chainId: 100,
      owner: OWNER,
      tokensListsUrls: ['https://lists.example/all.json'],
      customTokens: [TOKEN, 'native'],
    },
  });
  expect(searchOf(draftOf(search))).toBe(search);
});

test('a wallet alone is enough: the coin of the first chain', () => {
  expect(checked(draftOf(`?owner=${OWNER}`), CHAINS)).toEqual({
    wish: { chainId: 1, owner: OWNER, tokensListsUrls: [], customTokens: ['native'] },
  });
});

test('every mistake is told where it was made', () => {
  const search = `?owner=${OWNER.slice(0, -1)}&chain=5&list=lists.example&tokens=${TOKEN},DAI`;
  expect(checked(draftOf(search), CHAINS)).toEqual({
    mistakes: {
      owner: expect.stringContaining('39 digits after 0x, not 40'),
      chain: expect.stringContaining('Chain 5 is not served here'),
      list: expect.stringContaining('no web address'),
      tokens: expect.stringContaining('“DAI” is no token'),
    },
  });
  expect(checked(draftOf('?owner=vitalik.eth'), CHAINS)).toEqual({
    mistakes: { owner: expect.stringContaining('does not begin with 0x') },
  });
});
