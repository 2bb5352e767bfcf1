import { CR0, Feature, Flag, Vector, Word } from '../state.js';
import { storeArithmeticFlags, composeFlags } from '../flags.js';
import { eventIndex } from '../events.js';
import type { Silicon } from './silicon.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { BUDGET, CPL, CR0: CR0_WORD, FEATURES, FLAG_SYSTEM, IN_V386, RESUMED_AT, TRAP_SENSITIVE } = Word;
const { PE } = CR0;
const { VM, IOPL, IOPL_SHIFT } = Flag;

const RING_IN = eventIndex('ring.in');
const RING_OUT = eventIndex('ring.out');

export const LOW_WORD = 0xffff;

export function isProtected(state: Int32Array): boolean {
  return (state[CR0_WORD] & PE) !== 0;
}

export function isVirtual8086(state: Int32Array): boolean {
  return (state[FLAG_SYSTEM] & VM) !== 0;
}

/** True when segment registers hold paragraph numbers: real and virtual-8086 mode. */
export function hasParagraphSegments(state: Int32Array): boolean {
  return !isProtected(state) || isVirtual8086(state);
}

export function ioPrivilege(state: Int32Array): number {
  return (state[FLAG_SYSTEM] & IOPL) >>> IOPL_SHIFT;
}

/** True on a processor that has V386 mode and is not in it: the mode does not nest. */
export function isV386Root(state: Int32Array): boolean {
  return (state[FEATURES] & Feature.V386) !== 0 && state[IN_V386] === 0;
}

/** Records #GP(0) unless CPL is 0 (SDM vol. 3, 5.9). */
export function requireRing0(silicon: Silicon): boolean {
  return silicon.state[CPL] === 0 || silicon.raise(Vector.GP, 0);
}

/** Records #UD in real and virtual-8086 mode, where the descriptor instructions are not recognized. */
export function requireProtectedSegments(silicon: Silicon): boolean {
  return !hasParagraphSegments(silicon.state) || silicon.raise(Vector.UD, 0);
}

/** Records #GP(0) on the `sensitiveTraps` machine where a sensitive unprivileged instruction must fault (slide "x86 changes", first bullet). */
export function passesSensitivity(silicon: Silicon): boolean {
  return silicon.state[TRAP_SENSITIVE] === 0 || silicon.raise(Vector.GP, 0);
}

/** To be called when RF was loaded into EFLAGS, by what is not a part of the instruction that it holds for. */
export function noteResumption(state: Int32Array): void {
  state[RESUMED_AT] = state[BUDGET];
}

/** Changes CPL, counting the crossing. */
export function changePrivilege(silicon: Silicon, cpl: number): void {
  const old = silicon.state[CPL];
  if (old === cpl) return;
  silicon.state[CPL] = cpl;
  silicon.count(cpl < old ? RING_IN : RING_OUT);
  silicon.privilegeChanged();
}

/** Stores the system part of EFLAGS and tells the machine if interrupts or traps are affected. */
export function storeSystemFlags(silicon: Silicon, flags: number): void {
  const state = silicon.state;
  const changed = state[FLAG_SYSTEM] ^ flags;
  state[FLAG_SYSTEM] = flags;
  if ((changed & (Flag.IF | Flag.TF)) !== 0) silicon.interruptFlagChanged();
  if ((changed & Flag.AC) !== 0) silicon.alignmentChanged();
}

export function storeZeroFlag(state: Int32Array, zero: boolean): void {
  storeArithmeticFlags(state, (composeFlags(state) & ~Flag.ZF) | (zero ? Flag.ZF : 0));
}

/** Writes a general register; a 16-bit write keeps the upper half. */
export function writeRegister(state: Int32Array, register: number, size: 16 | 32, value: number): void {
  state[register] = size === 32 ? value : (state[register] & ~LOW_WORD) | (value & LOW_WORD);
}
