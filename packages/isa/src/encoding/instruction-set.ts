import { GENERATION_FEATURE, type Generation } from '../cpu-models.js';
import { Feature } from '../state.js';
import type { EncodingRow, LastModel } from './instruction.js';
import { compileRows, type OpcodeTable } from './opcode-table.js';
import { encodingRows } from './rows/index.js';

/** Which rows a processor has, and the opcode table of each kind of processor. */

/** Whose arrival ended the life of what a model had last. */
const SUCCESSOR: Readonly<Record<LastModel, Generation>> = { i386: 'i486', i486: 'i586' };

/** True if a processor with these features (bits of `Feature`) decodes the row. */
export function hasInstruction(features: number, { traits: { since, until } }: EncodingRow): boolean {
  if (since !== undefined && (features & GENERATION_FEATURE[since]) === 0) return false;
  return until === undefined || (features & GENERATION_FEATURE[SUCCESSOR[until]]) === 0;
}

/** The rows of a processor with these features; without an argument those of one that has everything, which is the latest there is. */
export function instructionSet(features: number = EVERYTHING): readonly EncodingRow[] {
  return encodingRows.filter((row) => hasInstruction(features, row));
}

/** The features that decoding depends on are neighbours, so that they index the tables. */
const DECODED_SHIFT = 2;
const DECODED_MASK = 15;
const EVERYTHING = Feature.FXSR | Feature.I486 | Feature.I586 | Feature.I686;
const tables: (OpcodeTable | undefined)[] = Array.from({ length: DECODED_MASK + 1 });

/** The opcode table of a processor with these features; compiled when first asked for, then one look-up. Throws when two of its rows claim an encoding. */
export function opcodeTableOf(features: number = EVERYTHING): OpcodeTable {
  const number = (features >>> DECODED_SHIFT) & DECODED_MASK;
  return (tables[number] ??= compileRows(instructionSet(number << DECODED_SHIFT)));
}
