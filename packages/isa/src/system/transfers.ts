import { Segment, Vector, Word } from '../state.js';
import { loadSegmented } from './access.js';
import { installParagraphCode, isInCodeSegment, requireInLimit, withPrivilege } from './code-segment.js';
import {
  Descriptor, Selector, SystemType, descriptorDpl, descriptorType, gateOffset, gateSelector, installSegment, isCode, isConforming, isNull, isPresent,
  markAccessed, requireDescriptor, selectorError,
} from './descriptors.js';
import { LOW_WORD, changePrivilege, hasParagraphSegments } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack, openInnerStack } from './stack.js';
import { TaskSwitch, transferToTask } from './tasks.js';

const first = new Descriptor();
const code = new Descriptor();
const stack = new Stack();
const outer = new Stack();
/** The far pointer of the instruction under way. */
const pointer = { selector: 0, offset: 0 };
const PARAMETER_COUNT = 31;

function readFarPointer(silicon: Silicon, op: SystemOperands): boolean {
  if (!op.memory) {
    pointer.selector = op.selector;
    pointer.offset = op.operandSize === 32 ? op.farOffset : op.farOffset & LOW_WORD;
    return true;
  }
  const bytes = op.operandSize === 32 ? 4 : 2;
  pointer.offset = loadSegmented(silicon, op.segment, op.offset, bytes);
  if (silicon.faulted) return false;
  pointer.selector = loadSegmented(silicon, op.segment, op.offset + bytes, 2);
  return !silicon.faulted;
}

/** Privilege checks of a direct transfer: SDM vol. 2, JMP: CONFORMING-CODE-SEGMENT and NONCONFORMING-CODE-SEGMENT. */
function checkDirect(silicon: Silicon, selector: number, descriptor: Descriptor): boolean {
  const cpl = silicon.state[Word.CPL];
  const dpl = descriptorDpl(descriptor);
  const allowed = isConforming(descriptor) ? dpl <= cpl : (selector & Selector.RPL) <= cpl && dpl === cpl;
  if (!allowed) return silicon.raise(Vector.GP, selectorError(selector, 0));
  return isPresent(descriptor) || silicon.raise(Vector.NP, selectorError(selector, 0));
}

/** DPL and presence of a call gate, task gate or TSS that is reached by a far pointer. */
function checkSystemDescriptor(silicon: Silicon, selector: number, descriptor: Descriptor): boolean {
  const dpl = descriptorDpl(descriptor);
  const error = selectorError(selector, 0);
  if (dpl < silicon.state[Word.CPL] || dpl < (selector & Selector.RPL)) return silicon.raise(Vector.GP, error);
  return isPresent(descriptor) || silicon.raise(Vector.NP, error);
}

/** Reads the code segment that a call gate names into `code`; `mayGain` allows a nonconforming segment of an inner ring (CALL). */
function readGateTarget(silicon: Silicon, gate: Descriptor, mayGain: boolean): boolean {
  const selector = gateSelector(gate);
  if (isNull(selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, selector, Vector.GP, 0, code)) return false;
  const cpl = silicon.state[Word.CPL];
  const dpl = descriptorDpl(code);
  const allowed = isCode(code) && (mayGain || isConforming(code) ? dpl <= cpl : dpl === cpl);
  if (!allowed) return silicon.raise(Vector.GP, selectorError(selector, 0));
  return isPresent(code) || silicon.raise(Vector.NP, selectorError(selector, 0));
}

function enterCode(silicon: Silicon, selector: number, descriptor: Descriptor, offset: number): void {
  installSegment(silicon, Segment.CS, withPrivilege(selector, silicon.state[Word.CPL]), descriptor);
  silicon.state[Word.EIP] = offset;
}

/** JMP ptr16:16/32 and m16:16/32. */
export function jumpFar(silicon: Silicon, op: SystemOperands): boolean {
  if (!readFarPointer(silicon, op)) return false;
  if (hasParagraphSegments(silicon.state)) {
    if (!isInCodeSegment(silicon.state, pointer.offset)) return silicon.raise(Vector.GP, 0);
    installParagraphCode(silicon, pointer.selector);
    silicon.state[Word.EIP] = pointer.offset;
    return true;
  }
  if (isNull(pointer.selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, pointer.selector, Vector.GP, 0, first)) return false;
  if (isCode(first)) return jumpToCode(silicon, pointer.selector, first, pointer.offset);
  return jumpToSystem(silicon, op);
}

function jumpToCode(silicon: Silicon, selector: number, descriptor: Descriptor, offset: number): boolean {
  if (!checkDirect(silicon, selector, descriptor) || !requireInLimit(silicon, descriptor, offset, 0) || !markAccessed(silicon, descriptor)) return false;
  enterCode(silicon, selector, descriptor, offset);
  return true;
}

function isCallGate(type: number): boolean {
  return type === SystemType.CALL_GATE16 || type === SystemType.CALL_GATE32;
}

function isTaskTarget(type: number): boolean {
  return type === SystemType.TASK_GATE || type === SystemType.TSS16 || type === SystemType.TSS32;
}

function jumpToSystem(silicon: Silicon, op: SystemOperands): boolean {
  const type = descriptorType(first);
  if (!isCallGate(type) && !isTaskTarget(type)) return silicon.raise(Vector.GP, selectorError(pointer.selector, 0));
  if (!checkSystemDescriptor(silicon, pointer.selector, first)) return false;
  if (isTaskTarget(type)) return transferToTask(silicon, taskSelector(type), TaskSwitch.JUMP, op.nextEip);
  if (!readGateTarget(silicon, first, false)) return false;
  const offset = gateOffset(first);
  if (!requireInLimit(silicon, code, offset, 0) || !markAccessed(silicon, code)) return false;
  enterCode(silicon, gateSelector(first), code, offset);
  return true;
}

function taskSelector(type: number): number {
  return type === SystemType.TASK_GATE ? gateSelector(first) : pointer.selector;
}

/** CALL ptr16:16/32 and m16:16/32. */
export function callFar(silicon: Silicon, op: SystemOperands): boolean {
  if (!readFarPointer(silicon, op)) return false;
  if (hasParagraphSegments(silicon.state)) return callParagraph(silicon, op);
  if (isNull(pointer.selector)) return silicon.raise(Vector.GP, 0);
  if (!requireDescriptor(silicon, pointer.selector, Vector.GP, 0, first)) return false;
  if (isCode(first)) {
    if (!checkDirect(silicon, pointer.selector, first)) return false;
    return callCode(silicon, op, pointer.selector, first, pointer.offset, op.operandSize === 32 ? 4 : 2);
  }
  const type = descriptorType(first);
  if (!isCallGate(type) && !isTaskTarget(type)) return silicon.raise(Vector.GP, selectorError(pointer.selector, 0));
  if (!checkSystemDescriptor(silicon, pointer.selector, first)) return false;
  if (isTaskTarget(type)) return transferToTask(silicon, taskSelector(type), TaskSwitch.CALL, op.nextEip);
  return callGate(silicon, op);
}

function callParagraph(silicon: Silicon, op: SystemOperands): boolean {
  const bytes = op.operandSize === 32 ? 4 : 2;
  stack.openCurrent(silicon.state);
  if (!stack.hasRoom(2, bytes)) return silicon.raise(Vector.SS, 0);
  if (!isInCodeSegment(silicon.state, pointer.offset)) return silicon.raise(Vector.GP, 0);
  if (!pushReturn(silicon, op, bytes)) return false;
  silicon.state[Word.ESP] = stack.pointer;
  installParagraphCode(silicon, pointer.selector);
  silicon.state[Word.EIP] = pointer.offset;
  return true;
}

/** On the opened stack; its limit was checked. */
function pushReturn(silicon: Silicon, op: SystemOperands, bytes: 2 | 4): boolean {
  return stack.push(silicon, bytes, silicon.state[Word.SELECTOR + Segment.CS]) && stack.push(silicon, bytes, op.nextEip);
}

/** A call that stays at its privilege level: directly, or through a gate whose size then decides the frame's. */
function callCode(silicon: Silicon, op: SystemOperands, selector: number, target: Descriptor, offset: number, bytes: 2 | 4): boolean {
  stack.openCurrent(silicon.state);
  if (!stack.hasRoom(2, bytes)) return silicon.raise(Vector.SS, 0);
  if (!requireInLimit(silicon, target, offset, 0) || !markAccessed(silicon, target) || !pushReturn(silicon, op, bytes)) return false;
  silicon.state[Word.ESP] = stack.pointer;
  enterCode(silicon, selector, target, offset);
  return true;
}

function callGate(silicon: Silicon, op: SystemOperands): boolean {
  if (!readGateTarget(silicon, first, true)) return false;
  const bytes = (descriptorType(first) & SystemType.WIDE) !== 0 ? 4 : 2;
  const gains = !isConforming(code) && descriptorDpl(code) < silicon.state[Word.CPL];
  if (!gains) return callCode(silicon, op, gateSelector(first), code, gateOffset(first), bytes);
  return callInner(silicon, op, bytes);
}

/** SDM vol. 2, CALL: MORE-PRIVILEGE. */
function callInner(silicon: Silicon, op: SystemOperands, bytes: 2 | 4): boolean {
  const state = silicon.state;
  const level = descriptorDpl(code);
  const parameters = first.high & PARAMETER_COUNT;
  if (!openInnerStack(silicon, level, 0, stack)) return false;
  if (!stack.hasRoom(4 + parameters, bytes)) return silicon.raise(Vector.SS, selectorError(stack.selector, 0));
  if (!requireInLimit(silicon, code, gateOffset(first), 0) || !markAccessed(silicon, code)) return false;
  outer.openCurrent(state);
  const pushed =
    stack.push(silicon, bytes, state[Word.SELECTOR + Segment.SS]) && stack.push(silicon, bytes, state[Word.ESP]) && copyParameters(silicon, parameters, bytes)
    && stack.push(silicon, bytes, state[Word.SELECTOR + Segment.CS]) && stack.push(silicon, bytes, op.nextEip);
  if (!pushed) return false;
  changePrivilege(silicon, level);
  stack.install(silicon);
  enterCode(silicon, gateSelector(first), code, gateOffset(first));
  return true;
}

function copyParameters(silicon: Silicon, count: number, bytes: 2 | 4): boolean {
  if (count > 0 && !outer.holds(0, count, bytes)) return silicon.raise(Vector.SS, 0);
  for (let index = count - 1; index >= 0; index--) {
    const value = outer.peek(silicon, index * bytes, bytes);
    if (silicon.faulted || !stack.push(silicon, bytes, value)) return false;
  }
  return true;
}
