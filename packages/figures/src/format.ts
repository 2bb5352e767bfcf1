/** Numbers for people: three significant digits, thin grouping, an explicit multiplication sign for ratios. */
import { sharePercent } from '@ringbench/analysis';

const SIGNIFICANT = 3;
const PLAIN_FROM = 1000;

/** 0.123, 1.23, 12.3, 123, 1,230: never an exponent. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= PLAIN_FROM) return count(Number(value.toPrecision(SIGNIFICANT)));
  return value.toLocaleString('en-US', { maximumSignificantDigits: SIGNIFICANT, minimumSignificantDigits: value === 0 ? 1 : SIGNIFICANT });
}

/** At most three significant digits, without trailing zeros: for prices and rates. */
export function compact(value: number): string {
  return Math.abs(value) >= PLAIN_FROM ? significant(value) : value.toLocaleString('en-US', { maximumSignificantDigits: SIGNIFICANT });
}

/** A number as its source gives it, with thousands separators. */
export function exact(value: number): string {
  return value.toLocaleString('en-US');
}

/** A ratio to the baseline. */
export function ratio(value: number): string {
  return `${significant(value)}×`;
}

/** An exact count with thousands separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A share in percent that is never rounded up to 100: 100 %, 99.93 %, 99.99987 %. */
export function fineShare(share: number): string {
  return `${sharePercent(share)}\u00a0%`;
}

/** The sign stays on the number's line. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)}\u00a0%`;
}
