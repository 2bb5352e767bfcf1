import { ARITHMETIC_FLAGS, Flag, Word } from './state.js';

/**
 * How the six arithmetic flags are kept: two words, no "kind of last operation", no dispatch when one is read.
 *
 * - FLAG_RESULT: the result, sign-extended to 32 bits. ZF is "equals zero".
 * - FLAG_CARRY: bit 31 = CF, bit 30 = CF xor OF, bit 3 = AF, bit 2 = PF differs from the parity of the result,
 *   bit 0 = SF differs from the sign of the result. Bits 2 and 0 are set only by instructions that load flags freely (POPF, SAHF, IRET):
 *   ZF = 1 with SF = 1 or PF = 0 is no result's flags but a legal EFLAGS value.
 *
 * An addition's carry vector (the carry out of each bit) has CF and CF^OF already in bits 31 and 30 and AF in bit 3, which is why this form is cheap.
 */
export const Carry = { CF: 1 << 31, CF_XOR_OF: 1 << 30, AF: 1 << 3, PARITY_FLIP: 1 << 2, SIGN_FLIP: 1 << 0, ARITHMETIC: (1 << 31) | (1 << 30) | (1 << 3) } as const;

/** Bit n is 1 when n, a four-bit number, has an even number of ones: the parity flag's truth table. */
export const EVEN_PARITY_TABLE = 0x9669;

/** The whole EFLAGS image from its three words. */
export function composeFlags(state: Int32Array): number {
  const result = state[Word.FLAG_RESULT];
  const carry = state[Word.FLAG_CARRY];
  const parity = ((EVEN_PARITY_TABLE >>> ((result ^ (result >>> 4)) & 15)) ^ (carry >>> 2)) & 1;
  const sign = (result >>> 31) ^ (carry & 1);
  const overflow = ((carry ^ (carry << 1)) >>> 31) & 1;
  return state[Word.FLAG_SYSTEM] | (carry >>> 31) | (parity << 2) | ((carry & Carry.AF) << 1) | (result === 0 ? Flag.ZF : 0) | (sign << 7) | (overflow << 11);
}

/** Stores the arithmetic flags of an EFLAGS image; every combination is representable. */
export function storeArithmeticFlags(state: Int32Array, flags: number): void {
  const zero = (flags & Flag.ZF) !== 0;
  const sign = (flags >>> 7) & 1;
  const parity = (flags >>> 2) & 1;
  const carry = flags & 1;
  // A result of 0 has SF=0 and PF=1; a result of 1 has SF=0 and PF=0. The flips supply the rest.
  state[Word.FLAG_RESULT] = zero ? 0 : 1;
  state[Word.FLAG_CARRY] = (carry << 31) | ((carry ^ ((flags >>> 11) & 1)) << 30) | ((flags & Flag.AF) >>> 1) | ((parity ^ (zero ? 1 : 0)) << 2) | sign;
}

/** Stores a whole EFLAGS image. What may change is the caller's business. */
export function storeFlags(state: Int32Array, flags: number): void {
  storeArithmeticFlags(state, flags);
  state[Word.FLAG_SYSTEM] = (flags & ~ARITHMETIC_FLAGS) | Flag.FIXED;
}
