import type { SystemProcedure } from '../system/operands.js';
import { comparisonProcedures } from './comparison-instructions.js';
import { controlProcedures } from './control-instructions.js';
import { double, fadd, fdiv, fdivr, fmul, fromStack, fsub, fsubr, integer16, integer32, numericProcedures, single, toStack, withMemory } from './numeric-instructions.js';
import { transcendentalProcedures } from './transcendental/instructions.js';
import { transferProcedures } from './transfer-instructions.js';

/**
 * The meaning of every x87 instruction, by mnemonic. A suffix names the memory operand; `-to` has ST(i) as its destination, a plain name ST(0).
 * system/registry.ts takes them in, so that an executor finds them like any other procedure.
 */
export const X87_PROCEDURES = {
  'fadd-m32': withMemory(fadd, single), 'fadd-m64': withMemory(fadd, double), 'fiadd-m16': withMemory(fadd, integer16), 'fiadd-m32': withMemory(fadd, integer32),
  'fmul-m32': withMemory(fmul, single), 'fmul-m64': withMemory(fmul, double), 'fimul-m16': withMemory(fmul, integer16), 'fimul-m32': withMemory(fmul, integer32),
  'fsub-m32': withMemory(fsub, single), 'fsub-m64': withMemory(fsub, double), 'fisub-m16': withMemory(fsub, integer16), 'fisub-m32': withMemory(fsub, integer32),
  'fsubr-m32': withMemory(fsubr, single), 'fsubr-m64': withMemory(fsubr, double), 'fisubr-m16': withMemory(fsubr, integer16), 'fisubr-m32': withMemory(fsubr, integer32),
  'fdiv-m32': withMemory(fdiv, single), 'fdiv-m64': withMemory(fdiv, double), 'fidiv-m16': withMemory(fdiv, integer16), 'fidiv-m32': withMemory(fdiv, integer32),
  'fdivr-m32': withMemory(fdivr, single), 'fdivr-m64': withMemory(fdivr, double), 'fidivr-m16': withMemory(fdivr, integer16), 'fidivr-m32': withMemory(fdivr, integer32),
  fadd: fromStack(fadd), fmul: fromStack(fmul), fsub: fromStack(fsub), fsubr: fromStack(fsubr), fdiv: fromStack(fdiv), fdivr: fromStack(fdivr),
  'fadd-to': toStack(fadd, false), 'fmul-to': toStack(fmul, false), 'fsub-to': toStack(fsub, false), 'fsubr-to': toStack(fsubr, false), 'fdiv-to': toStack(fdiv, false), 'fdivr-to': toStack(fdivr, false),
  faddp: toStack(fadd, true), fmulp: toStack(fmul, true), fsubp: toStack(fsub, true), fsubrp: toStack(fsubr, true), fdivp: toStack(fdiv, true), fdivrp: toStack(fdivr, true),
  ...numericProcedures, ...transferProcedures, ...comparisonProcedures, ...controlProcedures, ...transcendentalProcedures,
} as const satisfies Record<string, SystemProcedure>;
