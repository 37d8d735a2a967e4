'use client';

export { LiveBalances } from './component.ts';
export { type LiveBalancesOptions, liveBalances } from './live-balances.ts';
