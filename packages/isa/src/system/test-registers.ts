import { Word } from '../state.js';
import { advance } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/**
 * Test registers (80386 Programmer's Reference Manual, 10.6; i486 Microprocessor Programmer's Reference Manual, chapter 10). The least that is honest: a register
 * keeps what was written to it; a TLB look-up by TR6 misses; a TLB write by TR6 and cache tests by TR5 have no effect. Nothing but power-on
 * tests uses them, and the TLB that they would show is the MMU's own affair here.
 */

const FIRST = 3;
const TR6 = 6;
const TR7 = 7;
/** TR6: the command is a look-up, not a write. TR7: the look-up hit. */
const Tlb = { LOOK_UP: 1 << 0, HIT: 1 << 4 } as const;

const wordOf = (register: number): number => Word.TEST + register - FIRST;

/** MOV r32, TRn. */
export function moveFromTest(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  silicon.state[op.register] = silicon.state[wordOf(op.target)];
  return advance(silicon, op);
}

/** MOV TRn, r32. */
export function moveToTest(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  const { state } = silicon;
  const value = state[op.register];
  state[wordOf(op.target)] = value;
  if (op.target === TR6 && (value & Tlb.LOOK_UP) !== 0) state[wordOf(TR7)] &= ~Tlb.HIT;
  return advance(silicon, op);
}
