/**
 * The architectural state of one processor, as 32-bit words in linear memory.
 *
 * This file is the only place that knows where a register lives. The interpreter, the translator and the tests take every
 * offset from `Word`; nothing else in the project contains a number that means a register.
 */

/** Segment register numbers as the Intel manuals encode them (SDM vol. 2, table 3-1), then LDTR and TR. */
export const Segment = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5, LDTR: 6, TR: 7 } as const;
export type SegmentIndex = (typeof Segment)[keyof typeof Segment];

/** General register numbers as the Intel manuals encode them. */
export const Register = { EAX: 0, ECX: 1, EDX: 2, EBX: 3, ESP: 4, EBP: 5, ESI: 6, EDI: 7 } as const;
export type RegisterIndex = (typeof Register)[keyof typeof Register];

const SEGMENT_REGISTERS = 8;

/** Names in memory order; a number behind a name reserves that many words. */
const LAYOUT = [
  // General registers, in encoding order: word n is register n.
  ['EAX', 1], ['ECX', 1], ['EDX', 1], ['EBX', 1], ['ESP', 1], ['EBP', 1], ['ESI', 1], ['EDI', 1],
  // Always zero: stands in for an absent base or index register, so that no handler tests for one.
  ['ZERO', 1],
  ['EIP', 1],
  // Arithmetic flags, see flags.ts.
  ['FLAG_RESULT', 1], ['FLAG_CARRY', 1],
  // EFLAGS without CF PF AF ZF SF OF; bit 1 is always set.
  ['FLAG_SYSTEM', 1],
  ['CPL', 1],
  ['CR0', 1], ['CR2', 1], ['CR3', 1], ['CR4', 1],
  ['DR', 8],
  ['GDTR_BASE', 1], ['GDTR_LIMIT', 1], ['IDTR_BASE', 1], ['IDTR_LIMIT', 1],
  // Segment registers with their descriptor caches, one word per register in encoding order (ES CS SS DS FS GS LDTR TR).
  ['SELECTOR', SEGMENT_REGISTERS], ['BASE', SEGMENT_REGISTERS], ['LIMIT', SEGMENT_REGISTERS], ['ACCESS', SEGMENT_REGISTERS],
  // Derived from the four above by `refreshSegment`: an access of up to 8 bytes at an offset below READ_TOP (WRITE_TOP) is
  // certainly allowed; anything else takes the slow path, which decides. Zero means always slow.
  ['READ_TOP', SEGMENT_REGISTERS], ['WRITE_TOP', SEGMENT_REGISTERS],
  // Byte offsets of the data TLB tables (reads) and code TLB table for the current privilege level.
  ['DATA_TLB', 1], ['CODE_TLB', 1],
  // What the two above, and TRAP_SENSITIVE below, become at each privilege level: set by the machine, so that a ring transition needs no help.
  ['DATA_TLB_OF_LEVEL', 4], ['CODE_TLB_OF_LEVEL', 4], ['TRAP_SENSITIVE_OF_LEVEL', 4],
  // Executor: instructions left in the slice; the micro-op at which the hot loop stopped.
  ['BUDGET', 1], ['MICRO_OP', 1],
  // Non-zero while the interrupt pin is asserted or an NMI waits: semantics that can set IF leave the hot loop then.
  ['INTERRUPT_PIN', 1],
  // Non-zero from the delivery of an NMI to the next IRET (SDM vol. 3, 6.7.1).
  ['NMI_BLOCKED', 1],
  // BUDGET as it was when RF was loaded. RF holds for one instruction and is cleared lazily: it counts only while no instruction has completed since.
  ['RESUMED_AT', 1],
  // Non-zero between two iterations of the repeated string instruction at EIP: what is delivered here pushes RF (SDM vol. 3, 17.3.1.1).
  ['REPEATING', 1],
  // DR6 bits of traps that the last instruction caused and a MOV SS holds back (SDM vol. 3, 6.8.3).
  ['PENDING_DEBUG', 1],
  // Non-zero when sensitive unprivileged instructions must fault now (`sensitiveTraps` and CPL = 3).
  ['TRAP_SENSITIVE', 1],
  // V386 mode (docs/v386-mode.md): non-zero while in it; physical address of the control block; physical address of the
  // second-level page directory, used while IN_V386; instruction clock at which the preemption timer exits, a 64-bit float.
  ['IN_V386', 1], ['V386_BLOCK', 1], ['SECOND_LEVEL_ROOT', 1], ['V386_DEADLINE', 2],
  ['SYSENTER_CS', 1], ['SYSENTER_ESP', 1], ['SYSENTER_EIP', 1],
  // Time-stamp counter minus instruction clock, as a 64-bit float in two words.
  ['TSC_OFFSET', 2],
  // What this processor has, bits of `Feature`: set at reset, constant afterwards.
  ['FEATURES', 1],
  // x87 (x87/README.md): control word; status word without TOP and B; TOP; one bit for each physical register that is not empty.
  ['X87_CONTROL', 1], ['X87_STATUS', 1], ['X87_TOP', 1], ['X87_VALID', 1],
  // Offset and selector of the last instruction and of its memory operand, and its opcode (SDM vol. 1, 8.1.8 and 8.1.9).
  ['X87_FIP', 1], ['X87_FCS', 1], ['X87_FDP', 1], ['X87_FDS', 1], ['X87_FOP', 1],
  // Eight physical registers of three words each: significand low, significand high, sign (bit 15) and biased exponent.
  ['X87_REGISTERS', 24],
  // TR3 to TR7 of the 80386 and i486 (system/test-registers.ts).
  ['TEST', 5],
] as const;

export type WordName = (typeof LAYOUT)[number][0];

function assignWords(): { words: Record<WordName, number>; count: number } {
  const words: Partial<Record<WordName, number>> = {};
  let next = 0;
  for (const [name, count] of LAYOUT) {
    if (count === 2 && next % 2 === 1) next++; // 64-bit values are aligned
    words[name] = next;
    next += count;
  }
  return { words: words as Record<WordName, number>, count: next };
}

const assigned = assignWords();

/**
 * Index of each state word (multiply by 4 for the byte offset). The copy matters: V8 keeps an object that was filled key by key as a hash table, and
 * every `Word.X` in the executors would be a look-up (measured: three times the time of a system call round trip).
 */
export const Word: Readonly<Record<WordName, number>> = Object.freeze({ ...assigned.words });

/** How many 32-bit words the state of one processor takes. */
export const STATE_WORDS: number = assigned.count;

/**
 * Bits of FEATURES: what the processor has beyond an 80386. A generation's bit stands for all that it introduced (cpu-models.ts), and a processor has those
 * of the earlier ones too.
 */
export const Feature = { FPU: 1 << 0, V386: 1 << 1, FXSR: 1 << 2, I486: 1 << 3, I586: 1 << 4, I686: 1 << 5 } as const;

/** CR0 bits (SDM vol. 3, 2.5). */
export const CR0 = { PE: 1 << 0, MP: 1 << 1, EM: 1 << 2, TS: 1 << 3, ET: 1 << 4, NE: 1 << 5, WP: 1 << 16, AM: 1 << 18, NW: 1 << 29, CD: 1 << 30, PG: 1 << 31 } as const;
/** CR4 bits (SDM vol. 3, 2.5). */
export const CR4 = { VME: 1 << 0, PVI: 1 << 1, TSD: 1 << 2, DE: 1 << 3, PSE: 1 << 4, PAE: 1 << 5, MCE: 1 << 6, PGE: 1 << 7, PCE: 1 << 8 } as const;
/** DR6 bits (SDM vol. 3, 17.2.3): B0 to B3 in bits 0 to 3; the bits that are always one. */
export const Debug6 = { BREAKPOINTS: 15, BD: 1 << 13, BS: 1 << 14, BT: 1 << 15, FIXED_ONES: 0xffff0ff0 | 0, WRITABLE: 0xe00f } as const;
/** DR7 bits (SDM vol. 3, 17.2.4): LOCAL is L0 to L3 and LE, ARMED is L0 to G3; from bit 16 on two bits R/W and two bits LEN for each breakpoint. */
export const Debug7 = { LOCAL: 0x155, ARMED: 0xff, GD: 1 << 13, FIELDS_SHIFT: 16, FIXED_ONES: 0x400, WRITABLE: 0xffff2bff | 0 } as const;

/**
 * Bits of an ACCESS word: the descriptor's second doubleword shifted right by 8 with the limit bits cleared
 * (SDM vol. 3, 3.4.5), so that bits 0-7 are the access byte and bits 12-15 are AVL, 0, D/B, G.
 * UNUSABLE marks a register that holds a null selector.
 */
export const Access = {
  ACCESSED: 1 << 0, WRITABLE: 1 << 1, READABLE: 1 << 1, EXPAND_DOWN: 1 << 2, CONFORMING: 1 << 2, CODE: 1 << 3,
  NOT_SYSTEM: 1 << 4, DPL_SHIFT: 5, DPL_MASK: 3 << 5, PRESENT: 1 << 7,
  BIG: 1 << 14, GRANULARITY: 1 << 15, UNUSABLE: 1 << 16,
} as const;

/** EFLAGS bits (SDM vol. 1, 3.4.3). V386 is the proposed mode's bit (docs/v386-mode.md). */
export const Flag = {
  CF: 1 << 0, FIXED: 1 << 1, PF: 1 << 2, AF: 1 << 4, ZF: 1 << 6, SF: 1 << 7, TF: 1 << 8, IF: 1 << 9, DF: 1 << 10, OF: 1 << 11,
  IOPL: 3 << 12, IOPL_SHIFT: 12, NT: 1 << 14, RF: 1 << 16, VM: 1 << 17, AC: 1 << 18, VIF: 1 << 19, VIP: 1 << 20, ID: 1 << 21,
  V386: 1 << 22,
} as const;

/** The six arithmetic flags; the rest of EFLAGS is kept in FLAG_SYSTEM. */
export const ARITHMETIC_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;

/** Exception vectors (SDM vol. 3, table 6-1) and the proposed V386 exit (docs/v386-mode.md). */
export const Vector = { DE: 0, DB: 1, NMI: 2, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, DF: 8, TS: 10, NP: 11, SS: 12, GP: 13, PF: 14, MF: 16, AC: 17, V3: 20 } as const;
export type VectorNumber = (typeof Vector)[keyof typeof Vector];

/** Vectors that push an error code. */
export const VECTORS_WITH_ERROR_CODE: readonly number[] = [Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC];
