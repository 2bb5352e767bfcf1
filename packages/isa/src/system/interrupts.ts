import { Debug7, Flag, Register, Segment, Vector, Word } from '../state.js';
import { composeFlags } from '../flags.js';
import { eventIndex } from '../events.js';
import {
  Descriptor, SystemType, descriptorDpl, descriptorType, gateOffset, gateSelector, installNull, installSegment, isCode, isConforming, isNull, isPresent, markAccessed, readDescriptor, requireDescriptor,
  selectorError,
} from './descriptors.js';
import { advance } from './access.js';
import { LOW_WORD, changePrivilege, ioPrivilege, isProtected, isVirtual8086, storeSystemFlags } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack, openInnerStack } from './stack.js';
import { TaskSwitch, jumpToTask, noteTaskTrap } from './tasks.js';
import { installParagraphCode, requireInLimit, withPrivilege } from './code-segment.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { ACCESS, CPL, DR, EIP, FLAG_SYSTEM, IDTR_BASE, IDTR_LIMIT, REPEATING, SELECTOR } = Word;

const INTERRUPT_SOFTWARE = eventIndex('interrupt.software');

const IDT_ENTRY_BYTES = 8;
const IVT_ENTRY_BYTES = 4;
/** Error-code bits (SDM vol. 3, 6.13): the vector is an index into the IDT; the event came from outside the program. */
const ERROR_IDT = 2;
const ERROR_EXTERNAL = 1;
/** Words of an interrupt frame: EIP CS EFLAGS; then ESP SS; then ES DS FS GS from virtual-8086 mode. */
const FRAME_SAME = 3;
const FRAME_INNER = 5;
const FRAME_VIRTUAL_8086 = 9;
const CLEARED_BY_DELIVERY = Flag.TF | Flag.NT | Flag.VM | Flag.RF;

/**
 * RF in the pushed EFLAGS image (SDM vol. 3, 17.3.1.1): set by faults; as it is for what comes between two instructions, but set between two iterations of
 * a repeated string instruction; cleared by software interrupts.
 */
export const Resumption = { KEPT: 0, SET: 1, CLEARED: 2 } as const;
export type Resumption = (typeof Resumption)[keyof typeof Resumption];

/** The event under delivery. */
const event = { vector: 0, software: false, external: 0, hasErrorCode: false, errorCode: 0, returnEip: 0, flags: 0 };
const gate = new Descriptor();
const code = new Descriptor();
const stack = new Stack();

function idtError(): number {
  return event.vector * IDT_ENTRY_BYTES + ERROR_IDT + event.external;
}

/**
 * Delivers one event through the IDT or the real-mode vector table (SDM vol. 2, INT n: Operation). False: a fault was recorded and nothing changed.
 * `software`: INT n, INT3 or INTO, which are checked against the gate's DPL.
 */
export function deliverEvent(silicon: Silicon, vector: number, software: boolean, external: boolean, hasErrorCode: boolean, errorCode: number, returnEip: number, resume: Resumption): boolean {
  const state = silicon.state;
  event.vector = vector;
  event.software = software;
  event.external = external ? ERROR_EXTERNAL : 0;
  event.hasErrorCode = hasErrorCode;
  event.errorCode = errorCode;
  event.returnEip = returnEip;
  // A double fault is delivered from within an executor's slice, maybe long after RF was loaded.
  if (resume === Resumption.KEPT) silicon.settleResumption();
  event.flags = (composeFlags(state) & ~(resume === Resumption.CLEARED ? Flag.RF : 0)) | (resume === Resumption.SET || (resume === Resumption.KEPT && state[REPEATING] !== 0) ? Flag.RF : 0);
  if (!(isProtected(state) ? deliverProtected(silicon) : deliverReal(silicon))) return false;
  state[REPEATING] = 0;
  return true;
}

function deliverReal(silicon: Silicon): boolean {
  const state = silicon.state;
  const entry = event.vector * IVT_ENTRY_BYTES;
  if (entry + IVT_ENTRY_BYTES - 1 > state[IDTR_LIMIT] >>> 0) return silicon.raise(Vector.GP, idtError());
  stack.openCurrent(state);
  if (!stack.hasRoom(FRAME_SAME, 2)) return silicon.raise(Vector.SS, 0);
  const target = silicon.load((state[IDTR_BASE] + entry) | 0, 4, true);
  if (silicon.faulted) return false;
  if (!stack.push(silicon, 2, event.flags) || !stack.push(silicon, 2, state[SELECTOR + Segment.CS]) || !stack.push(silicon, 2, event.returnEip)) return false;
  state[Register.ESP] = stack.pointer;
  storeSystemFlags(silicon, state[FLAG_SYSTEM] & ~(Flag.IF | Flag.TF | Flag.AC | Flag.RF));
  installParagraphCode(silicon, target >>> 16);
  state[EIP] = target & LOW_WORD;
  return true;
}

function isGate(type: number): boolean {
  return type === SystemType.TASK_GATE || (type & ~(SystemType.WIDE | 1)) === SystemType.INTERRUPT_GATE16;
}

function deliverProtected(silicon: Silicon): boolean {
  const state = silicon.state;
  const entry = event.vector * IDT_ENTRY_BYTES;
  if (entry + IDT_ENTRY_BYTES - 1 > state[IDTR_LIMIT] >>> 0) return silicon.raise(Vector.GP, idtError());
  if (!readDescriptor(silicon, state[IDTR_BASE] + entry, gate)) return false;
  const type = descriptorType(gate);
  if (!isGate(type)) return silicon.raise(Vector.GP, idtError());
  if (event.software && descriptorDpl(gate) < state[CPL]) return silicon.raise(Vector.GP, idtError());
  if (!isPresent(gate)) return silicon.raise(Vector.NP, idtError());
  if (type === SystemType.TASK_GATE) return deliverToTask(silicon);
  return readHandler(silicon) && enterHandler(silicon);
}

/** Reads and checks the handler's code segment into `code`. */
function readHandler(silicon: Silicon): boolean {
  const selector = gateSelector(gate);
  if (isNull(selector)) return silicon.raise(Vector.GP, event.external);
  if (!requireDescriptor(silicon, selector, Vector.GP, event.external, code)) return false;
  const error = selectorError(selector, event.external);
  if (!isCode(code) || descriptorDpl(code) > silicon.state[CPL]) return silicon.raise(Vector.GP, error);
  return isPresent(code) || silicon.raise(Vector.NP, error);
}

function enterHandler(silicon: Silicon): boolean {
  const state = silicon.state;
  const level = descriptorDpl(code);
  const virtual = isVirtual8086(state);
  const gains = !isConforming(code) && level < state[CPL];
  // From virtual-8086 mode only a nonconforming ring-0 handler will do (SDM vol. 2, INT n).
  if (virtual && (!gains || level !== 0)) return silicon.raise(Vector.GP, selectorError(gateSelector(gate), event.external));
  if (gains) return enterInner(silicon, level, virtual);
  stack.openCurrent(state);
  const bytes = frameBytes();
  if (!stack.hasRoom(FRAME_SAME + (event.hasErrorCode ? 1 : 0), bytes)) return silicon.raise(Vector.SS, event.external);
  if (!requireInLimit(silicon, code, gateOffset(gate), event.external) || !markAccessed(silicon, code) || !pushFrame(silicon, bytes)) return false;
  state[Register.ESP] = stack.pointer;
  commitHandler(silicon);
  return true;
}

function frameBytes(): 2 | 4 {
  return (descriptorType(gate) & SystemType.WIDE) !== 0 ? 4 : 2;
}

/** SDM vol. 2, INT n: INTER-PRIVILEGE-LEVEL-INTERRUPT and INTERRUPT-FROM-VIRTUAL-8086-MODE. */
function enterInner(silicon: Silicon, level: number, virtual: boolean): boolean {
  const state = silicon.state;
  const bytes = frameBytes();
  if (!openInnerStack(silicon, level, event.external, stack)) return false;
  const words = (virtual ? FRAME_VIRTUAL_8086 : FRAME_INNER) + (event.hasErrorCode ? 1 : 0);
  if (!stack.hasRoom(words, bytes)) return silicon.raise(Vector.SS, selectorError(stack.selector, event.external));
  if (!requireInLimit(silicon, code, gateOffset(gate), event.external) || !markAccessed(silicon, code)) return false;
  if (virtual && !pushDataSegments(silicon, bytes)) return false;
  if (!stack.push(silicon, bytes, state[SELECTOR + Segment.SS]) || !stack.push(silicon, bytes, state[Register.ESP]) || !pushFrame(silicon, bytes)) return false;
  if (virtual) {
    // VM goes first: the segment registers below are loaded as protected-mode ones.
    state[FLAG_SYSTEM] &= ~Flag.VM;
    for (const register of DATA_SEGMENTS) installNull(silicon, register, 0);
  }
  changePrivilege(silicon, level);
  stack.install(silicon);
  commitHandler(silicon);
  return true;
}

const DATA_SEGMENTS = [Segment.GS, Segment.FS, Segment.DS, Segment.ES] as const;

function pushDataSegments(silicon: Silicon, bytes: 2 | 4): boolean {
  for (const register of DATA_SEGMENTS) if (!stack.push(silicon, bytes, silicon.state[SELECTOR + register])) return false;
  return true;
}

function pushFrame(silicon: Silicon, bytes: 2 | 4): boolean {
  return (
    stack.push(silicon, bytes, event.flags) && stack.push(silicon, bytes, silicon.state[SELECTOR + Segment.CS]) && stack.push(silicon, bytes, event.returnEip)
    && (!event.hasErrorCode || stack.push(silicon, bytes, event.errorCode))
  );
}

/** Loads CS:EIP from the gate and clears the flags; an interrupt gate clears IF too. */
function commitHandler(silicon: Silicon): void {
  const state = silicon.state;
  const isTrapGate = (descriptorType(gate) & 1) !== 0;
  storeSystemFlags(silicon, state[FLAG_SYSTEM] & ~(CLEARED_BY_DELIVERY | (isTrapGate ? 0 : Flag.IF)));
  installSegment(silicon, Segment.CS, withPrivilege(gateSelector(gate), state[CPL]), code);
  state[EIP] = gateOffset(gate);
}

/** A task gate: the error code goes to the new task's stack in the size of its TSS. */
function deliverToTask(silicon: Silicon): boolean {
  const { hasErrorCode, errorCode, external, returnEip } = event;
  if (!jumpToTask(silicon, gateSelector(gate), TaskSwitch.CALL, external, returnEip, event.flags & Flag.RF)) return false;
  if (!hasErrorCode) {
    noteTaskTrap(silicon);
    return true;
  }
  const bytes = (silicon.state[ACCESS + Segment.TR] & SystemType.WIDE) !== 0 ? 4 : 2;
  stack.openCurrent(silicon.state);
  if (!stack.hasRoom(1, bytes)) return silicon.raise(Vector.SS, external);
  if (!stack.push(silicon, bytes, errorCode)) return false;
  silicon.state[Register.ESP] = stack.pointer;
  noteTaskTrap(silicon);
  return true;
}

function deliverSoftware(silicon: Silicon, vector: number, returnEip: number): boolean {
  if (!deliverEvent(silicon, vector, true, false, false, 0, returnEip, Resumption.CLEARED)) return false;
  silicon.count(INTERRUPT_SOFTWARE);
  return true;
}

/** INT n: in virtual-8086 mode it obeys IOPL. */
export function interrupt(silicon: Silicon, op: SystemOperands): boolean {
  if (isVirtual8086(silicon.state) && ioPrivilege(silicon.state) < 3) return silicon.raise(Vector.GP, 0);
  return deliverSoftware(silicon, op.immediate, op.nextEip);
}

/** INT3 (CC). */
export function breakpoint(silicon: Silicon, op: SystemOperands): boolean {
  return deliverSoftware(silicon, Vector.BP, op.nextEip);
}

/** INTO. */
export function interruptOnOverflow(silicon: Silicon, op: SystemOperands): boolean {
  if ((composeFlags(silicon.state) & Flag.OF) === 0) return advance(silicon, op);
  return deliverSoftware(silicon, Vector.OF, op.nextEip);
}

/** INT1 (F1): a #DB that skips the gate's DPL check and leaves DR6 alone (SDM vol. 2, INT n). */
export function debugBreakpoint(silicon: Silicon, op: SystemOperands): boolean {
  if (!deliverEvent(silicon, Vector.DB, false, true, false, 0, op.nextEip, Resumption.CLEARED)) return false;
  silicon.state[DR + 7] &= ~Debug7.GD;
  silicon.count(DEBUG_EXCEPTION);
  return true;
}

const DEBUG_EXCEPTION = eventIndex(`exception.${Vector.DB}`);
