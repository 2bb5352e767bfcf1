import { modelOf } from '../cpu-models.js';
import { ARITHMETIC_FLAGS, Access, CR0, Debug6, Debug7, Flag, Register, Segment, Vector, Word } from '../state.js';
import { composeFlags, storeFlags } from '../flags.js';
import {
  Descriptor, Selector, SystemType, descriptorBase, descriptorLimit, descriptorType, installNull, installSegment, installVirtual8086, isNull, isPresent, markAvailable, markBusy, readDescriptor, requireDescriptor, selectorError,
} from './descriptors.js';
import { LOW_WORD, changePrivilege, isVirtual8086, noteResumption } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { loadTaskSegments } from './task-segments.js';
import { TSS16, TSS32, TaskField } from './task-state.js';
import type { TaskLayout } from './task-state.js';

/** What caused a task switch: it decides about busy bits, the back link and NT (SDM vol. 3, table 7-2). */
export const TaskSwitch = { JUMP: 0, CALL: 1, RETURN: 2 } as const;
export type TaskSwitchCause = (typeof TaskSwitch)[keyof typeof TaskSwitch];

const GENERAL_REGISTERS = 8;
const WRITABLE_FLAGS = ARITHMETIC_FLAGS | Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.VM;
const CR3_MASK = 0xfffff018 | 0;

const target = new Descriptor();
const previous = new Descriptor();
/** The new task's image, one word per `TaskField`. */
const incoming = new Int32Array(TaskField.COUNT);
/** Set by a completed switch to a task whose T bit is set. */
let trapsAtStart = false;

/**
 * Switches to the task of a TSS selector (SDM vol. 3, 7.3): JMP, CALL, or a task gate, which is like CALL. Its own descriptor or gate was checked.
 * False with nothing changed for a fault up to the save of the old state; later faults are recorded in the new task's context.
 * `resume` is RF for the saved image: that of an event, or 0, for an instruction's own RF ends as it begins.
 */
export function jumpToTask(silicon: Silicon, selector: number, cause: TaskSwitchCause, external: number, returnEip: number, resume = 0): boolean {
  const error = selectorError(selector, external);
  if ((selector & Selector.LOCAL) !== 0 || isNull(selector)) return silicon.raise(Vector.GP, error);
  if (!requireDescriptor(silicon, selector, Vector.GP, external, target)) return false;
  const type = descriptorType(target);
  if (type !== SystemType.TSS16 && type !== SystemType.TSS32) return silicon.raise(Vector.GP, error);
  if (!isPresent(target)) return silicon.raise(Vector.NP, error);
  return switchTask(silicon, selector, cause, external, returnEip, resume);
}

/** A far JMP or CALL that names a task: the switch and its debug trap. */
export function transferToTask(silicon: Silicon, selector: number, cause: TaskSwitchCause, returnEip: number): boolean {
  if (!jumpToTask(silicon, selector, cause, 0, returnEip)) return false;
  noteTaskTrap(silicon);
  return true;
}

/** A task whose T bit is set begins with a debug trap (SDM vol. 3, 17.3.1.5). */
export function noteTaskTrap(silicon: Silicon): void {
  if (trapsAtStart) silicon.debugTrap(Debug6.BT);
}

/** IRET with NT set: back to the task in the link field. */
export function returnFromTask(silicon: Silicon, op: SystemOperands): boolean {
  const link = silicon.load(silicon.state[Word.BASE + Segment.TR], 2, true);
  if (silicon.faulted) return false;
  const error = selectorError(link, 0);
  if ((link & Selector.LOCAL) !== 0 || isNull(link)) return silicon.raise(Vector.TS, error);
  if (!requireDescriptor(silicon, link, Vector.TS, 0, target)) return false;
  const type = descriptorType(target);
  if (type !== SystemType.TSS16_BUSY && type !== SystemType.TSS32_BUSY) return silicon.raise(Vector.TS, error);
  if (!isPresent(target)) return silicon.raise(Vector.NP, error);
  if (!switchTask(silicon, link, TaskSwitch.RETURN, 0, op.nextEip, 0)) return false;
  noteTaskTrap(silicon);
  return true;
}

function layoutOf(access: number): TaskLayout {
  return (access & SystemType.WIDE) !== 0 ? TSS32 : TSS16;
}

function switchTask(silicon: Silicon, selector: number, cause: TaskSwitchCause, external: number, returnEip: number, resume: number): boolean {
  const state = silicon.state;
  const layout = layoutOf(descriptorType(target));
  if (descriptorLimit(target) >>> 0 < layout.lastByte) return silicon.raise(Vector.TS, selectorError(selector, external));
  if (!hasOldTask(state)) return silicon.raise(Vector.TS, selectorError(state[Word.SELECTOR + Segment.TR], external));
  const base = descriptorBase(target);
  if (!readImage(silicon, layout, base)) return false;
  const oldSelector = state[Word.SELECTOR + Segment.TR];
  if (!saveOldTask(silicon, cause, returnEip, resume)) return false;
  if (cause === TaskSwitch.CALL) {
    silicon.store(base, 2, oldSelector, true);
    if (silicon.faulted) return false;
  }
  if (cause !== TaskSwitch.RETURN && !markBusy(silicon, target)) return false;
  return enterTask(silicon, layout, selector, cause, external);
}

/** True when there is a TSS that can take the old task's registers. */
function hasOldTask(state: Int32Array): boolean {
  const access = state[Word.ACCESS + Segment.TR];
  return (access & Access.UNUSABLE) === 0 && state[Word.LIMIT + Segment.TR] >>> 0 >= layoutOf(access).lastByte;
}

function readImage(silicon: Silicon, layout: TaskLayout, base: number): boolean {
  for (let field = 0; field < TaskField.COUNT; field++) {
    const offset = layout.offsets[field];
    incoming[field] = offset < 0 ? 0 : silicon.load((base + offset) | 0, layout.bytes[field], true);
    if (silicon.faulted) return false;
  }
  return true;
}

/** Saves the registers to the old TSS and, unless it stays in the chain of nested tasks, frees it. */
function saveOldTask(silicon: Silicon, cause: TaskSwitchCause, returnEip: number, resume: number): boolean {
  const state = silicon.state;
  const layout = layoutOf(state[Word.ACCESS + Segment.TR]);
  const base = state[Word.BASE + Segment.TR];
  const flags = ((composeFlags(state) & ~Flag.RF) | resume) & (cause === TaskSwitch.RETURN ? ~Flag.NT : -1);
  const saved = saveField(silicon, layout, base, TaskField.EIP, returnEip) && saveField(silicon, layout, base, TaskField.EFLAGS, flags);
  if (!saved) return false;
  for (let register = 0; register < GENERAL_REGISTERS; register++) if (!saveField(silicon, layout, base, TaskField.EAX + register, state[register])) return false;
  for (let segment = Segment.ES; segment <= Segment.GS; segment++) if (!saveField(silicon, layout, base, TaskField.ES + segment, state[Word.SELECTOR + segment])) return false;
  return cause === TaskSwitch.CALL || freeOldTask(silicon);
}

function saveField(silicon: Silicon, layout: TaskLayout, base: number, field: number, value: number): boolean {
  const offset = layout.offsets[field];
  if (offset < 0) return true;
  silicon.store((base + offset) | 0, layout.bytes[field], value, true);
  return !silicon.faulted;
}

function freeOldTask(silicon: Silicon): boolean {
  const state = silicon.state;
  const index = state[Word.SELECTOR + Segment.TR] & Selector.INDEX;
  // The old TSS was loaded from here; a table moved since then is what the processor finds.
  return readDescriptor(silicon, state[Word.GDTR_BASE] + index, previous) && markAvailable(silicon, previous);
}

/** Behind the commit point: from here every fault belongs to the new task. */
function enterTask(silicon: Silicon, layout: TaskLayout, selector: number, cause: TaskSwitchCause, external: number): boolean {
  const state = silicon.state;
  // `target` is busy by now, whatever the cause.
  installSegment(silicon, Segment.TR, selector, target);
  state[Word.CR0] |= CR0.TS;
  loadPageTables(silicon, layout);
  state[Word.EIP] = incoming[TaskField.EIP];
  for (let register = 0; register < GENERAL_REGISTERS; register++) state[Register.EAX + register] = incoming[TaskField.EAX + register];
  const kept = layout === TSS32 ? WRITABLE_FLAGS | modelOf(state).flags : WRITABLE_FLAGS & LOW_WORD;
  storeFlags(state, (incoming[TaskField.EFLAGS] & kept) | (cause === TaskSwitch.CALL ? Flag.NT : 0));
  noteResumption(state);
  state[Word.DR + 7] &= ~Debug7.LOCAL;
  silicon.debugRegistersChanged();
  silicon.alignmentChanged();
  // Descriptors come later and can fault; what virtual-8086 mode needs is in the selector (SDM vol. 3, 20.1.1), and there is no such mode without it.
  const install = isVirtual8086(state) ? installVirtual8086 : installNull;
  for (let segment = Segment.ES; segment <= Segment.GS; segment++) install(silicon, segment, incoming[TaskField.ES + segment]);
  installNull(silicon, Segment.LDTR, incoming[TaskField.LDTR]);
  changePrivilege(silicon, isVirtual8086(state) ? 3 : incoming[TaskField.CS] & Selector.RPL);
  silicon.interruptFlagChanged();
  trapsAtStart = (incoming[TaskField.TRAP] & 1) !== 0;
  return loadTaskSegments(silicon, incoming, external);
}

function loadPageTables(silicon: Silicon, layout: TaskLayout): void {
  const state = silicon.state;
  const root = incoming[TaskField.CR3] & CR3_MASK;
  if (layout !== TSS32 || (state[Word.CR0] & CR0.PG) === 0 || root === state[Word.CR3]) return;
  state[Word.CR3] = root;
  silicon.pagingChanged();
}
