import { Word } from '../state.js';

/** The bits of the x87 control and status words, and what FNINIT makes of the state (SDM vol. 1, 8.1). */

/** Exception flags of the status word; the control word masks them with the same bits. */
export const Exception = { INVALID: 1 << 0, DENORMAL: 1 << 1, ZERO_DIVIDE: 1 << 2, OVERFLOW: 1 << 3, UNDERFLOW: 1 << 4, PRECISION: 1 << 5, ALL: 0x3f } as const;

/** Status word. TOP and B are composed when the word is stored: `composeStatus`. */
export const Status = {
  STACK_FAULT: 1 << 6, ERROR_SUMMARY: 1 << 7, C0: 1 << 8, C1: 1 << 9, C2: 1 << 10, TOP_SHIFT: 11, C3: 1 << 14, BUSY: 1 << 15,
  CONDITIONS: (1 << 8) | (1 << 9) | (1 << 10) | (1 << 14),
  /** What a loaded status word sets here. */
  KEPT: 0x477f,
} as const;

/** Precision control: bits of the significand (SDM vol. 1, table 8-2). */
export const Precision = { SINGLE: 0, RESERVED: 1, DOUBLE: 2, EXTENDED: 3 } as const;

/** Rounding control (SDM vol. 1, table 4-8). */
export const Rounding = { NEAREST: 0, DOWN: 1, UP: 2, TO_ZERO: 3 } as const;

export const Control = {
  INITIAL: 0x37f, PRECISION_SHIFT: 8, ROUNDING_SHIFT: 10, FIELD: 3,
  /** Bits that exist; the rest reads as in INITIAL. Bit 12, infinity control, is kept but means nothing (SDM vol. 1, 8.1.5.3). */
  WRITABLE: 0x1f3f, FIXED_ONES: 0x40,
} as const;

/** Words of a register, see state.ts. */
export const REGISTER_WORDS = 3;
export const REGISTERS = 8;
export const ALL_VALID = 0xff;

/** Classes of a register in the full tag word (SDM vol. 1, 8.1.7). */
export const Tag = { VALID: 0, ZERO: 1, SPECIAL: 2, EMPTY: 3 } as const;

/** Puts the x87 into the state that FNINIT makes. A processor with Feature.FPU is reset with it. */
export function resetX87(state: Int32Array): void {
  state[Word.X87_CONTROL] = Control.INITIAL;
  state[Word.X87_STATUS] = 0;
  state[Word.X87_TOP] = 0;
  state[Word.X87_VALID] = 0;
  state[Word.X87_FIP] = 0;
  state[Word.X87_FCS] = 0;
  state[Word.X87_FDP] = 0;
  state[Word.X87_FDS] = 0;
  state[Word.X87_FOP] = 0;
}

/** The status word as the program sees it. B is a copy of ES (SDM vol. 1, 8.1.3). */
export function composeStatus(state: Int32Array): number {
  const status = state[Word.X87_STATUS];
  return status | (state[Word.X87_TOP] << Status.TOP_SHIFT) | ((status & Status.ERROR_SUMMARY) << 8);
}

/** Sets ES if an exception flag is set that is not masked, else clears it. */
export function summarizeErrors(state: Int32Array): void {
  const status = state[Word.X87_STATUS];
  const unmasked = status & ~state[Word.X87_CONTROL] & Exception.ALL;
  state[Word.X87_STATUS] = unmasked === 0 ? status & ~Status.ERROR_SUMMARY : status | Status.ERROR_SUMMARY;
}

/** Loads a status word image: TOP, conditions and exception flags. ES follows from the flags and masks, so the control word goes first. */
export function storeStatus(state: Int32Array, image: number): void {
  state[Word.X87_STATUS] = image & Status.KEPT;
  state[Word.X87_TOP] = (image >>> Status.TOP_SHIFT) & (REGISTERS - 1);
  summarizeErrors(state);
}

export function storeControl(state: Int32Array, image: number): void {
  state[Word.X87_CONTROL] = (image & Control.WRITABLE) | Control.FIXED_ONES;
  summarizeErrors(state);
}
