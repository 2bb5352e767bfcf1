import { Selector } from './memory-map.js';
import type { KernelGuest } from './kernel-guest.js';

/** One guest of the catalogue: what it does, and what its log must say on any machine that follows the manual. */
export interface GuestCheck {
  readonly name: string;
  /** Where the expected values come from. */
  readonly manual: string;
  readonly code: (guest: KernelGuest) => void;
  /** The words of the log; or, where they depend on each other, the whole log computed from what was read. */
  readonly expected: readonly number[] | ((words: readonly number[]) => readonly number[]);
  readonly memoryBytes?: number;
  /** Why another machine may rightly give other values (guest time, identification); absent means that any PC must agree. */
  readonly ownTo?: string;
}

/** The log's words for an exception: vector and CS, error code, EIP relative to the attempt; then CR2 of a page fault. */
export function fault(vector: number, details: { readonly error?: number; readonly at?: number; readonly cs?: number; readonly cr2?: number } = {}): readonly number[] {
  const { error = 0, at = 0, cs = Selector.KERNEL_CODE, cr2 } = details;
  const words = [vector | (cs << 16), error, at];
  return cr2 === undefined ? words : [...words, cr2];
}

/** The same for an exception in ring 3. */
export function userFault(vector: number, details: { readonly error?: number; readonly at?: number; readonly cr2?: number } = {}): readonly number[] {
  return fault(vector, { ...details, cs: Selector.USER_CODE });
}

/** Error code of an exception that concerns an entry of the IDT (SDM vol. 3, 6.13). */
export function idtError(vector: number): number { return vector * 8 + 2; }
