import { Register, Segment, type SegmentIndex } from '../state.js';
import { type Decoding } from './decoding.js';
import type { Operand } from './instruction.js';

/** ModR/M and SIB addressing (SDM vol. 2, 2.1.5, tables 2-1 to 2-3). */

type MemoryOperand = Extract<Operand, { kind: 'memory' }>;

const { EBX, ESP, EBP, ESI, EDI } = Register;
const NONE = -1;

/** Base and index of the eight 16-bit forms (table 2-1); the seventh is a bare displacement when mod is 0. */
const BASES_16 = [EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX] as const;
const INDEXES_16 = [ESI, EDI, ESI, EDI, NONE, NONE, NONE, NONE] as const;
const RM_DISPLACEMENT_16 = 6;

/** rm 4 announces a SIB byte, rm 5 or SIB base 5 with mod 0 a bare displacement, SIB index 4 no index (tables 2-2 and 2-3). */
const RM_SIB = ESP;
const RM_DISPLACEMENT_32 = EBP;
const NO_INDEX = ESP;
const FIELD_MASK = 7;
const SIB_INDEX_SHIFT = 3;
const SIB_SCALE_SHIFT = 6;

const MOD_DISPLACEMENT_8 = 1;
const MOD_DISPLACEMENT_FULL = 2;

/** The segment that a memory operand uses: the override if there is one. */
export function effectiveSegment(decoding: Decoding, byDefault: SegmentIndex): SegmentIndex {
  return decoding.segmentOverride < 0 ? byDefault : (decoding.segmentOverride as SegmentIndex);
}

/** Addresses that are based on the stack or frame pointer are in SS by default (SDM vol. 1, table 3-5). */
function memory(decoding: Decoding, size: number, base: number, index: number, scale: number, displacement: number): MemoryOperand {
  const segment = effectiveSegment(decoding, base === ESP || base === EBP ? Segment.SS : Segment.DS);
  return { kind: 'memory', size, segment, base, index, scale, displacement };
}

/** The displacement that follows, by mod; a form that is a bare displacement always has a full one. */
function displacement(decoding: Decoding, bare: boolean): number {
  if (bare || decoding.mod === MOD_DISPLACEMENT_FULL) return decoding.signed(decoding.addressSize);
  return decoding.mod === MOD_DISPLACEMENT_8 ? decoding.signed(8) : 0;
}

function memory16(decoding: Decoding, size: number): MemoryOperand {
  const bare = decoding.mod === 0 && decoding.rm === RM_DISPLACEMENT_16;
  const base = bare ? NONE : BASES_16[decoding.rm];
  return memory(decoding, size, base, INDEXES_16[decoding.rm], 0, displacement(decoding, bare));
}

function memory32(decoding: Decoding, size: number): MemoryOperand {
  let base = decoding.rm;
  let index: number = NONE;
  let scale = 0;
  if (base === RM_SIB) {
    const sib = decoding.byte();
    base = sib & FIELD_MASK;
    index = (sib >>> SIB_INDEX_SHIFT) & FIELD_MASK;
    scale = sib >>> SIB_SCALE_SHIFT;
    if (index === NO_INDEX) {
      index = NONE;
      scale = 0;
    }
  }
  const bare = decoding.mod === 0 && base === RM_DISPLACEMENT_32;
  return memory(decoding, size, bare ? NONE : base, index, scale, displacement(decoding, bare));
}

/** The memory operand of a ModR/M byte whose mod is not 3, with `size` bits; reads SIB and displacement. */
export function modrmMemory(decoding: Decoding, size: number): MemoryOperand {
  return decoding.addressSize === 32 ? memory32(decoding, size) : memory16(decoding, size);
}

/** A memory operand at a fixed register, of string instructions and XLAT. */
export function registerMemory(size: number, segment: SegmentIndex, base: number): MemoryOperand {
  return { kind: 'memory', size, segment, base, index: NONE, scale: 0, displacement: 0 };
}

/** A memory operand whose offset is in the instruction (MOV's moffs). */
export function offsetMemory(decoding: Decoding, size: number): MemoryOperand {
  return memory(decoding, size, NONE, NONE, 0, decoding.signed(decoding.addressSize));
}
