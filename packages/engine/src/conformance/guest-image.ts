import type { GuestCheck } from './guest-check.js';
import { KernelGuest } from './kernel-guest.js';

/** The image of a check of the catalogue. */
export function guestImage(check: GuestCheck): Uint8Array {
  const guest = new KernelGuest();
  check.code(guest);
  return guest.build();
}

/** The log that a check demands, as 32-bit words. */
export function expectedLog(check: GuestCheck, words: readonly number[]): readonly number[] {
  return (typeof check.expected === 'function' ? check.expected(words) : check.expected).map((word) => word >>> 0);
}
