import type { DecodeFailure } from './instruction.js';

/** Where instruction bytes come from. */
export interface ByteSource {
  /** The byte at an index, 0-255, or -1 when it cannot be fetched (a page fault, the end of a buffer). Asked for once per byte, in order, never past a -1. */
  byte(index: number): number;
}

/** Longest legal instruction in bytes; one more is #GP(0) (SDM vol. 2, 2.3.11). */
export const MAXIMUM_LENGTH = 15;

const REG_SHIFT = 3;
const FIELD_MASK = 7;
const MOD_SHIFT = 6;
/** The mod field that means a register. */
export const MOD_REGISTER = 3;

/** What is known of one instruction while it is being decoded: the cursor into its bytes and the fields that operands are read from. */
export class Decoding {
  length = 0;
  /** Set once; after it every further byte reads as 0 without a fetch, so that only the end needs to look. */
  failure: DecodeFailure | undefined = undefined;
  operandSize: 16 | 32;
  addressSize: 16 | 32;
  /** Segment override, or -1. */
  segmentOverride = -1;
  lock = false;
  repeat: 'none' | 'repe' | 'repne' = 'none';
  /** Last opcode byte. */
  opcode = 0;
  modrm = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly at: number,
    code32: boolean,
  ) {
    this.operandSize = code32 ? 32 : 16;
    this.addressSize = this.operandSize;
  }

  /** The mod, reg and rm fields of the ModR/M byte. */
  get mod(): number {
    return this.modrm >>> MOD_SHIFT;
  }
  get reg(): number {
    return (this.modrm >>> REG_SHIFT) & FIELD_MASK;
  }
  get rm(): number {
    return this.modrm & FIELD_MASK;
  }
  /** The register in the opcode's low three bits. */
  get opcodeRegister(): number {
    return this.opcode & FIELD_MASK;
  }

  /** Next byte, 0-255; 0 after a failure. */
  byte(): number {
    if (this.failure !== undefined) return 0;
    if (this.length === MAXIMUM_LENGTH) {
      this.failure = 'too-long';
      return 0;
    }
    const value = this.source.byte(this.at + this.length);
    if (value < 0) {
      this.failure = 'truncated';
      return 0;
    }
    this.length++;
    return value;
  }

  /** Next 16 bits, zero-extended. */
  word(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  /** Next 8, 16 or 32 bits, sign-extended to 32. */
  signed(size: 8 | 16 | 32): number {
    if (size === 8) return (this.byte() << 24) >> 24;
    const low = this.word();
    if (size === 16) return (low << 16) >> 16;
    return low | (this.word() << 16);
  }
}
