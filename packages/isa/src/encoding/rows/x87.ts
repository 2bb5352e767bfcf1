import { Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';

/**
 * The x87 (SDM vol. 2, appendix A.5; AMD APM vol. 5 for the aliases). The mnemonic of a form with a memory operand names it (`fadd-m32`), `-to` marks
 * ST(i) as the destination. Operands that an instruction implies (FCHS's ST(0)) are not operands of the row.
 */

const { CF, PF, AF, ZF, SF, OF } = Flag;

const alias = (of: string): Traits => ({ note: `undocumented alias of ${of}` });
const waitsNot: Traits = { note: 'does not wait for a pending exception' };
/** FCOMI sets three flags and clears three (SDM vol. 2, FCOMI). */
const intoFlags: Traits = { since: 'i686', writes: CF | PF | AF | ZF | SF | OF };

type Arithmetic = 'add' | 'mul' | 'com' | 'comp' | 'sub' | 'subr' | 'div' | 'divr';
const ARITHMETIC: readonly Arithmetic[] = ['add', 'mul', 'com', 'comp', 'sub', 'subr', 'div', 'divr'];

/** The eight operations in ModR/M.reg with a memory operand. */
function memoryForms(opcode: string, prefix: 'f' | 'fi', operand: 'Md' | 'Mq' | 'Mw', suffix: string): EncodingRow[] {
  return ARITHMETIC.map((name, reg) => row(`${prefix}${name}-${suffix}`, `${opcode} /${reg}`, operand));
}

const BASES = ['C0', 'C8', 'D0', 'D8', 'E0', 'E8', 'F0', 'F8'] as const;

/** Rows of opcodes that end in ST(i), by base. Forms that compare name the register only. */
function stackForms(opcode: string, names: readonly (string | undefined)[], operands: 'ST0 STi' | 'STi ST0'): EncodingRow[] {
  return names.flatMap((name, index) => (name === undefined ? [] : [row<'ST0 STi' | 'STi ST0'>(name, `${opcode} ${BASES[index]}+i`, operands)]));
}

/** Instructions whose ModR/M byte is a literal. */
function literals(opcode: string, names: Readonly<Record<string, string>>, traits: Traits = {}): EncodingRow[] {
  return Object.entries(names).map(([modrm, name]) => row(name, `${opcode} ${modrm}`, '', traits));
}

const conditional = (name: string, opcode: string, reads: number): EncodingRow => row(name, opcode, 'ST0 STi', { since: 'i686', reads });

const memoryRows: readonly EncodingRow[] = [
  ...memoryForms('D8', 'f', 'Md', 'm32'), ...memoryForms('DC', 'f', 'Mq', 'm64'), ...memoryForms('DA', 'fi', 'Md', 'm32'), ...memoryForms('DE', 'fi', 'Mw', 'm16'),
  row('fld-m32', 'D9 /0', 'Md'), row('fst-m32', 'D9 /2', 'Md'), row('fstp-m32', 'D9 /3', 'Md'),
  row('fld-m64', 'DD /0', 'Mq'), row('fst-m64', 'DD /2', 'Mq'), row('fstp-m64', 'DD /3', 'Mq'),
  row('fld-m80', 'DB /5', 'Mt'), row('fstp-m80', 'DB /7', 'Mt'),
  row('fild-m32', 'DB /0', 'Md'), row('fist-m32', 'DB /2', 'Md'), row('fistp-m32', 'DB /3', 'Md'),
  row('fild-m16', 'DF /0', 'Mw'), row('fist-m16', 'DF /2', 'Mw'), row('fistp-m16', 'DF /3', 'Mw'),
  row('fild-m64', 'DF /5', 'Mq'), row('fistp-m64', 'DF /7', 'Mq'), row('fbld', 'DF /4', 'Mt'), row('fbstp', 'DF /6', 'Mt'),
  row('fldenv', 'D9 /4', 'Me'), row('fnstenv', 'D9 /6', 'Me', waitsNot), row('frstor', 'DD /4', 'Mf'), row('fnsave', 'DD /6', 'Mf', waitsNot),
  row('fldcw', 'D9 /5', 'Mw'), row('fnstcw', 'D9 /7', 'Mw', waitsNot), row('fnstsw-m16', 'DD /7', 'Mw', waitsNot), row('fnstsw', 'DF E0', 'AX', waitsNot),
  row('fxsave', '0F AE /0', 'Mx', { ...waitsNot, since: 'pentium-ii' }), row('fxrstor', '0F AE /1', 'Mx', { ...waitsNot, since: 'pentium-ii' }),
];

const stackRows: readonly EncodingRow[] = [
  ...stackForms('D8', ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'], 'ST0 STi'),
  // With ST(i) as destination the reversed forms change places.
  ...stackForms('DC', ['fadd-to', 'fmul-to', undefined, undefined, 'fsubr-to', 'fsub-to', 'fdivr-to', 'fdiv-to'], 'STi ST0'),
  ...stackForms('DE', ['faddp', 'fmulp', undefined, undefined, 'fsubrp', 'fsubp', 'fdivrp', 'fdivp'], 'STi ST0'),
  row('fcompp', 'DE D9', ''), row('fucompp', 'DA E9', ''),
  row('fcom', 'DC D0+i', 'ST0 STi', alias('D8 D0+i')), row('fcomp', 'DC D8+i', 'ST0 STi', alias('D8 D8+i')), row('fcomp', 'DE D0+i', 'ST0 STi', alias('D8 D8+i')),
  row('fucom', 'DD E0+i', 'ST0 STi'), row('fucomp', 'DD E8+i', 'ST0 STi'),
  row('fcomi', 'DB F0+i', 'ST0 STi', intoFlags), row('fucomi', 'DB E8+i', 'ST0 STi', intoFlags), row('fcomip', 'DF F0+i', 'ST0 STi', intoFlags), row('fucomip', 'DF E8+i', 'ST0 STi', intoFlags),
  row('fld', 'D9 C0+i', 'STi'), row('fst', 'DD D0+i', 'STi'), row('fstp', 'DD D8+i', 'STi'),
  row('fstpnce', 'D9 D8+i', 'STi', { note: 'undocumented: FSTP without check for an empty ST(0)' }), row('fstp', 'DF D0+i', 'STi', alias('DD D8+i')), row('fstp', 'DF D8+i', 'STi', alias('DD D8+i')),
  row('fxch', 'D9 C8+i', 'ST0 STi'), row('fxch', 'DD C8+i', 'ST0 STi', alias('D9 C8+i')), row('fxch', 'DF C8+i', 'ST0 STi', alias('D9 C8+i')),
  row('ffree', 'DD C0+i', 'STi'), row('ffreep', 'DF C0+i', 'STi', { note: 'undocumented: FFREE and pop' }),
  conditional('fcmovb', 'DA C0+i', CF), conditional('fcmove', 'DA C8+i', ZF), conditional('fcmovbe', 'DA D0+i', CF | ZF), conditional('fcmovu', 'DA D8+i', PF),
  conditional('fcmovnb', 'DB C0+i', CF), conditional('fcmovne', 'DB C8+i', ZF), conditional('fcmovnbe', 'DB D0+i', CF | ZF), conditional('fcmovnu', 'DB D8+i', PF),
];

const literalRows: readonly EncodingRow[] = [
  ...literals('D9', {
    D0: 'fnop', E0: 'fchs', E1: 'fabs', E4: 'ftst', E5: 'fxam', E8: 'fld1', E9: 'fldl2t', EA: 'fldl2e', EB: 'fldpi', EC: 'fldlg2', ED: 'fldln2', EE: 'fldz',
    F0: 'f2xm1', F1: 'fyl2x', F2: 'fptan', F3: 'fpatan', F4: 'fxtract', F5: 'fprem1', F6: 'fdecstp', F7: 'fincstp',
    F8: 'fprem', F9: 'fyl2xp1', FA: 'fsqrt', FB: 'fsincos', FC: 'frndint', FD: 'fscale', FE: 'fsin', FF: 'fcos',
  }),
  ...literals('DB', { E2: 'fnclex', E3: 'fninit' }, waitsNot),
  ...literals('DB', { E0: 'fneni', E1: 'fndisi', E4: 'fnsetpm' }, { note: 'of the 8087 and 80287; does nothing' }),
];

export const x87Rows: readonly EncodingRow[] = [...memoryRows, ...stackRows, ...literalRows];
