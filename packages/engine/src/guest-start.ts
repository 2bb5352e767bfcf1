import { CR0, Flag, Register, Segment, storeFlags, storeSegmentRegister, Word, type Silicon } from '@ringbench/isa';
import { MULTIBOOT_MAGIC, type GuestStart } from './multiboot.js';

/** Access words (state.ts) of the segments that a Multiboot loader leaves: flat, 32-bit, ring 0, accessed. */
export const FLAT_CODE_ACCESS = 0xc09b;
export const FLAT_DATA_ACCESS = 0xc093;
export const START_CODE_SELECTOR = 0x08;
export const START_DATA_SELECTOR = 0x10;
export const NO_LIMIT = -1;
export const DATA_SEGMENTS = [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS] as const;
export const START_CR0 = CR0.PE | CR0.ET;

/** General registers at the entry of a Multiboot guest. */
export function storeStartRegisters(state: Int32Array, start: GuestStart): void {
  state.fill(0, Register.EAX, Register.EDI + 1);
  state[Register.EAX] = MULTIBOOT_MAGIC;
  state[Register.EBX] = start.information;
}

/** Puts a processor, real or virtual, in the state in which a Multiboot guest starts (Multiboot Specification, 3.2). */
export function startGuest(processor: Silicon, start: GuestStart): void {
  const { state } = processor;
  storeStartRegisters(state, start);
  state[Word.EIP] = start.entry;
  storeFlags(state, Flag.FIXED);
  state[Word.CR0] = START_CR0;
  state[Word.CPL] = 0;
  processor.flushTranslations();
  processor.privilegeChanged();
  storeSegmentRegister(processor, Segment.CS, START_CODE_SELECTOR, 0, NO_LIMIT, FLAT_CODE_ACCESS);
  for (const segment of DATA_SEGMENTS) storeSegmentRegister(processor, segment, START_DATA_SELECTOR, 0, NO_LIMIT, FLAT_DATA_ACCESS);
}
