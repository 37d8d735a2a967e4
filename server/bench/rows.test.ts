import { expect, test } from 'vitest';
import { formatTable, type Row, verdictOf } from './rows.ts';
import { median, percentile } from './statistics.ts';

const row: Row = {
  name: 'requests',
  value: 6,
  unit: '/block',
  yardstick: 5,
  yardstickName: 'the most allowed',
  limit: 1,
  detail: '6 eth_call',
};

test('a count past its limit is wrong, a time is slow, and what was not measured is wrong', () => {
  expect(verdictOf({ ...row, counted: true })).toBe('wrong');
  expect(verdictOf(row)).toBe('slow');
  expect(verdictOf({ ...row, value: 5 })).toBe('ok');
  expect(verdictOf({ ...row, value: Number.NaN })).toBe('wrong');
  const { limit: _, ...unlimited } = row;
  expect(verdictOf(unlimited)).toBe('');
});

test('the table is aligned, and explains what is past its limit', () => {
  const table = formatTable([row, { ...row, name: 'fewer requests', value: 12.3456, yardstick: 2000 }]);
  expect(table.split('\n')).toEqual([
    'row                   value     yardstick                      ratio  limit',
    'requests           6 /block      5 /block  the most allowed      1.2    ≤ 1  slow',
    'fewer requests  12.3 /block  2,000 /block  the most allowed  0.00617    ≤ 1  ok',
    'requests: 6 eth_call',
  ]);
});

test('percentiles are values that were measured', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(percentile([5, 1, 4, 2, 3], 0.95)).toBe(5);
  expect(median([])).toBeNaN();
});
