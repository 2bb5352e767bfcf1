import type { EncodingRow, OperandType } from './instruction.js';
import { OPERAND_READERS, type OperandReader } from './operand-readers.js';

/** A row made ready for the decoder. */
export interface Form {
  readonly row: EncodingRow;
  readonly readers: readonly OperandReader[];
  readonly lockable: boolean;
  readonly repeats: boolean;
}

/** What an opcode can be: one form, or one per ModR/M slot. */
export interface OpcodeEntry {
  readonly modrm: boolean;
  readonly forms: (Form | undefined)[];
}

/** Opcodes of the one-byte map, then of the 0F map. */
export type OpcodeTable = readonly (OpcodeEntry | undefined)[];
export const OPCODES_PER_MAP = 256;

/** A ModR/M byte selects by its reg field when it means memory, by all of its low six bits when it means a register (x87 needs the rm field too). */
const MEMORY_SLOTS = 8;
const REGISTERS = 8;
export const FIRST_REGISTER_MODRM = 0xc0;

/** Number of the slot that a ModR/M byte selects. */
export function modrmSlot(modrm: number): number {
  return modrm < FIRST_REGISTER_MODRM ? (modrm >>> 3) & 7 : MEMORY_SLOTS + modrm - FIRST_REGISTER_MODRM;
}

/** Values of the reg field with which an operand exists: CR1 and CR5-CR7 do not, nor segment registers 6 and 7. Rows with a literal reg field name CR4 and the test registers. */
const LEGAL_REG: Partial<Record<OperandType, readonly number[]>> = { Cd: [0, 2, 3], Sw: [0, 1, 2, 3, 4, 5] };
const ANY_REG = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** `01 /r`, `0F BA /4`, `50+r`; for the escapes D8-DF also a literal ModR/M byte, `D9 E0` or `D8 C0+i`. */
const OPCODE_TEXT = /^(0F )?([0-9A-F]{2})(?:(\+r)| \/([r0-7])| ([C-F][0-9A-F])(\+i)?)?$/;

interface ParsedOpcode {
  /** Index into the opcode table of the first opcode, and how many consecutive opcodes the row has. */
  readonly first: number;
  readonly count: number;
  /** Reg field: -1 any, undefined when there is no ModR/M byte or when it is a literal one. */
  readonly extension: number | undefined;
  /** Literal ModR/M bytes. */
  readonly literals: readonly number[];
}

const HEXADECIMAL = 16;

function parseOpcode(text: string): ParsedOpcode {
  const match = OPCODE_TEXT.exec(text);
  if (match === null) throw new Error(`opcode ${text} is not in the notation of the manuals`);
  const [, escape, opcode, plusRegister, reg, literal, plusStack] = match;
  const literals = literal === undefined ? [] : Array.from({ length: plusStack === undefined ? 1 : REGISTERS }, (_, index) => parseInt(literal, HEXADECIMAL) + index);
  return {
    first: parseInt(opcode, HEXADECIMAL) + (escape === undefined ? 0 : OPCODES_PER_MAP),
    count: plusRegister === undefined ? 1 : REGISTERS,
    extension: reg === undefined ? undefined : reg === 'r' ? -1 : Number(reg),
    literals,
  };
}

/** The ModR/M slots that a row takes. */
function slotsOf(row: EncodingRow, parsed: ParsedOpcode): number[] {
  if (parsed.extension === undefined) return parsed.literals.map(modrmSlot);
  const restricted = row.operands.map((type) => LEGAL_REG[type]).find((legal) => legal !== undefined);
  const regs = parsed.extension < 0 ? (restricted ?? ANY_REG) : [parsed.extension];
  const slots: number[] = [];
  for (const reg of regs) {
    if (row.traits.registerOnly !== true) slots.push(reg);
    if (row.traits.memoryOnly !== true) for (let rm = 0; rm < REGISTERS; rm++) slots.push(MEMORY_SLOTS + reg * REGISTERS + rm);
  }
  return slots;
}

/** Operand types that are read from the ModR/M byte: a row with one of them has to have it. */
const MODRM_OPERAND = /^([EGMRSCDT][abdpqsvw]?|M[tefx]|STi)$/;

function enter(table: (OpcodeEntry | undefined)[], row: EncodingRow): void {
  const parsed = parseOpcode(row.opcode);
  const modrm = parsed.extension !== undefined || parsed.literals.length > 0;
  if (!modrm && row.operands.some((type) => MODRM_OPERAND.test(type))) throw new Error(`${row.mnemonic} ${row.opcode} has ModR/M operands but no ModR/M byte`);
  const form: Form = {
    row,
    readers: row.operands.map((type) => OPERAND_READERS[type]),
    lockable: row.traits.lockable === true,
    repeats: row.traits.repeat !== undefined,
  };
  const slots = modrm ? slotsOf(row, parsed) : [0];
  for (let opcode = parsed.first; opcode < parsed.first + parsed.count; opcode++) {
    const entry = (table[opcode] ??= { modrm, forms: [] });
    for (const slot of slots) {
      if (entry.modrm !== modrm || entry.forms[slot] !== undefined) throw new Error(`${row.mnemonic} ${row.opcode} claims an encoding that another row has`);
      entry.forms[slot] = form;
    }
  }
}

/** Compiles rows into the table that the decoder uses. Throws on a malformed or conflicting row: that is a bug of ours. */
export function compileRows(rows: readonly EncodingRow[]): OpcodeTable {
  const table = Array.from({ length: 2 * OPCODES_PER_MAP }, (): OpcodeEntry | undefined => undefined);
  for (const row of rows) enter(table, row);
  return table;
}
