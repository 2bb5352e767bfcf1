import { Access, Segment, Vector, Word } from '../state.js';
import { advance, loadOperandWord, loadSegmented } from './access.js';
import {
  Descriptor, Selector, SystemType, descriptorDpl, descriptorType, installNull, installReal, installSegment, installVirtual8086, isConformingCode, isNull, isPresent, isReadable, isWritableData,
  markAccessed, markBusy, requireDescriptor, selectorError,
} from './descriptors.js';
import { isProtected, isVirtual8086, requireProtectedSegments, requireRing0, writeRegister } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';

const descriptor = new Descriptor();
const stack = new Stack();

/** Loads ES, SS, DS, FS or GS with the checks of SDM vol. 2, MOV; CS is loaded by transfers only. */
export function loadSegment(silicon: Silicon, register: number, selector: number): boolean {
  const state = silicon.state;
  if (!isProtected(state)) installReal(silicon, register, selector);
  else if (isVirtual8086(state)) installVirtual8086(silicon, register, selector);
  else return register === Segment.SS ? loadStackSegment(silicon, selector) : loadDataSegment(silicon, register, selector);
  return true;
}

function loadStackSegment(silicon: Silicon, selector: number): boolean {
  const cpl = silicon.state[Word.CPL];
  if (isNull(selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, selector, Vector.GP, 0, descriptor)) return false;
  const error = selectorError(selector, 0);
  if ((selector & Selector.RPL) !== cpl || !isWritableData(descriptor) || descriptorDpl(descriptor) !== cpl) return silicon.raise(Vector.GP, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.SS, error);
  if (!markAccessed(silicon, descriptor)) return false;
  installSegment(silicon, Segment.SS, selector, descriptor);
  return true;
}

function loadDataSegment(silicon: Silicon, register: number, selector: number): boolean {
  if (isNull(selector)) {
    installNull(silicon, register, selector);
    return true;
  }
  if (!requireDescriptor(silicon, selector, Vector.GP, 0, descriptor)) return false;
  const error = selectorError(selector, 0);
  if (!isReadable(descriptor)) return silicon.raise(Vector.GP, error);
  const dpl = descriptorDpl(descriptor);
  const denied = (selector & Selector.RPL) > dpl || silicon.state[Word.CPL] > dpl;
  if (denied && !isConformingCode(descriptor)) return silicon.raise(Vector.GP, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.NP, error);
  if (!markAccessed(silicon, descriptor)) return false;
  installSegment(silicon, register, selector, descriptor);
  return true;
}

/** MOV Sreg, r/m16. Loading CS this way is #UD. */
export function loadSegmentRegister(silicon: Silicon, op: SystemOperands): boolean {
  if (op.target === Segment.CS || op.target > Segment.GS) return silicon.raise(Vector.UD, 0);
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted || !loadSegment(silicon, op.target, selector)) return false;
  if (op.target === Segment.SS) silicon.inhibitInterrupts(true);
  return advance(silicon, op);
}

/** POP Sreg. */
export function popSegmentRegister(silicon: Silicon, op: SystemOperands): boolean {
  const bytes = op.operandSize === 32 ? 4 : 2;
  stack.openCurrent(silicon.state);
  if (!stack.holds(0, 1, bytes)) return silicon.raise(Vector.SS, 0);
  const selector = stack.peek(silicon, 0, 2);
  if (silicon.faulted) return false;
  stack.release(bytes);
  const pointer = stack.pointer;
  if (!loadSegment(silicon, op.target, selector)) return false;
  silicon.state[Word.ESP] = pointer;
  if (op.target === Segment.SS) silicon.inhibitInterrupts(true);
  return advance(silicon, op);
}

/** LES, LSS, LDS, LFS, LGS: the offset goes to general register `op.register`, the selector to segment register `op.target`. */
export function loadFarPointer(silicon: Silicon, op: SystemOperands): boolean {
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  const bytes = op.operandSize === 32 ? 4 : 2;
  const offset = loadSegmented(silicon, op.segment, op.offset, bytes);
  if (silicon.faulted) return false;
  const selector = loadSegmented(silicon, op.segment, op.offset + bytes, 2);
  if (silicon.faulted || !loadSegment(silicon, op.target, selector)) return false;
  writeRegister(silicon.state, op.register, op.operandSize, offset);
  return advance(silicon, op);
}

/** LLDT (SDM vol. 2). */
export function loadLocalTable(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon) || !requireRing0(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  if (isNull(selector)) {
    installNull(silicon, Segment.LDTR, selector);
    return advance(silicon, op);
  }
  if (!requireGlobal(silicon, selector, Vector.GP)) return false;
  if (descriptorType(descriptor) !== SystemType.LDT) return silicon.raise(Vector.GP, selectorError(selector, 0));
  if (!isPresent(descriptor)) return silicon.raise(Vector.NP, selectorError(selector, 0));
  installSegment(silicon, Segment.LDTR, selector, descriptor);
  return advance(silicon, op);
}

/** LTR (SDM vol. 2): the TSS becomes busy. */
export function loadTaskRegister(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon) || !requireRing0(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  if (isNull(selector)) return silicon.raise(Vector.GP, 0);
  if (!requireGlobal(silicon, selector, Vector.GP)) return false;
  const type = descriptorType(descriptor);
  if (type !== SystemType.TSS16 && type !== SystemType.TSS32) return silicon.raise(Vector.GP, selectorError(selector, 0));
  if (!isPresent(descriptor)) return silicon.raise(Vector.NP, selectorError(selector, 0));
  if (!markBusy(silicon, descriptor)) return false;
  installSegment(silicon, Segment.TR, selector, descriptor);
  return advance(silicon, op);
}

function requireGlobal(silicon: Silicon, selector: number, vector: number): boolean {
  if ((selector & Selector.LOCAL) !== 0) return silicon.raise(vector, selectorError(selector, 0));
  return requireDescriptor(silicon, selector, vector, 0, descriptor);
}

/** A data or nonconforming code register that the new privilege level may not use becomes null (SDM vol. 2, RET and IRET). */
export function dropPrivilegedSegment(silicon: Silicon, register: number): void {
  const state = silicon.state;
  const access = state[Word.ACCESS + register];
  const conforming = (access & (Access.CODE | Access.CONFORMING)) === (Access.CODE | Access.CONFORMING);
  const dpl = (access & Access.DPL_MASK) >>> Access.DPL_SHIFT;
  if ((access & Access.UNUSABLE) !== 0 || conforming || dpl >= state[Word.CPL]) return;
  installNull(silicon, register, 0);
}

/** After a return to an outer level. */
export function dropPrivilegedSegments(silicon: Silicon): void {
  dropPrivilegedSegment(silicon, Segment.ES);
  dropPrivilegedSegment(silicon, Segment.DS);
  dropPrivilegedSegment(silicon, Segment.FS);
  dropPrivilegedSegment(silicon, Segment.GS);
}
