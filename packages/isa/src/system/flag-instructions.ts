import { modelOf } from '../cpu-models.js';
import { ARITHMETIC_FLAGS, Flag, Register, Vector, Word } from '../state.js';
import { composeFlags, storeArithmeticFlags } from '../flags.js';
import { advance } from './access.js';
import { LOW_WORD, ioPrivilege, isVirtual8086, requireRing0, storeSystemFlags } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';
import { requestV386Exit } from './v386-exit.js';

/** What PUSHF shows: never VM and RF (SDM vol. 2, PUSHF). Bit 22 is not kept in EFLAGS at all, which hides V386 mode. */
export const PUSHF_MASK = 0x00fcffff;
const POPF_ALWAYS = ARITHMETIC_FLAGS | Flag.TF | Flag.DF | Flag.NT;

const stack = new Stack();

/** EFLAGS bits that POPF loads at this privilege (SDM vol. 2, table 4-16). RF is always cleared. */
export function popfMask(state: Int32Array, operandSize: 16 | 32): number {
  const cpl = state[Word.CPL];
  let mask = POPF_ALWAYS | (operandSize === 32 ? modelOf(state).flags : 0);
  if (cpl <= ioPrivilege(state)) mask |= Flag.IF;
  if (cpl === 0) mask |= Flag.IOPL;
  return mask;
}

/** In virtual-8086 mode PUSHF and POPF need IOPL 3. */
function mayHandleFlags(silicon: Silicon): boolean {
  return !isVirtual8086(silicon.state) || ioPrivilege(silicon.state) === 3 || silicon.raise(Vector.GP, 0);
}

/** PUSHF and PUSHFD. */
export function pushFlags(silicon: Silicon, op: SystemOperands): boolean {
  if (!mayHandleFlags(silicon)) return false;
  const bytes = op.operandSize === 32 ? 4 : 2;
  stack.openCurrent(silicon.state);
  if (!stack.hasRoom(1, bytes)) return silicon.raise(Vector.SS, 0);
  if (!stack.push(silicon, bytes, composeFlags(silicon.state) & (bytes === 4 ? PUSHF_MASK : LOW_WORD))) return false;
  silicon.state[Register.ESP] = stack.pointer;
  return advance(silicon, op);
}

/** POPF and POPFD: what the privilege does not allow is left alone, silently. */
export function popFlags(silicon: Silicon, op: SystemOperands): boolean {
  if (!mayHandleFlags(silicon)) return false;
  const state = silicon.state;
  const bytes = op.operandSize === 32 ? 4 : 2;
  stack.openCurrent(state);
  if (!stack.holds(0, 1, bytes)) return silicon.raise(Vector.SS, 0);
  const image = stack.peek(silicon, 0, bytes);
  if (silicon.faulted) return false;
  const mask = popfMask(state, op.operandSize);
  stack.release(bytes);
  state[Register.ESP] = stack.pointer;
  storeArithmeticFlags(state, image);
  storeSystemFlags(silicon, (state[Word.FLAG_SYSTEM] & ~mask & ~Flag.RF) | (image & mask & ~ARITHMETIC_FLAGS));
  return advance(silicon, op);
}

/** CLI and STI obey IOPL; CPL is 3 in virtual-8086 mode and 0 in real mode, so one comparison serves all. */
function mayChangeInterruptFlag(silicon: Silicon): boolean {
  return silicon.state[Word.CPL] <= ioPrivilege(silicon.state) || silicon.raise(Vector.GP, 0);
}

/** CLI. */
export function clearInterruptFlag(silicon: Silicon, op: SystemOperands): boolean {
  if (!mayChangeInterruptFlag(silicon)) return false;
  storeSystemFlags(silicon, silicon.state[Word.FLAG_SYSTEM] & ~Flag.IF);
  return advance(silicon, op);
}

/** STI: interrupts stay off until the next instruction is done, if they were off. Single steps do not wait (SDM vol. 2, STI). */
export function setInterruptFlag(silicon: Silicon, op: SystemOperands): boolean {
  if (!mayChangeInterruptFlag(silicon)) return false;
  const state = silicon.state;
  const wasOff = (state[Word.FLAG_SYSTEM] & Flag.IF) === 0;
  storeSystemFlags(silicon, state[Word.FLAG_SYSTEM] | Flag.IF);
  if (wasOff) silicon.inhibitInterrupts(false);
  return advance(silicon, op);
}

/** HLT. */
export function halt(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  if (silicon.state[Word.IN_V386] !== 0) return requestV386Exit(silicon, 'halt', op, 0);
  silicon.halt();
  return advance(silicon, op);
}
