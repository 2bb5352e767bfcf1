import { Flag, Register, Segment, Vector, Word } from '../state.js';
import { composeFlags, storeFlags } from '../flags.js';
import { V386_EXITS, eventIndex } from '../events.js';
import type { V386ExitName } from '../events.js';
import { storeFloat } from './clock.js';
import {
  Descriptor, SystemType, descriptorDpl, descriptorType, gateOffset, gateSelector, installNull, installSegment, isCode, isConforming, isNull, isPresent, markAccessed, readDescriptor, requireDescriptor,
  storeSegmentRegister,
} from './descriptors.js';
import { withPrivilege } from './code-segment.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack, openInnerStack } from './stack.js';
import { V386Block, V386Control, V386ExitNumber } from './v386-block.js';

const EXIT_EVENTS = V386_EXITS.map((name) => eventIndex(`v386.exit.${name}`));
const WORD_BYTES = 4;
const SEGMENT_REGISTERS = 8;
const IDT_ENTRY_BYTES = 8;
/** Error code, EIP, CS, EFLAGS, ESP, SS. */
const FRAME_BYTES = 6 * WORD_BYTES;

const gate = new Descriptor();
const code = new Descriptor();
const stack = new Stack();
/** What the exit frame says about the guest. */
const guest = { eip: 0, cs: 0, flags: 0, esp: 0, ss: 0 };

/** Words that are swapped one by one: where each is in the guest area, the host area and the processor. */
export const SWAPPED = [
  [V386Block.GUEST_CR0, V386Block.HOST_CR0, Word.CR0], [V386Block.GUEST_CR2, V386Block.HOST_CR2, Word.CR2], [V386Block.GUEST_CR3, V386Block.HOST_CR3, Word.CR3],
  [V386Block.GUEST_CR4, V386Block.HOST_CR4, Word.CR4], [V386Block.GUEST_DR7, V386Block.HOST_DR7, Word.DR + 7],
  [V386Block.GUEST_GDTR_BASE, V386Block.HOST_GDTR_BASE, Word.GDTR_BASE], [V386Block.GUEST_GDTR_LIMIT, V386Block.HOST_GDTR_LIMIT, Word.GDTR_LIMIT],
  [V386Block.GUEST_IDTR_BASE, V386Block.HOST_IDTR_BASE, Word.IDTR_BASE], [V386Block.GUEST_IDTR_LIMIT, V386Block.HOST_IDTR_LIMIT, Word.IDTR_LIMIT],
] as const;

/** Writes a field of the current control block. */
export function storeField(silicon: Silicon, field: number, value: number): void {
  silicon.storePhysical(silicon.state[Word.V386_BLOCK] + field, value);
}

/** Reads a field of the current control block. */
export function loadField(silicon: Silicon, field: number): number {
  return silicon.loadPhysical(silicon.state[Word.V386_BLOCK] + field);
}

/**
 * An instruction of the guest must exit: describes it in the block and records the exit, which `deliverFault` then takes. EIP stays at the instruction.
 */
export function requestV386Exit(silicon: Silicon, reason: V386ExitName, op: SystemOperands, qualification: number): false {
  storeField(silicon, V386Block.EXIT_LENGTH, op.length);
  storeField(silicon, V386Block.EXIT_QUALIFICATION, qualification);
  return silicon.raise(Vector.V3, V386ExitNumber[reason]);
}

/**
 * For the MMU: a guest-physical address has no second-level translation that allows the access. Records the exit like a fault. `access` is made of
 * `V386Access` bits.
 */
export function raiseSecondLevelViolation(silicon: Silicon, guestPhysical: number, linear: number, access: number): false {
  storeField(silicon, V386Block.EXIT_LENGTH, 0);
  storeField(silicon, V386Block.EXIT_QUALIFICATION, access);
  storeField(silicon, V386Block.EXIT_PHYSICAL, guestPhysical);
  storeField(silicon, V386Block.EXIT_LINEAR, linear);
  return silicon.raise(Vector.V3, V386ExitNumber['second-level']);
}

/** For the driver: true in the mode when the block asks for an exit as soon as the guest could take an interrupt. */
export function awaitsInterruptWindow(silicon: Silicon): boolean {
  return silicon.state[Word.IN_V386] !== 0 && (loadField(silicon, V386Block.CONTROLS) & V386Control.INTERRUPT_WINDOW) !== 0;
}

/** For the driver: true when that exit is due. */
export function wantsInterruptWindow(silicon: Silicon): boolean {
  return (silicon.state[Word.FLAG_SYSTEM] & Flag.IF) !== 0 && !silicon.interruptsInhibited && awaitsInterruptWindow(silicon);
}

/** Leaves V386 mode between two instructions. False only when the host cannot be entered: the processor is then in shutdown. */
export function exitV386(silicon: Silicon, reason: V386ExitName): boolean {
  storeField(silicon, V386Block.EXIT_LENGTH, 0);
  storeField(silicon, V386Block.EXIT_QUALIFICATION, 0);
  return exitV386WithNumber(silicon, V386ExitNumber[reason]);
}

/** The exit itself; EXIT_LENGTH and EXIT_QUALIFICATION are in the block. */
export function exitV386WithNumber(silicon: Silicon, number: number): boolean {
  silicon.clearFault();
  silicon.count(EXIT_EVENTS[number - 1]);
  storeField(silicon, V386Block.EXIT_REASON, number);
  saveGuest(silicon);
  loadHost(silicon);
  if (enterHost(silicon, number)) return true;
  silicon.clearFault();
  silicon.shutdown();
  return false;
}

function saveGuest(silicon: Silicon): void {
  const state = silicon.state;
  guest.eip = state[Word.EIP];
  guest.esp = state[Register.ESP];
  guest.flags = composeFlags(state) | Flag.V386;
  guest.cs = state[Word.SELECTOR + Segment.CS];
  guest.ss = state[Word.SELECTOR + Segment.SS];
  for (let index = 0; index < SWAPPED.length; index++) storeField(silicon, SWAPPED[index][0], state[SWAPPED[index][2]]);
  storeField(silicon, V386Block.GUEST_CPL, state[Word.CPL]);
  storeField(silicon, V386Block.GUEST_SHADOW, silicon.interruptsInhibited ? 1 : 0);
  for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) {
    const at = segment * WORD_BYTES;
    storeField(silicon, V386Block.GUEST_SELECTOR + at, state[Word.SELECTOR + segment]);
    storeField(silicon, V386Block.GUEST_BASE + at, state[Word.BASE + segment]);
    storeField(silicon, V386Block.GUEST_LIMIT + at, state[Word.LIMIT + segment]);
    storeField(silicon, V386Block.GUEST_ACCESS + at, state[Word.ACCESS + segment]);
  }
}

function loadHost(silicon: Silicon): void {
  const state = silicon.state;
  for (let index = 0; index < SWAPPED.length; index++) state[SWAPPED[index][2]] = loadField(silicon, SWAPPED[index][1]);
  state[Word.TSC_OFFSET] = loadField(silicon, V386Block.HOST_TSC_OFFSET);
  state[Word.TSC_OFFSET + 1] = loadField(silicon, V386Block.HOST_TSC_OFFSET + WORD_BYTES);
  state[Word.IN_V386] = 0;
  state[Word.SECOND_LEVEL_ROOT] = 0;
  storeFloat(state, Word.V386_DEADLINE, Number.POSITIVE_INFINITY);
  storeFlags(state, Flag.FIXED);
  state[Word.CPL] = 0;
  silicon.flushTranslations();
  silicon.pagingChanged();
  silicon.privilegeChanged();
  silicon.interruptFlagChanged();
  for (let index = 0; index < 2; index++) {
    const at = index * WORD_BYTES;
    const selector = loadField(silicon, V386Block.HOST_SELECTOR + at);
    const base = loadField(silicon, V386Block.HOST_BASE + at);
    storeSegmentRegister(silicon, Segment.LDTR + index, selector, base, loadField(silicon, V386Block.HOST_LIMIT + at), loadField(silicon, V386Block.HOST_ACCESS + at));
  }
  installNull(silicon, Segment.ES, 0);
  installNull(silicon, Segment.DS, 0);
  installNull(silicon, Segment.FS, 0);
  installNull(silicon, Segment.GS, 0);
}

/** Through vector 20 of the host's IDT onto the ring-0 stack of the host's TSS. */
function enterHost(silicon: Silicon, number: number): boolean {
  const state = silicon.state;
  const entry = Vector.V3 * IDT_ENTRY_BYTES;
  if (entry + IDT_ENTRY_BYTES - 1 > state[Word.IDTR_LIMIT] >>> 0 || !readDescriptor(silicon, state[Word.IDTR_BASE] + entry, gate)) return false;
  const type = descriptorType(gate);
  if ((type !== SystemType.INTERRUPT_GATE32 && type !== SystemType.TRAP_GATE32) || !isPresent(gate) || isNull(gateSelector(gate))) return false;
  if (!requireDescriptor(silicon, gateSelector(gate), Vector.GP, 0, code)) return false;
  if (!isCode(code) || isConforming(code) || descriptorDpl(code) !== 0 || !isPresent(code) || !markAccessed(silicon, code)) return false;
  if (!openInnerStack(silicon, 0, 0, stack) || !stack.hasRoom(FRAME_BYTES) || !pushFrame(silicon, number)) return false;
  stack.install(silicon);
  installSegment(silicon, Segment.CS, withPrivilege(gateSelector(gate), 0), code);
  state[Word.EIP] = gateOffset(gate);
  return true;
}

function pushFrame(silicon: Silicon, number: number): boolean {
  return (
    stack.push(silicon, 4, guest.ss) && stack.push(silicon, 4, guest.esp) && stack.push(silicon, 4, guest.flags)
    && stack.push(silicon, 4, guest.cs) && stack.push(silicon, 4, guest.eip) && stack.push(silicon, 4, number)
  );
}
