import { modelOf } from '../cpu-models.js';
import { Debug6, Debug7, Flag, Register, Segment, Word } from '../state.js';
import { storeFlags } from '../flags.js';
import { ALL_VALID, Control, REGISTERS, REGISTER_WORDS, resetX87 } from '../x87/words.js';
import { storeFloat } from './clock.js';
import { storeSegmentRegister } from './descriptors.js';
import type { Silicon } from './silicon.js';

/** Where the first instruction is: F000:FFF0 with the base of the last 64 KB of the address space (SDM vol. 3, 9.1.4). */
const RESET_SELECTOR = 0xf000;
const RESET_BASE = 0xffff0000 | 0;
const RESET_EIP = 0xfff0;
const REAL_LIMIT = 0xffff;
/** Access bytes of table 9-1: present, writable, accessed; LDT; busy 16-bit TSS, which is what an empty task register holds. */
const DATA_ACCESS = 0x93;
const LDT_ACCESS = 0x82;
const TASK_ACCESS = 0x83;

/** RESET as after power-up; INIT leaves the x87, the model-specific registers and the time-stamp counter alone (SDM vol. 3, table 9-1). */
export type ResetKind = 'reset' | 'init';

/** Puts a processor in the state of SDM vol. 3, table 9-1, general registers and V386 mode included. Translations are dropped. */
export function resetProcessor(silicon: Silicon, kind: ResetKind): void {
  const { state } = silicon;
  const model = modelOf(state);
  state[Word.IN_V386] = 0;
  state[Word.SECOND_LEVEL_ROOT] = 0;
  storeFloat(state, Word.V386_DEADLINE, Number.POSITIVE_INFINITY);
  state.fill(0, Register.EAX, Register.EDI + 1);
  state[Register.EDX] = model.signature;
  storeFlags(state, Flag.FIXED);
  for (const word of [Word.CPL, Word.CR2, Word.CR3, Word.CR4, Word.GDTR_BASE, Word.IDTR_BASE, Word.NMI_BLOCKED, Word.REPEATING, Word.PENDING_DEBUG]) state[word] = 0;
  state[Word.CR0] = model.resetCr0;
  state[Word.GDTR_LIMIT] = REAL_LIMIT;
  state[Word.IDTR_LIMIT] = REAL_LIMIT;
  state.fill(0, Word.DR, Word.DR + 6);
  state[Word.DR + 6] = Debug6.FIXED_ONES;
  state[Word.DR + 7] = Debug7.FIXED_ONES;
  silicon.flushTranslations();
  silicon.privilegeChanged();
  resetSegments(silicon);
  state[Word.EIP] = RESET_EIP;
  silicon.debugRegistersChanged();
  silicon.alignmentChanged();
  if (kind === 'reset') resetOutsideCore(silicon);
}

function resetSegments(silicon: Silicon): void {
  for (const segment of [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS]) storeSegmentRegister(silicon, segment, 0, 0, REAL_LIMIT, DATA_ACCESS);
  storeSegmentRegister(silicon, Segment.CS, RESET_SELECTOR, RESET_BASE, REAL_LIMIT, DATA_ACCESS);
  storeSegmentRegister(silicon, Segment.LDTR, 0, 0, REAL_LIMIT, LDT_ACCESS);
  storeSegmentRegister(silicon, Segment.TR, 0, 0, REAL_LIMIT, TASK_ACCESS);
}

/** What INIT leaves alone. */
function resetOutsideCore(silicon: Silicon): void {
  const { state } = silicon;
  resetX87(state);
  // Unlike FNINIT, RESET unmasks all exceptions and leaves zeros in all registers.
  state[Word.X87_CONTROL] = Control.FIXED_ONES;
  state[Word.X87_VALID] = ALL_VALID;
  state.fill(0, Word.X87_REGISTERS, Word.X87_REGISTERS + REGISTERS * REGISTER_WORDS);
  for (const word of [Word.SYSENTER_CS, Word.SYSENTER_ESP, Word.SYSENTER_EIP, Word.V386_BLOCK]) state[word] = 0;
  storeFloat(state, Word.TSC_OFFSET, -silicon.now());
}
