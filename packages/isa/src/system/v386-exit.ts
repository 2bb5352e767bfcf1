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
import { LOW_WORD } from './modes.js';
import { V386Block, V386BlockWord, V386Control, V386ExitNumber, V386Shadow, V386_BLOCK_WORDS } from './v386-block.js';
import type { V386FieldName } from './v386-block.js';

const EXIT_EVENTS = V386_EXITS.map((name) => eventIndex(`v386.exit.${name}`));
const WORD_BYTES = 4;
const IDT_ENTRY_BYTES = 8;
/** Error code, EIP, CS, EFLAGS, ESP, SS. */
const FRAME_WORDS = 6;

const gate = new Descriptor();
const code = new Descriptor();
const stack = new Stack();
/** What the exit frame says about the guest. */
const guest = { eip: 0, cs: 0, flags: 0, esp: 0, ss: 0 };

/** Words that are swapped one by one: where each is in the guest area, the host area and the processor. */
const SWAPPED = [
  ['GUEST_CR0', 'HOST_CR0', Word.CR0], ['GUEST_CR2', 'HOST_CR2', Word.CR2], ['GUEST_CR3', 'HOST_CR3', Word.CR3], ['GUEST_CR4', 'HOST_CR4', Word.CR4],
  ['GUEST_DR7', 'HOST_DR7', Word.DR + 7], ['GUEST_GDTR_BASE', 'HOST_GDTR_BASE', Word.GDTR_BASE], ['GUEST_GDTR_LIMIT', 'HOST_GDTR_LIMIT', Word.GDTR_LIMIT],
  ['GUEST_IDTR_BASE', 'HOST_IDTR_BASE', Word.IDTR_BASE], ['GUEST_IDTR_LIMIT', 'HOST_IDTR_LIMIT', Word.IDTR_LIMIT],
] as const satisfies readonly (readonly [V386FieldName, V386FieldName, number])[];
const SWAPPED_GUEST = SWAPPED.map(([field]) => V386BlockWord[field]);
const SWAPPED_HOST = SWAPPED.map(([, field]) => V386BlockWord[field]);
const SWAPPED_STATE = SWAPPED.map(([, , word]) => word);

/** The words of the current control block while they are moved: a world switch reads and writes an area at a time. */
export const blockWords = new Int32Array(V386_BLOCK_WORDS);

/** Reads the fields from `first` up to `end`, which is left out, to their places in `blockWords`. */
export function loadFields(silicon: Silicon, first: V386FieldName, end: number): void {
  const word = V386BlockWord[first];
  silicon.loadPhysicalWords(silicon.state[Word.V386_BLOCK] + word * WORD_BYTES, blockWords, word, end - word);
}

/** Writes them back. */
export function storeFields(silicon: Silicon, first: V386FieldName, end: number): void {
  const word = V386BlockWord[first];
  silicon.storePhysicalWords(silicon.state[Word.V386_BLOCK] + word * WORD_BYTES, blockWords, word, end - word);
}

/** Moves the swapped words of an area between `blockWords` and the processor. */
export function copySwapped(state: Int32Array, area: 'guest' | 'host', toProcessor: boolean): void {
  const fields = area === 'guest' ? SWAPPED_GUEST : SWAPPED_HOST;
  for (let index = 0; index < fields.length; index++) {
    if (toProcessor) state[SWAPPED_STATE[index]] = blockWords[fields[index]];
    else blockWords[fields[index]] = state[SWAPPED_STATE[index]];
  }
}

/** The four groups of words that describe segment registers, in an area and in the processor. */
const SEGMENT_STATE = [Word.SELECTOR, Word.BASE, Word.LIMIT, Word.ACCESS] as const;
const GUEST_SEGMENTS = [V386BlockWord.GUEST_SELECTOR, V386BlockWord.GUEST_BASE, V386BlockWord.GUEST_LIMIT, V386BlockWord.GUEST_ACCESS] as const;
const HOST_SEGMENTS = [V386BlockWord.HOST_SELECTOR, V386BlockWord.HOST_BASE, V386BlockWord.HOST_LIMIT, V386BlockWord.HOST_ACCESS] as const;

/** Copies descriptor caches to `blockWords`: all eight for the guest, LDTR and TR for the host. */
export function saveSegments(state: Int32Array, area: 'guest' | 'host'): void {
  const fields = area === 'guest' ? GUEST_SEGMENTS : HOST_SEGMENTS;
  const first = area === 'guest' ? Segment.ES : Segment.LDTR;
  for (let group = 0; group < fields.length; group++) {
    for (let segment: number = first; segment <= Segment.TR; segment++) blockWords[fields[group] + segment - first] = state[SEGMENT_STATE[group] + segment];
  }
}

/** Loads them from there. */
export function loadSegments(silicon: Silicon, area: 'guest' | 'host'): void {
  const [selector, base, limit, access] = area === 'guest' ? GUEST_SEGMENTS : HOST_SEGMENTS;
  const first = area === 'guest' ? Segment.ES : Segment.LDTR;
  for (let segment: number = first; segment <= Segment.TR; segment++) {
    const at = segment - first;
    storeSegmentRegister(silicon, segment, blockWords[selector + at] & LOW_WORD, blockWords[base + at], blockWords[limit + at], blockWords[access + at]);
  }
}

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
export function exitV386(silicon: Silicon, reason: V386ExitName, qualification = 0): boolean {
  storeField(silicon, V386Block.EXIT_LENGTH, 0);
  storeField(silicon, V386Block.EXIT_QUALIFICATION, qualification);
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

/** GUEST_SHADOW of the guest now. */
function shadowOf(silicon: Silicon): number {
  const { state } = silicon;
  const inhibited = (silicon.interruptsInhibited ? V386Shadow.INTERRUPTS : 0) | (silicon.debugInhibited ? V386Shadow.DEBUG : 0);
  return inhibited | (state[Word.NMI_BLOCKED] !== 0 ? V386Shadow.NMI : 0) | (state[Word.REPEATING] !== 0 ? V386Shadow.REPEATING : 0);
}

function saveGuest(silicon: Silicon): void {
  const state = silicon.state;
  silicon.settleResumption();
  guest.eip = state[Word.EIP];
  guest.esp = state[Register.ESP];
  guest.flags = composeFlags(state) | Flag.V386;
  guest.cs = state[Word.SELECTOR + Segment.CS];
  guest.ss = state[Word.SELECTOR + Segment.SS];
  copySwapped(state, 'guest', false);
  blockWords[V386BlockWord.GUEST_CPL] = state[Word.CPL];
  blockWords[V386BlockWord.GUEST_SHADOW] = shadowOf(silicon);
  blockWords[V386BlockWord.GUEST_PENDING_DEBUG] = state[Word.PENDING_DEBUG];
  saveSegments(state, 'guest');
  // Two parts: software's time-stamp offset between them stays.
  storeFields(silicon, 'GUEST_CPL', V386BlockWord.GUEST_TSC_OFFSET);
  storeFields(silicon, 'GUEST_SELECTOR', V386BlockWord.HOST_CR0);
}

function loadHost(silicon: Silicon): void {
  const state = silicon.state;
  loadFields(silicon, 'HOST_CR0', V386_BLOCK_WORDS);
  copySwapped(state, 'host', true);
  state[Word.TSC_OFFSET] = blockWords[V386BlockWord.HOST_TSC_OFFSET];
  state[Word.TSC_OFFSET + 1] = blockWords[V386BlockWord.HOST_TSC_OFFSET + 1];
  state[Word.IN_V386] = 0;
  state[Word.SECOND_LEVEL_ROOT] = 0;
  storeFloat(state, Word.V386_DEADLINE, Number.POSITIVE_INFINITY);
  storeFlags(state, Flag.FIXED);
  state[Word.CPL] = 0;
  state[Word.NMI_BLOCKED] = 0;
  state[Word.REPEATING] = 0;
  state[Word.PENDING_DEBUG] = 0;
  silicon.debugRegistersChanged();
  silicon.alignmentChanged();
  silicon.flushTranslations();
  silicon.pagingChanged();
  silicon.privilegeChanged();
  silicon.interruptFlagChanged();
  loadSegments(silicon, 'host');
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
  if (!openInnerStack(silicon, 0, 0, stack) || !stack.hasRoom(FRAME_WORDS, WORD_BYTES) || !pushFrame(silicon, number)) return false;
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
