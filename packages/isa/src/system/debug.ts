import { CR0, CR4, Debug6, Debug7, Flag, Vector, Word } from '../state.js';
import { advance } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/**
 * Debug registers (SDM vol. 3, 17.2): which breakpoints an access meets, and the MOVs. B0 to B3 are set for enabled breakpoints only, which the
 * manual leaves to the processor ("may or may not be set if the breakpoint is not enabled", 17.2.3).
 */

const BREAKPOINTS = 4;
const FIELD_BITS = 4;
/** R/W field of DR7. PORT needs CR4.DE; without it the field's value is undefined, and here means no breakpoint. */
const Condition = { EXECUTE: 0, WRITE: 1, PORT: 2, ACCESS: 3 } as const;
const LENGTH_SHIFT = 2;
/** Address bits that LEN ignores: 1, 2, 8 (undefined before the Pentium 4) and 4 bytes. */
const LENGTH_MASKS = [0, 1, 7, 3] as const;

const { CPL, CR0: CR0_WORD, CR4: CR4_WORD, DR, FLAG_SYSTEM } = Word;
const { DE } = CR4;
const { ARMED } = Debug7;

/** Ln or Gn. */
function isArmed(control: number, number: number): boolean {
  return ((control >>> (2 * number)) & 3) !== 0;
}
function fieldOf(control: number, number: number): number {
  return (control >>> (Debug7.FIELDS_SHIFT + FIELD_BITS * number)) & 15;
}

function isDataField(field: number): boolean {
  return (field & Condition.WRITE) !== 0;
}

/** DR6 bits of the breakpoints of one kind that overlap `bytes` bytes at `first` (a signed 32-bit pattern); `kinds`: a bit for each R/W value. */
function overlapping(state: Int32Array, kinds: number, first: number, bytes: number): number {
  const control = state[DR + 7];
  let hits = 0;
  for (let number = 0; number < BREAKPOINTS; number++) {
    const field = fieldOf(control, number);
    if (!isArmed(control, number) || ((kinds >>> (field & 3)) & 1) === 0) continue;
    const mask = LENGTH_MASKS[field >>> LENGTH_SHIFT];
    const start = state[DR + number] & ~mask;
    // Distances modulo 2^32: either range may hold the start of the other, across the end of the address space too.
    if ((first - start) >>> 0 <= mask || (start - first) >>> 0 < bytes) hits |= 1 << number;
  }
  return hits;
}

/** DR6 bits of the data breakpoints that an access of `bytes` bytes at a linear address meets. */
export function dataBreakpoints(state: Int32Array, linear: number, bytes: number, write: boolean): number {
  if ((state[DR + 7] & ARMED) === 0) return 0;
  return overlapping(state, (1 << Condition.ACCESS) | (write ? 1 << Condition.WRITE : 0), linear | 0, bytes);
}

/** DR6 bits of the I/O breakpoints that an access to `bytes` ports meets. */
export function portBreakpoints(state: Int32Array, port: number, bytes: number): number {
  if ((state[DR + 7] & ARMED) === 0 || (state[CR4_WORD] & DE) === 0) return 0;
  return overlapping(state, 1 << Condition.PORT, port, bytes);
}

/** DR6 bits of the breakpoints on the instruction at a linear address. Its first byte counts, LEN does not. */
export function instructionBreakpoints(state: Int32Array, linear: number): number {
  const control = state[DR + 7];
  let hits = 0;
  for (let number = 0; number < BREAKPOINTS; number++) {
    if (isArmed(control, number) && (fieldOf(control, number) & 3) === Condition.EXECUTE && state[DR + number] === (linear | 0)) hits |= 1 << number;
  }
  return hits;
}

/** True while a breakpoint on an instruction is armed. */
export function hasInstructionBreakpoints(state: Int32Array): boolean {
  const control = state[DR + 7];
  if ((control & ARMED) === 0) return false;
  for (let number = 0; number < BREAKPOINTS; number++) if (isArmed(control, number) && (fieldOf(control, number) & 3) === Condition.EXECUTE) return true;
  return false;
}

const PAGE_SHIFT = 12;

/** Calls `visit` with the linear page number of each armed data breakpoint; aligned ranges lie in one page. */
export function visitDataBreakpointPages(state: Int32Array, visit: (page: number) => void): void {
  const control = state[DR + 7];
  if ((control & ARMED) === 0) return;
  for (let number = 0; number < BREAKPOINTS; number++) if (isArmed(control, number) && isDataField(fieldOf(control, number))) visit(state[DR + number] >>> PAGE_SHIFT);
}

/** True while accesses must be aligned (SDM vol. 3, 6.15, Interrupt 17). In virtual-8086 mode CPL is 3 too. */
export function checksAlignment(state: Int32Array): boolean {
  return (state[FLAG_SYSTEM] & Flag.AC) !== 0 && state[CPL] === 3 && (state[CR0_WORD] & CR0.AM) !== 0;
}

/** True when an access of `bytes` bytes is not aligned as #AC demands (SDM vol. 3, table 6-7): by its size, by 4 if that is 6, by 8 if it is 10. */
export function isMisaligned(linear: number, bytes: number): boolean {
  const whole = bytes > 8 ? 8 : bytes === 6 ? 4 : bytes;
  return (linear & (whole - 1)) !== 0;
}

/** Stands in for the error code that #DB does not push: the one debug exception that pushes RF like other faults (SDM vol. 3, 17.3.1.1 and 17.3.1.3). */
export const GENERAL_DETECT = 1;

/** The debug register that a number means; 4 and 5 are 6 and 7 unless CR4.DE makes them undefined. -1: #UD. */
function debugRegister(state: Int32Array, index: number): number {
  if (index !== 4 && index !== 5) return index;
  return (state[CR4_WORD] & DE) !== 0 ? -1 : index + 2;
}

/** The checks of both MOVs with a debug register, in the order #UD, #GP, #DB (SDM vol. 2, MOV; vol. 3, 17.2.2). */
function mayUseDebug(silicon: Silicon, register: number): boolean {
  if (register < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  const { state } = silicon;
  if ((state[DR + 7] & Debug7.GD) === 0) return true;
  state[DR + 6] |= Debug6.BD;
  return silicon.raise(Vector.DB, GENERAL_DETECT);
}

/** MOV r32, DRn. */
export function moveFromDebug(silicon: Silicon, op: SystemOperands): boolean {
  const register = debugRegister(silicon.state, op.target);
  if (!mayUseDebug(silicon, register)) return false;
  silicon.state[op.register] = silicon.state[DR + register];
  return advance(silicon, op);
}

/** MOV DRn, r32. */
export function moveToDebug(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const register = debugRegister(state, op.target);
  if (!mayUseDebug(silicon, register)) return false;
  const value = state[op.register];
  if (register === 6) state[DR + 6] = (value & Debug6.WRITABLE) | Debug6.FIXED_ONES;
  else if (register === 7) state[DR + 7] = (value & Debug7.WRITABLE) | Debug7.FIXED_ONES;
  else state[DR + register] = value;
  silicon.debugRegistersChanged();
  return advance(silicon, op);
}
