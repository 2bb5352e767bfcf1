import { modelOf } from '../cpu-models.js';
import { ARITHMETIC_FLAGS, Access, CR0, Debug6, Flag, Register, Segment, Vector, Word } from '../state.js';
import { storeFlags } from '../flags.js';
import { eventIndex } from '../events.js';
import { joinSigned, joinUnsigned, loadFloat, storeFloat } from './clock.js';
import { existingCr0, existingCr4, isValidCr0 } from './control-registers.js';
import { deliverFault, deliverInterrupt, pushesErrorCode } from './faults.js';
import { noteResumption } from './modes.js';
import type { Silicon } from './silicon.js';
import { V386Block, V386BlockWord, V386Check, V386Control, V386Event, V386ExitNumber, V386Shadow, V386_BLOCK_WORDS, V386_REVISION } from './v386-block.js';
import { blockWords, copySwapped, loadField, loadFields, loadSegments, saveSegments, storeField, storeFields } from './v386-exit.js';

const ENTRY = eventIndex('v386.entry');
const REFUSED = eventIndex('v386.exit.invalid-state');
const SEGMENT_REGISTERS = 8;
const PAGE_OFFSET = 0xfff;
const EXCEPTION_VECTORS = 32;
const KNOWN_ACCESS = 0x1f0ff;
const KNOWN_EVENT = V386Event.VECTOR | V386Event.EXCEPTION | V386Event.HAS_ERROR_CODE | V386Event.VALID;
const GUEST_FLAGS = ARITHMETIC_FLAGS | Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.VM;

/**
 * Enters V386 mode (docs/v386-mode.md, "Entry"): the tail of an IRET at CPL 0 whose EFLAGS image has bit 22 set. A block that fails a check is #GP(0)
 * with the host's state unchanged. True even when the injected event makes the guest exit at once.
 */
export function enterV386(silicon: Silicon, eip: number, flags: number, esp: number): boolean {
  if (silicon.state[Word.V386_BLOCK] === 0) return silicon.raise(Vector.GP, 0);
  loadFields(silicon, 'REVISION', V386BlockWord.HOST_CR0);
  const problem = firstProblem(silicon.state, flags);
  if (problem !== 0) {
    storeField(silicon, V386Block.EXIT_REASON, V386ExitNumber['invalid-state']);
    storeField(silicon, V386Block.EXIT_QUALIFICATION, problem);
    silicon.count(REFUSED);
    return silicon.raise(Vector.GP, 0);
  }
  saveHost(silicon);
  const state = silicon.state;
  state[Word.EIP] = eip;
  state[Register.ESP] = esp;
  storeFlags(state, flags & (GUEST_FLAGS | modelOf(state).flags));
  loadGuest(silicon);
  silicon.count(ENTRY);
  injectEvent(silicon);
  return true;
}

/** The number of the first failed check, or 0. Every state that an exit can save passes. */
function firstProblem(processor: Int32Array, flags: number): number {
  if (blockWords[V386BlockWord.REVISION] !== V386_REVISION) return V386Check.REVISION;
  if ((blockWords[V386BlockWord.CONTROLS] & ~V386Control.ALL) !== 0) return V386Check.CONTROLS;
  if (((blockWords[V386BlockWord.SECOND_LEVEL_ROOT] | blockWords[V386BlockWord.IO_BITMAP]) & PAGE_OFFSET) !== 0) return V386Check.ADDRESSES;
  const cr0 = blockWords[V386BlockWord.GUEST_CR0];
  if (!isValidCr0(cr0)) return V386Check.CR0;
  if ((blockWords[V386BlockWord.GUEST_CR4] & ~existingCr4(processor)) !== 0) return V386Check.CR4;
  const cpl = blockWords[V386BlockWord.GUEST_CPL];
  const isReal = (cr0 & CR0.PE) === 0;
  if (cpl >>> 0 > 3 || (isReal && cpl !== 0)) return V386Check.PRIVILEGE;
  if ((flags & Flag.VM) !== 0 && (isReal || cpl !== 3)) return V386Check.VIRTUAL_8086;
  const code = blockWords[V386BlockWord.GUEST_ACCESS + Segment.CS];
  const required = Access.PRESENT | Access.NOT_SYSTEM;
  if ((code & (required | Access.UNUSABLE)) !== required) return V386Check.CODE_SEGMENT;
  for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) {
    if ((blockWords[V386BlockWord.GUEST_ACCESS + segment] & ~KNOWN_ACCESS) !== 0) return V386Check.ACCESS_WORDS;
  }
  return isValidEvent(blockWords[V386BlockWord.ENTRY_EVENT], isReal) ? 0 : V386Check.EVENT;
}

/** An exception has a vector below 32, and an error code exactly when the vector has one in the guest's mode. */
function isValidEvent(event: number, isReal: boolean): boolean {
  if ((event & V386Event.VALID) === 0) return true;
  if ((event & ~KNOWN_EVENT) !== 0) return false;
  const vector = event & V386Event.VECTOR;
  const hasErrorCode = (event & V386Event.HAS_ERROR_CODE) !== 0;
  if ((event & V386Event.EXCEPTION) === 0) return !hasErrorCode;
  return vector < EXCEPTION_VECTORS && vector !== Vector.V3 && hasErrorCode === (pushesErrorCode(vector) && !isReal);
}

function saveHost(silicon: Silicon): void {
  const state = silicon.state;
  copySwapped(state, 'host', false);
  blockWords[V386BlockWord.HOST_TSC_OFFSET] = state[Word.TSC_OFFSET];
  blockWords[V386BlockWord.HOST_TSC_OFFSET + 1] = state[Word.TSC_OFFSET + 1];
  saveSegments(state, 'host');
  storeFields(silicon, 'HOST_CR0', V386_BLOCK_WORDS);
}

/** Both times are on the host's time-stamp counter, so that host software never needs the instruction clock. */
function loadTimes(silicon: Silicon): void {
  const state = silicon.state;
  const hostOffset = loadFloat(state, Word.TSC_OFFSET);
  const offset = joinSigned(blockWords[V386BlockWord.GUEST_TSC_OFFSET], blockWords[V386BlockWord.GUEST_TSC_OFFSET + 1]);
  const deadline = joinUnsigned(blockWords[V386BlockWord.DEADLINE], blockWords[V386BlockWord.DEADLINE + 1]);
  const isTimed = (blockWords[V386BlockWord.CONTROLS] & V386Control.TIMER) !== 0;
  storeFloat(state, Word.V386_DEADLINE, isTimed ? deadline - hostOffset : Number.POSITIVE_INFINITY);
  storeFloat(state, Word.TSC_OFFSET, hostOffset + offset);
}

function loadGuest(silicon: Silicon): void {
  const state = silicon.state;
  loadTimes(silicon);
  copySwapped(state, 'guest', true);
  state[Word.CR0] = existingCr0(state, state[Word.CR0]);
  state[Word.SECOND_LEVEL_ROOT] = blockWords[V386BlockWord.SECOND_LEVEL_ROOT];
  state[Word.IN_V386] = 1;
  state[Word.CPL] = blockWords[V386BlockWord.GUEST_CPL];
  silicon.flushTranslations();
  silicon.pagingChanged();
  silicon.privilegeChanged();
  loadSegments(silicon, 'guest');
  silicon.interruptFlagChanged();
  noteResumption(state);
  silicon.debugRegistersChanged();
  silicon.alignmentChanged();
  const shadow = blockWords[V386BlockWord.GUEST_SHADOW];
  if ((shadow & (V386Shadow.INTERRUPTS | V386Shadow.DEBUG)) !== 0) silicon.inhibitInterrupts((shadow & V386Shadow.DEBUG) !== 0);
  state[Word.NMI_BLOCKED] = shadow & V386Shadow.NMI;
  state[Word.REPEATING] = shadow & V386Shadow.REPEATING;
  state[Word.PENDING_DEBUG] = blockWords[V386BlockWord.GUEST_PENDING_DEBUG] & (Debug6.BREAKPOINTS | Debug6.BS | Debug6.BT);
}

/** Delivers ENTRY_EVENT through the guest's IDT before the guest's first instruction, and uses it up. */
function injectEvent(silicon: Silicon): void {
  const event = loadField(silicon, V386Block.ENTRY_EVENT);
  storeField(silicon, V386Block.VECTORING_EVENT, 0);
  if ((event & V386Event.VALID) === 0) return;
  storeField(silicon, V386Block.ENTRY_EVENT, event & ~V386Event.VALID);
  const vector = event & V386Event.VECTOR;
  if ((event & V386Event.EXCEPTION) !== 0) deliverFault(silicon, vector, loadField(silicon, V386Block.ENTRY_ERROR_CODE));
  else deliverInterrupt(silicon, vector, false);
}
