import { Word } from '../state.js';
import { advance, loadOperandWord, storeSegmented } from './access.js';
import { Descriptor, Selector, SystemType, descriptorDpl, descriptorLimit, descriptorType, findDescriptor, isConformingCode, isNull, isReadable, isWritableData } from './descriptors.js';
import { requireProtectedSegments, storeZeroFlag, writeRegister } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

const descriptor = new Descriptor();

function typeSet(...types: number[]): number {
  return types.reduce((set, type) => set | (1 << type), 0);
}

/** System descriptors that LSL can see, and those that LAR can (SDM vol. 2, LSL and LAR). */
const WITH_LIMIT = typeSet(SystemType.TSS16, SystemType.LDT, SystemType.TSS16_BUSY, SystemType.TSS32, SystemType.TSS32_BUSY);
const WITH_RIGHTS = WITH_LIMIT | typeSet(SystemType.CALL_GATE16, SystemType.TASK_GATE, SystemType.CALL_GATE32);
const FIRST_SEGMENT_TYPE = 16;
const RIGHTS_32 = 0x00f0ff00;
const RIGHTS_16 = 0xff00;

/** True when the descriptor may be seen from this CPL and RPL. */
function isVisible(silicon: Silicon, selector: number): boolean {
  if (isConformingCode(descriptor)) return true;
  const dpl = descriptorDpl(descriptor);
  return silicon.state[Word.CPL] <= dpl && (selector & Selector.RPL) <= dpl;
}

/** Reads the selector operand and its descriptor. False with no fault recorded: there is none to be seen. */
function look(silicon: Silicon, selector: number): boolean {
  return !isNull(selector) && findDescriptor(silicon, selector, descriptor) && isVisible(silicon, selector);
}

/** Ends an instruction that reports through ZF; a page fault in the table still is one. */
function answer(silicon: Silicon, op: SystemOperands, yes: boolean): boolean {
  if (silicon.faulted) return false;
  storeZeroFlag(silicon.state, yes);
  return advance(silicon, op);
}

function describes(types: number): boolean {
  const type = descriptorType(descriptor);
  return type >= FIRST_SEGMENT_TYPE || (types & (1 << type)) !== 0;
}

/** LAR. */
export function loadAccessRights(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  const seen = look(silicon, selector) && describes(WITH_RIGHTS);
  if (seen) writeRegister(silicon.state, op.target, op.operandSize, descriptor.high & (op.operandSize === 32 ? RIGHTS_32 : RIGHTS_16));
  return answer(silicon, op, seen);
}

/** LSL. */
export function loadLimit(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  const seen = look(silicon, selector) && describes(WITH_LIMIT);
  if (seen) writeRegister(silicon.state, op.target, op.operandSize, descriptorLimit(descriptor));
  return answer(silicon, op, seen);
}

/** VERR. */
export function verifyRead(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  return answer(silicon, op, look(silicon, selector) && isReadable(descriptor));
}

/** VERW. */
export function verifyWrite(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  return answer(silicon, op, look(silicon, selector) && isWritableData(descriptor));
}

/**
 * ARPL: raises the RPL of the r/m selector to that of general register `op.target`. A selector that stays as it is is not written: the 386 manual has
 * #GP(0) "if the result is in a nonwritable segment", and silicon accepts a read-only segment or page then (SDM vol. 2, ARPL, does not say when).
 */
export function adjustRequestedPrivilege(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireProtectedSegments(silicon)) return false;
  const selector = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  const requested = silicon.state[op.target] & Selector.RPL;
  const raised = (selector & Selector.RPL) < requested;
  if (!raised) return answer(silicon, op, false);
  const result = (selector & ~Selector.RPL) | requested;
  if (op.memory && !storeSegmented(silicon, op.segment, op.offset, 2, result)) return false;
  if (!op.memory) writeRegister(silicon.state, op.register, 16, result);
  return answer(silicon, op, true);
}
