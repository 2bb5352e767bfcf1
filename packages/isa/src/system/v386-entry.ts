import { ARITHMETIC_FLAGS, Access, CR0, Flag, Register, Segment, Vector, Word } from '../state.js';
import { storeFlags } from '../flags.js';
import { eventIndex } from '../events.js';
import { joinSigned, joinUnsigned, loadFloat, storeFloat } from './clock.js';
import { CR4_SUPPORTED, isValidCr0 } from './control-registers.js';
import { storeSegmentRegister } from './descriptors.js';
import { deliverFault, deliverInterrupt, pushesErrorCode } from './faults.js';
import type { Silicon } from './silicon.js';
import { V386Block, V386Check, V386Control, V386Event, V386ExitNumber, V386_REVISION } from './v386-block.js';
import { SWAPPED, loadField, storeField } from './v386-exit.js';

const ENTRY = eventIndex('v386.entry');
const REFUSED = eventIndex('v386.exit.invalid-state');
const WORD_BYTES = 4;
const SEGMENT_REGISTERS = 8;
const PAGE_OFFSET = 0xfff;
const EXCEPTION_VECTORS = 32;
const KNOWN_ACCESS = 0x1f0ff;
const KNOWN_EVENT = V386Event.VECTOR | V386Event.EXCEPTION | V386Event.HAS_ERROR_CODE | V386Event.VALID;
const GUEST_FLAGS = ARITHMETIC_FLAGS | Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.VM | Flag.AC | Flag.ID;

/**
 * Enters V386 mode (docs/v386-mode.md, "Entry"): the tail of an IRET at CPL 0 whose EFLAGS image has bit 22 set. A block that fails a check is #GP(0)
 * with the host's state unchanged. True even when the injected event makes the guest exit at once.
 */
export function enterV386(silicon: Silicon, eip: number, flags: number, esp: number): boolean {
  if (silicon.state[Word.V386_BLOCK] === 0) return silicon.raise(Vector.GP, 0);
  const problem = firstProblem(silicon, flags);
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
  storeFlags(state, flags & GUEST_FLAGS);
  loadGuest(silicon);
  silicon.count(ENTRY);
  injectEvent(silicon);
  return true;
}

/** The number of the first failed check, or 0. Every state that an exit can save passes. */
function firstProblem(silicon: Silicon, flags: number): number {
  if (loadField(silicon, V386Block.REVISION) !== V386_REVISION) return V386Check.REVISION;
  if ((loadField(silicon, V386Block.CONTROLS) & ~V386Control.ALL) !== 0) return V386Check.CONTROLS;
  if (((loadField(silicon, V386Block.SECOND_LEVEL_ROOT) | loadField(silicon, V386Block.IO_BITMAP)) & PAGE_OFFSET) !== 0) return V386Check.ADDRESSES;
  const cr0 = loadField(silicon, V386Block.GUEST_CR0);
  if (!isValidCr0(cr0)) return V386Check.CR0;
  if ((loadField(silicon, V386Block.GUEST_CR4) & ~CR4_SUPPORTED) !== 0) return V386Check.CR4;
  const cpl = loadField(silicon, V386Block.GUEST_CPL);
  const isReal = (cr0 & CR0.PE) === 0;
  if (cpl >>> 0 > 3 || (isReal && cpl !== 0)) return V386Check.PRIVILEGE;
  if ((flags & Flag.VM) !== 0 && (isReal || cpl !== 3)) return V386Check.VIRTUAL_8086;
  const code = loadField(silicon, V386Block.GUEST_ACCESS + Segment.CS * WORD_BYTES);
  const required = Access.PRESENT | Access.NOT_SYSTEM;
  if ((code & (required | Access.UNUSABLE)) !== required) return V386Check.CODE_SEGMENT;
  for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) {
    if ((loadField(silicon, V386Block.GUEST_ACCESS + segment * WORD_BYTES) & ~KNOWN_ACCESS) !== 0) return V386Check.ACCESS_WORDS;
  }
  return isValidEvent(loadField(silicon, V386Block.ENTRY_EVENT), isReal) ? 0 : V386Check.EVENT;
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
  for (let index = 0; index < SWAPPED.length; index++) storeField(silicon, SWAPPED[index][1], state[SWAPPED[index][2]]);
  storeField(silicon, V386Block.HOST_TSC_OFFSET, state[Word.TSC_OFFSET]);
  storeField(silicon, V386Block.HOST_TSC_OFFSET + WORD_BYTES, state[Word.TSC_OFFSET + 1]);
  for (let index = 0; index < 2; index++) {
    const at = index * WORD_BYTES;
    const segment = Segment.LDTR + index;
    storeField(silicon, V386Block.HOST_SELECTOR + at, state[Word.SELECTOR + segment]);
    storeField(silicon, V386Block.HOST_BASE + at, state[Word.BASE + segment]);
    storeField(silicon, V386Block.HOST_LIMIT + at, state[Word.LIMIT + segment]);
    storeField(silicon, V386Block.HOST_ACCESS + at, state[Word.ACCESS + segment]);
  }
}

/** Both times are on the host's time-stamp counter, so that host software never needs the instruction clock. */
function loadTimes(silicon: Silicon): void {
  const state = silicon.state;
  const hostOffset = loadFloat(state, Word.TSC_OFFSET);
  const offset = joinSigned(loadField(silicon, V386Block.GUEST_TSC_OFFSET), loadField(silicon, V386Block.GUEST_TSC_OFFSET + WORD_BYTES));
  const deadline = joinUnsigned(loadField(silicon, V386Block.DEADLINE), loadField(silicon, V386Block.DEADLINE + WORD_BYTES));
  const isTimed = (loadField(silicon, V386Block.CONTROLS) & V386Control.TIMER) !== 0;
  storeFloat(state, Word.V386_DEADLINE, isTimed ? deadline - hostOffset : Number.POSITIVE_INFINITY);
  storeFloat(state, Word.TSC_OFFSET, hostOffset + offset);
}

function loadGuest(silicon: Silicon): void {
  const state = silicon.state;
  loadTimes(silicon);
  for (let index = 0; index < SWAPPED.length; index++) state[SWAPPED[index][2]] = loadField(silicon, SWAPPED[index][0]);
  state[Word.CR0] |= CR0.ET;
  state[Word.SECOND_LEVEL_ROOT] = loadField(silicon, V386Block.SECOND_LEVEL_ROOT);
  state[Word.IN_V386] = 1;
  state[Word.CPL] = loadField(silicon, V386Block.GUEST_CPL);
  silicon.flushTranslations();
  silicon.pagingChanged();
  silicon.privilegeChanged();
  for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) {
    const at = segment * WORD_BYTES;
    const base = loadField(silicon, V386Block.GUEST_BASE + at);
    const selector = loadField(silicon, V386Block.GUEST_SELECTOR + at) & 0xffff;
    storeSegmentRegister(silicon, segment, selector, base, loadField(silicon, V386Block.GUEST_LIMIT + at), loadField(silicon, V386Block.GUEST_ACCESS + at));
  }
  silicon.interruptFlagChanged();
  if ((loadField(silicon, V386Block.GUEST_SHADOW) & 1) !== 0) silicon.inhibitInterrupts();
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
