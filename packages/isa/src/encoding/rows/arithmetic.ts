import { ARITHMETIC_FLAGS, Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { hexByte, row } from '../row.js';

/** Binary and decimal arithmetic, logic and comparison. Flags: SDM vol. 1, appendix A. */

const { CF, PF, AF, ZF, SF, OF } = Flag;

const sum: Traits = { writes: ARITHMETIC_FLAGS };
const sumWithCarry: Traits = { writes: ARITHMETIC_FLAGS, reads: CF };
const logic: Traits = { writes: CF | PF | ZF | SF | OF, undefined: AF };
const step: Traits = { writes: ARITHMETIC_FLAGS & ~CF, lockable: true };
const product: Traits = { writes: CF | OF, undefined: PF | AF | ZF | SF };
const quotient: Traits = { undefined: ARITHMETIC_FLAGS };
const adjust: Traits = { reads: AF, writes: CF | AF, undefined: PF | ZF | SF | OF };
const decimalAdjust: Traits = { reads: CF | AF, writes: CF | PF | AF | ZF | SF, undefined: OF };
const adjustByBase: Traits = { writes: PF | ZF | SF, undefined: CF | AF | OF };

/** The ten encodings that ADD, OR, ADC, SBB, AND, SUB, XOR and CMP share; `extension` is their number in opcodes 80-83 and bits 3-5 of the others. */
function binary(mnemonic: string, extension: number, traits: Traits, destination: Traits): EncodingRow[] {
  const opcode = (low: number): string => hexByte((extension << 3) | low);
  const written: Traits = { ...traits, ...destination };
  return [
    row(mnemonic, `${opcode(0)} /r`, 'Eb Gb', written),
    row(mnemonic, `${opcode(1)} /r`, 'Ev Gv', written),
    row(mnemonic, `${opcode(2)} /r`, 'Gb Eb', traits),
    row(mnemonic, `${opcode(3)} /r`, 'Gv Ev', traits),
    row(mnemonic, opcode(4), 'AL Ib', traits),
    row(mnemonic, opcode(5), 'eAX Iz', traits),
    row(mnemonic, `80 /${extension}`, 'Eb Ib', written),
    row(mnemonic, `81 /${extension}`, 'Ev Iz', written),
    row(mnemonic, `82 /${extension}`, 'Eb Ib', { ...written, note: 'alias of 80' }),
    row(mnemonic, `83 /${extension}`, 'Ev Ibs', written),
  ];
}

const lockable: Traits = { lockable: true };

export const arithmeticRows: readonly EncodingRow[] = [
  ...binary('add', 0, sum, lockable),
  ...binary('or', 1, logic, lockable),
  ...binary('adc', 2, sumWithCarry, lockable),
  ...binary('sbb', 3, sumWithCarry, lockable),
  ...binary('and', 4, logic, lockable),
  ...binary('sub', 5, sum, lockable),
  ...binary('xor', 6, logic, lockable),
  ...binary('cmp', 7, sum, {}),

  row('test', '84 /r', 'Eb Gb', logic),
  row('test', '85 /r', 'Ev Gv', logic),
  row('test', 'A8', 'AL Ib', logic),
  row('test', 'A9', 'eAX Iz', logic),
  row('test', 'F6 /0', 'Eb Ib', logic),
  row('test', 'F7 /0', 'Ev Iz', logic),
  row('test', 'F6 /1', 'Eb Ib', { ...logic, note: 'undocumented alias of /0' }),
  row('test', 'F7 /1', 'Ev Iz', { ...logic, note: 'undocumented alias of /0' }),

  row('inc', '40+r', 'Zv', { writes: ARITHMETIC_FLAGS & ~CF }),
  row('inc', 'FE /0', 'Eb', step),
  row('inc', 'FF /0', 'Ev', step),
  row('dec', '48+r', 'Zv', { writes: ARITHMETIC_FLAGS & ~CF }),
  row('dec', 'FE /1', 'Eb', step),
  row('dec', 'FF /1', 'Ev', step),

  row('not', 'F6 /2', 'Eb', lockable),
  row('not', 'F7 /2', 'Ev', lockable),
  row('neg', 'F6 /3', 'Eb', { ...sum, lockable: true }),
  row('neg', 'F7 /3', 'Ev', { ...sum, lockable: true }),

  row('mul', 'F6 /4', 'Eb', product),
  row('mul', 'F7 /4', 'Ev', product),
  row('imul', 'F6 /5', 'Eb', product),
  row('imul', 'F7 /5', 'Ev', product),
  row('imul2', '0F AF /r', 'Gv Ev', product),
  row('imul3', '69 /r', 'Gv Ev Iz', product),
  row('imul3', '6B /r', 'Gv Ev Ibs', product),
  row('div', 'F6 /6', 'Eb', quotient),
  row('div', 'F7 /6', 'Ev', quotient),
  row('idiv', 'F6 /7', 'Eb', quotient),
  row('idiv', 'F7 /7', 'Ev', quotient),

  row('daa', '27', '', decimalAdjust),
  row('das', '2F', '', decimalAdjust),
  row('aaa', '37', '', adjust),
  row('aas', '3F', '', adjust),
  row('aam', 'D4', 'Ib', adjustByBase),
  row('aad', 'D5', 'Ib', adjustByBase),
];
