import { Segment } from '../state.js';
import { Decoding, type ByteSource } from './decoding.js';
import type { DecodeFailure, Instruction, Operand } from './instruction.js';
import { opcodeTableOf } from './instruction-set.js';
import { OPCODES_PER_MAP, modrmSlot, type Form, type OpcodeTable } from './opcode-table.js';

/** What bytes mean besides themselves. */
export interface CodeMode {
  /** The D bit of the code segment: operands and addresses are 32 bits by default. */
  readonly code32: boolean;
  /** What the processor has, bits of `Feature`; default everything. Bytes that only another processor knows are undefined opcodes. */
  readonly features?: number;
}

/** Instruction prefixes (SDM vol. 2, 2.1.1). */
const Prefix = { ES: 0x26, CS: 0x2e, SS: 0x36, DS: 0x3e, FS: 0x64, GS: 0x65, OPERAND_SIZE: 0x66, ADDRESS_SIZE: 0x67, LOCK: 0xf0, REPNE: 0xf2, REPE: 0xf3 } as const;
const TWO_BYTE_ESCAPE = 0x0f;
/** The part of an x87 opcode that is not the same in all of them, and its place in the last-opcode word. */
const ESCAPE_MASK = 7;
const ESCAPE_SHIFT = 8;

/** Takes one prefix; false if the byte is none. Of several overrides or repeats the last counts; size overrides do not add up. */
function takePrefix(decoding: Decoding, byte: number, code32: boolean): boolean {
  switch (byte) {
    case Prefix.ES: decoding.segmentOverride = Segment.ES; return true;
    case Prefix.CS: decoding.segmentOverride = Segment.CS; return true;
    case Prefix.SS: decoding.segmentOverride = Segment.SS; return true;
    case Prefix.DS: decoding.segmentOverride = Segment.DS; return true;
    case Prefix.FS: decoding.segmentOverride = Segment.FS; return true;
    case Prefix.GS: decoding.segmentOverride = Segment.GS; return true;
    case Prefix.OPERAND_SIZE: decoding.operandSize = code32 ? 16 : 32; return true;
    case Prefix.ADDRESS_SIZE: decoding.addressSize = code32 ? 16 : 32; return true;
    case Prefix.LOCK: decoding.lock = true; return true;
    case Prefix.REPNE: decoding.repeat = 'repne'; return true;
    case Prefix.REPE: decoding.repeat = 'repe'; return true;
    default: return false;
  }
}

/** Reads prefixes, opcode and, where there is one, the ModR/M byte. */
function readOpcode(decoding: Decoding, code32: boolean, table: OpcodeTable): Form | undefined {
  let opcode = decoding.byte();
  while (takePrefix(decoding, opcode, code32)) opcode = decoding.byte();
  if (opcode === TWO_BYTE_ESCAPE) opcode = OPCODES_PER_MAP + decoding.byte();
  const entry = table[opcode];
  if (entry === undefined) return undefined;
  decoding.opcode = opcode % OPCODES_PER_MAP;
  if (!entry.modrm) return entry.forms[0];
  decoding.modrm = decoding.byte();
  return entry.forms[modrmSlot(decoding.modrm)];
}

function readOperands(decoding: Decoding, form: Form): Operand[] {
  const operands: Operand[] = [];
  for (const reader of form.readers) operands.push(reader(decoding));
  return operands;
}

/** Decodes with a table that `compileRows` made; `decode` does so with the processor's. */
export function decodeWith(table: OpcodeTable, source: ByteSource, at: number, mode: CodeMode): Instruction | DecodeFailure {
  const decoding = new Decoding(source, at, mode.code32);
  const form = readOpcode(decoding, mode.code32, table);
  if (form === undefined) return decoding.failure ?? 'undefined';
  const operands = readOperands(decoding, form);
  if (decoding.failure !== undefined) return decoding.failure;
  // LOCK is #UD unless the destination, the first operand, is memory (SDM vol. 2, LOCK).
  if (decoding.lock && !(form.lockable && operands[0].kind === 'memory')) return 'bad-lock';
  return {
    row: form.row,
    length: decoding.length,
    operandSize: decoding.operandSize,
    addressSize: decoding.addressSize,
    lock: decoding.lock,
    repeat: form.repeats ? decoding.repeat : 'none',
    escape: ((decoding.opcode & ESCAPE_MASK) << ESCAPE_SHIFT) | decoding.modrm,
    operands,
  };
}

/**
 * Decodes the instruction at index `at` of the source. A failure is its reason, a string: `typeof result === 'string'`.
 * Bytes are fetched one by one and only as far as needed, so a source that faults knows at which byte, and a page that the instruction does not
 * reach is not touched. A fetch that fails has priority over a defect that would need the whole instruction (a bad LOCK); an opcode that is
 * undefined is reported without fetching further.
 */
export function decode(source: ByteSource, at: number, mode: CodeMode): Instruction | DecodeFailure {
  return decodeWith(opcodeTableOf(mode.features), source, at, mode);
}

/** Bytes in memory as a source; everything outside cannot be fetched. */
export function byteSource(bytes: Uint8Array): ByteSource {
  return { byte: (index) => (index >= 0 && index < bytes.length ? bytes[index] : -1) };
}
