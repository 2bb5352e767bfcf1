import { CR0, Flag, Register, Segment, storeFlags, storeSegmentRegister, Word, type Silicon } from '@ringbench/isa';
import type { GuestStart } from './guest-load.js';

/** Access words (state.ts) of the segments that the boot protocols leave: flat, 32-bit, ring 0, accessed. */
export const FLAT_CODE_ACCESS = 0xc09b;
export const FLAT_DATA_ACCESS = 0xc093;
export const NO_LIMIT = -1;
export const DATA_SEGMENTS = [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS] as const;
export const START_CR0 = CR0.PE | CR0.ET;

/** Puts a processor, real or virtual, in the state in which its boot protocol has a guest start. */
export function startGuest(processor: Silicon, start: GuestStart): void {
  const { state } = processor;
  state.fill(0, Register.EAX, Register.EDI + 1);
  for (const [register, value] of start.registers) state[register] = value;
  state[Word.EIP] = start.entry;
  storeFlags(state, Flag.FIXED);
  state[Word.CR0] = START_CR0;
  state[Word.CPL] = 0;
  processor.flushTranslations();
  processor.privilegeChanged();
  storeSegmentRegister(processor, Segment.CS, start.codeSelector, 0, NO_LIMIT, FLAT_CODE_ACCESS);
  for (const segment of DATA_SEGMENTS) storeSegmentRegister(processor, segment, start.dataSelector, 0, NO_LIMIT, FLAT_DATA_ACCESS);
  if (start.descriptorTable === undefined) return;
  state[Word.GDTR_BASE] = start.descriptorTable.base;
  state[Word.GDTR_LIMIT] = start.descriptorTable.limit;
}
