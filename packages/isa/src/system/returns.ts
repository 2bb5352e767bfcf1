import { Segment, Vector, Word } from '../state.js';
import {
  Descriptor, Selector, descriptorDpl, installSegment, isCode, isConforming, isNull, isPresent, isWritableData, markAccessed, requireDescriptor, selectorError,
} from './descriptors.js';
import { LOW_WORD, changePrivilege, hasParagraphSegments } from './modes.js';
import type { SystemOperands } from './operands.js';
import { dropPrivilegedSegments } from './segments.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';
import { installParagraphCode, isInCodeSegment, requireInLimit } from './code-segment.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { CPL, EIP, ESP } = Word;

const stack = new Stack();
const code = new Descriptor();
/** The stack of the level that a return goes to. */
const outer = new Stack();

/** Reads and checks the CS that a return goes to, into `descriptor` (SDM vol. 2, RET and IRET: the checks are the same). */
export function readReturnCode(silicon: Silicon, selector: number, descriptor: Descriptor): boolean {
  if (isNull(selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, selector, Vector.GP, 0, descriptor)) return false;
  const level = selector & Selector.RPL;
  const dpl = descriptorDpl(descriptor);
  const error = selectorError(selector, 0);
  if (!isCode(descriptor) || level < silicon.state[CPL]) return silicon.raise(Vector.GP, error);
  if (isConforming(descriptor) ? dpl > level : dpl !== level) return silicon.raise(Vector.GP, error);
  return isPresent(descriptor) || silicon.raise(Vector.NP, error);
}

/** Reads and checks the SS of an outer level and opens that stack. */
export function openOuterStack(silicon: Silicon, selector: number, pointer: number, level: number, target: Stack): boolean {
  if (isNull(selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, selector, Vector.GP, 0, target.descriptor)) return false;
  const error = selectorError(selector, 0);
  if ((selector & Selector.RPL) !== level || !isWritableData(target.descriptor) || descriptorDpl(target.descriptor) !== level) return silicon.raise(Vector.GP, error);
  if (!isPresent(target.descriptor)) return silicon.raise(Vector.SS, error);
  if (!markAccessed(silicon, target.descriptor)) return false;
  target.openDescriptor(selector, pointer);
  return true;
}

/** Commits a return to an outer level: all was checked. A 16-bit outer stack takes SP only (SDM vol. 2, RET). */
export function leaveToOuter(silicon: Silicon, target: Stack, level: number): void {
  const state = silicon.state;
  const pointer = (state[ESP] & ~target.mask) | (target.pointer & target.mask);
  changePrivilege(silicon, level);
  installSegment(silicon, Segment.SS, target.selector, target.descriptor);
  state[ESP] = pointer;
  dropPrivilegedSegments(silicon);
}

/** RETF and RETF imm16; `op.immediate` is 0 for the former. */
export function returnFar(silicon: Silicon, op: SystemOperands): boolean {
  const bytes = op.operandSize === 32 ? 4 : 2;
  stack.openCurrent(silicon.state);
  if (!stack.holds(0, 2, bytes)) return silicon.raise(Vector.SS, 0);
  const offset = stack.peek(silicon, 0, bytes);
  if (silicon.faulted) return false;
  const selector = stack.peek(silicon, bytes, bytes) & LOW_WORD;
  if (silicon.faulted) return false;
  if (hasParagraphSegments(silicon.state)) return returnParagraph(silicon, op, selector, offset, bytes);
  if (!readReturnCode(silicon, selector, code)) return false;
  if ((selector & Selector.RPL) > silicon.state[CPL]) return returnOuter(silicon, op, selector, offset, bytes);
  if (!requireInLimit(silicon, code, offset, 0) || !markAccessed(silicon, code)) return false;
  commitSame(silicon, op, offset, bytes);
  installSegment(silicon, Segment.CS, selector, code);
  return true;
}

function commitSame(silicon: Silicon, op: SystemOperands, offset: number, bytes: number): void {
  stack.release(2 * bytes + op.immediate);
  silicon.state[ESP] = stack.pointer;
  silicon.state[EIP] = offset;
}

function returnParagraph(silicon: Silicon, op: SystemOperands, selector: number, offset: number, bytes: number): boolean {
  if (!isInCodeSegment(silicon.state, offset)) return silicon.raise(Vector.GP, 0);
  commitSame(silicon, op, offset, bytes);
  installParagraphCode(silicon, selector);
  return true;
}

/** SDM vol. 2, RET: RETURN-TO-OUTER-PRIVILEGE-LEVEL. */
function returnOuter(silicon: Silicon, op: SystemOperands, selector: number, offset: number, bytes: 2 | 4): boolean {
  const frame = 2 * bytes + op.immediate;
  if (!stack.holds(frame, 2, bytes)) return silicon.raise(Vector.SS, 0);
  const pointer = stack.peek(silicon, frame, bytes);
  if (silicon.faulted) return false;
  const stackSelector = stack.peek(silicon, frame + bytes, bytes) & LOW_WORD;
  if (silicon.faulted) return false;
  const level = selector & Selector.RPL;
  if (!openOuterStack(silicon, stackSelector, pointer, level, outer)) return false;
  if (!requireInLimit(silicon, code, offset, 0) || !markAccessed(silicon, code)) return false;
  outer.release(op.immediate);
  leaveToOuter(silicon, outer, level);
  installSegment(silicon, Segment.CS, selector, code);
  silicon.state[EIP] = offset;
  return true;
}
