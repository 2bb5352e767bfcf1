import { modelOf } from '../cpu-models.js';
import { ARITHMETIC_FLAGS, Flag, Segment, Vector, Word } from '../state.js';
import { composeFlags, storeArithmeticFlags } from '../flags.js';
import { Descriptor, Selector, installSegment, installVirtual8086, markAccessed } from './descriptors.js';
import { LOW_WORD, changePrivilege, ioPrivilege, isProtected, isV386Root, isVirtual8086, noteResumption, storeSystemFlags } from './modes.js';
import type { SystemOperands } from './operands.js';
import { leaveToOuter, openOuterStack, readReturnCode } from './returns.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';
import { returnFromTask } from './tasks.js';
import { installParagraphCode, isInCodeSegment, requireInLimit } from './code-segment.js';
import { enterV386 } from './v386-entry.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { CPL, EIP, ESP, FLAG_SYSTEM, NMI_BLOCKED } = Word;

/** Frames in pops: EIP CS EFLAGS; with ESP SS; with ES DS FS GS. */
const SAME = 3;
const OUTER = 5;
const VIRTUAL_8086 = 9;
const ALWAYS = ARITHMETIC_FLAGS | Flag.TF | Flag.DF | Flag.NT;

const stack = new Stack();
const outer = new Stack();
const code = new Descriptor();
const frame = { eip: 0, selector: 0, flags: 0 };

/** EFLAGS bits that IRET loads at this privilege (SDM vol. 2, IRET: Operation). */
export function iretFlagMask(state: Int32Array, operandSize: 16 | 32): number {
  const cpl = state[CPL];
  let mask = ALWAYS | (operandSize === 32 ? modelOf(state).flags | Flag.RF : 0);
  if (isVirtual8086(state) || cpl <= ioPrivilege(state)) mask |= Flag.IF;
  if (cpl === 0) mask |= Flag.IOPL;
  return mask;
}

function loadFlags(silicon: Silicon, flags: number, mask: number): void {
  const state = silicon.state;
  const merged = (composeFlags(state) & ~mask) | (flags & mask);
  storeArithmeticFlags(state, merged);
  storeSystemFlags(silicon, (merged & ~ARITHMETIC_FLAGS) | Flag.FIXED);
  noteResumption(state);
}

/** Any IRET, also one that faults, lets NMIs in again (SDM vol. 3, 6.7.1). */
function unblockNmi(silicon: Silicon): void {
  if (silicon.state[NMI_BLOCKED] === 0) return;
  silicon.state[NMI_BLOCKED] = 0;
  silicon.interruptFlagChanged();
}

/** IRET and IRETD in every mode. */
export function interruptReturn(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const bytes = op.operandSize === 32 ? 4 : 2;
  const virtual = isVirtual8086(state);
  unblockNmi(silicon);
  if (virtual && ioPrivilege(state) < 3) return silicon.raise(Vector.GP, 0);
  if (isProtected(state) && !virtual && (state[FLAG_SYSTEM] & Flag.NT) !== 0) return returnFromTask(silicon, op);
  if (!readFrame(silicon, bytes)) return false;
  if (virtual || !isProtected(state)) return returnParagraph(silicon, op, bytes);
  if (state[CPL] === 0 && bytes === 4) {
    if ((frame.flags & Flag.V386) !== 0 && isV386Root(state)) return returnToV386(silicon);
    if ((frame.flags & Flag.VM) !== 0) return returnToVirtual8086(silicon);
  }
  return returnProtected(silicon, op, bytes);
}

function readFrame(silicon: Silicon, bytes: 2 | 4): boolean {
  stack.openCurrent(silicon.state);
  if (!stack.holds(0, SAME, bytes)) return silicon.raise(Vector.SS, 0);
  frame.eip = stack.peek(silicon, 0, bytes);
  if (silicon.faulted) return false;
  frame.selector = stack.peek(silicon, bytes, bytes) & LOW_WORD;
  if (silicon.faulted) return false;
  frame.flags = stack.peek(silicon, 2 * bytes, bytes);
  return !silicon.faulted;
}

function returnParagraph(silicon: Silicon, op: SystemOperands, bytes: 2 | 4): boolean {
  const state = silicon.state;
  if (!isInCodeSegment(state, frame.eip)) return silicon.raise(Vector.GP, 0);
  // In virtual-8086 mode IOPL is kept though it is 3, because CPL is 3.
  const mask = iretFlagMask(state, op.operandSize);
  stack.release(SAME * bytes);
  state[ESP] = stack.pointer;
  installParagraphCode(silicon, frame.selector);
  state[EIP] = frame.eip;
  loadFlags(silicon, frame.flags, mask);
  return true;
}

function returnProtected(silicon: Silicon, op: SystemOperands, bytes: 2 | 4): boolean {
  const state = silicon.state;
  if (!readReturnCode(silicon, frame.selector, code)) return false;
  const level = frame.selector & Selector.RPL;
  const mask = iretFlagMask(state, op.operandSize);
  if (level > state[CPL]) {
    if (!returnOuter(silicon, level, bytes)) return false;
  } else {
    if (!requireInLimit(silicon, code, frame.eip, 0) || !markAccessed(silicon, code)) return false;
    stack.release(SAME * bytes);
    state[ESP] = stack.pointer;
  }
  installSegment(silicon, Segment.CS, frame.selector, code);
  state[EIP] = frame.eip;
  loadFlags(silicon, frame.flags, mask);
  return true;
}

/** Checks and commits the stack half of a return to an outer level. */
function returnOuter(silicon: Silicon, level: number, bytes: 2 | 4): boolean {
  if (!stack.holds(0, OUTER, bytes)) return silicon.raise(Vector.SS, 0);
  const pointer = stack.peek(silicon, SAME * bytes, bytes);
  if (silicon.faulted) return false;
  const selector = stack.peek(silicon, (SAME + 1) * bytes, bytes) & LOW_WORD;
  if (silicon.faulted || !openOuterStack(silicon, selector, pointer, level, outer)) return false;
  if (!requireInLimit(silicon, code, frame.eip, 0) || !markAccessed(silicon, code)) return false;
  leaveToOuter(silicon, outer, level);
  return true;
}

const VIRTUAL_8086_ORDER = [Segment.SS, Segment.ES, Segment.DS, Segment.FS, Segment.GS] as const;
const selectors = new Int32Array(VIRTUAL_8086_ORDER.length);

/** SDM vol. 2, IRET: RETURN-TO-VIRTUAL-8086-MODE. */
function returnToVirtual8086(silicon: Silicon): boolean {
  const state = silicon.state;
  if (!stack.holds(0, VIRTUAL_8086, 4)) return silicon.raise(Vector.SS, 0);
  const pointer = stack.peek(silicon, SAME * 4, 4);
  for (let index = 0; index < selectors.length && !silicon.faulted; index++) selectors[index] = stack.peek(silicon, (SAME + 1 + index) * 4, 4) & LOW_WORD;
  if (silicon.faulted) return false;
  if (frame.eip >>> 0 > LOW_WORD) return silicon.raise(Vector.GP, 0);
  const mask = iretFlagMask(state, 32) | Flag.VM;
  changePrivilege(silicon, 3);
  loadFlags(silicon, frame.flags, mask);
  for (let index = 0; index < selectors.length; index++) installVirtual8086(silicon, VIRTUAL_8086_ORDER[index], selectors[index]);
  installVirtual8086(silicon, Segment.CS, frame.selector);
  state[ESP] = pointer;
  state[EIP] = frame.eip;
  return true;
}

/** The frame is that of a return to an outer level; its selectors are ignored (docs/v386-mode.md). */
function returnToV386(silicon: Silicon): boolean {
  if (!stack.holds(0, OUTER, 4)) return silicon.raise(Vector.SS, 0);
  const pointer = stack.peek(silicon, SAME * 4, 4);
  return !silicon.faulted && enterV386(silicon, frame.eip, frame.flags, pointer);
}
