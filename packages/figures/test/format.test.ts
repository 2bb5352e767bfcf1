import { expect, it } from 'vitest';
import { compact, count, exact, percent, ratio, significant } from '../src/format.js';

it('writes three significant digits and never an exponent', () => {
  expect([0.001234, 0.5, 1, 12.34, 999.6, 123456, 1e9].map(significant)).toEqual([
    '0.00123',
    '0.500',
    '1.00',
    '12.3',
    '1,000',
    '123,000',
    '1,000,000,000',
  ]);
  expect([0, 0.5, 1, 30, 3209].map(compact)).toEqual(['0', '0.5', '1', '30', '3,210']);
  expect(significant(Number.NaN)).toBe('–');
});

it('writes ratios, counts and shares', () => {
  expect(ratio(2.5)).toBe('2.50×');
  expect([0.5, 3209].map(exact)).toEqual(['0.5', '3,209']);
  expect(count(1234567)).toBe('1,234,567');
  expect([0, 0.034, 0.5, 1].map(percent)).toEqual(['0\u00a0%', '3.4\u00a0%', '50\u00a0%', '100\u00a0%']);
});
