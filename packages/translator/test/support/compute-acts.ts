import { byteSource, classify, decode, encodingRows, Register, type Instruction } from '@ringbench/isa';
import { at, EAX, EBP, EBX, ECX, EDI, EDX, ESI, type GeneralRegister, type MemoryOperand } from '../../../engine/src/conformance/operands.js';
import type { Dice } from '../../../engine/src/programs/dice.js';
import { instructionOf, ROWS } from '../../../engine/src/programs/instructions.js';
import type { ActContext } from './act.js';
import { PAGE } from './system-places.js';

/** Acts that compute, in any ring: registers, memory, flags, strings, x87. */

const POINTERS: readonly GeneralRegister[] = [EBX, EBP, ESI, EDI];
const PLAIN: readonly GeneralRegister[] = [EAX, ECX, EDX, EBX, EBP, ESI, EDI];
const SIZES = { byte: 0, wide: 1 } as const;
const OPERAND_SIZE = 0x66;
const CONDITIONS = ['o', 'no', 'c', 'nc', 'z', 'nz', 'be', 'a', 's', 'ns', 'l', 'ge'] as const;

const CHANGES_STACK = new Set(['enter', 'leave', 'popa']);
const computeRows = ROWS.compute.filter(({ mnemonic, traits }) => !CHANGES_STACK.has(mnemonic) && traits.repeat === undefined);
const stringRows = encodingRows.filter((row) => row.traits.repeat !== undefined && classify(row) === 'innocuous');
/** Whether ESP, or a part of it, is an operand that may be written. */
const usesStackPointer = ({ operands }: Instruction): boolean => operands.some((operand) => operand.kind === 'register' && operand.index === Register.ESP && operand.size !== 8);

export function safeInstruction(dice: Dice): readonly number[] {
  for (;;) {
    const bytes = instructionOf(dice.pick(computeRows), dice, true);
    const decoded = decode(byteSource(Uint8Array.from(bytes)), 0, { code32: true });
    if (typeof decoded !== 'string' && !usesStackPointer(decoded)) return bytes;
  }
}
export function compute({ code, dice }: ActContext): void {
  for (let count = dice.between(1, 5); count > 0; count--) code.raw(...safeInstruction(dice));
}

/** An operand near a pointer, often near the end of a page. */
export const pointed = (dice: Dice): MemoryOperand => at(dice.pick(POINTERS), dice.pick([0, 1, 2, 3, 4, 8, 0x7f, -1, 0xffc - 0xff0, 0x0f]));
/** Opcodes with a ModR/M operand in memory: reads, writes, both. */
const ACCESSES: readonly (readonly number[])[] = [[0x02], [0x03], [0x8a], [0x8b], [0x88], [0x89], [0x00], [0x01], [0x28], [0x29], [0x31], [0x39], [0x3b], [0x11], [0x19], [0x84], [0x85], [0x86], [0x87], [0x0f, 0xb6], [0x0f, 0xb7], [0x0f, 0xbe], [0x0f, 0xbf], [0x0f, 0xaf], [0x0f, 0xc1], [0x0f, 0xb1], [0x0f, 0xa3], [0x0f, 0xab], [0x0f, 0xa5], [0x0f, 0x45], [0xd1], [0xd3], [0xf7], [0xff]];
const FIELDS: Readonly<Record<number, readonly number[]>> = { 0xd1: [0, 1, 2, 3, 4, 5, 7], 0xd3: [0, 1, 4, 5, 7], 0xf7: [2, 3, 4, 5], 0xff: [0, 1, 6] };
const NOT_ESP = [0, 1, 2, 3, 5, 6, 7] as const;

export function memory({ code, dice }: ActContext): void {
  for (let count = dice.between(1, 4); count > 0; count--) {
    if (dice.oneIn(4)) code.raw(OPERAND_SIZE);
    const opcode = dice.pick(ACCESSES);
    const isByte = opcode.length === 1 && (opcode[0] & SIZES.wide) === SIZES.byte;
    code.rm(opcode, dice.pick(FIELDS[opcode[0]] ?? (isByte ? [0, 1, 2, 3, 5, 6, 7] : NOT_ESP)), pointed(dice));
    if (opcode[0] === 0xff && opcode.length === 1) code.nop();
  }
}
export function movePointers({ code, dice }: ActContext): void { code.alu('add', dice.pick(POINTERS), dice.pick([1, 3, 4, -5, 0x40, 0x3fd, PAGE])); }

/** Reads flags in every form, so that what was left out to be computed later is wanted. */
const FLAG_READERS: readonly (readonly number[])[] = [[0x9f], [0x0f, 0x92, 0xc3], [0x11, 0xc8], [0x83, 0xda, 0x00], [0x9c, 0x58], [0xf5], [0x0f, 0x9a, 0xc1], [0x0f, 0x4c, 0xc8], [0xd6], [0x27], [0xd1, 0xd8], [0x0f, 0xa4, 0xc8, 0x00]];
export function join({ code, dice }: ActContext): void {
  const behind = code.newLabel('join');
  code.jcc(dice.pick(CONDITIONS), behind);
  for (let count = dice.between(1, 3); count > 0; count--) code.raw(...safeInstruction(dice));
  code.label(behind);
  if (dice.oneIn(2)) code.mov(EDX, ECX);
  code.raw(...dice.pick(FLAG_READERS));
}
export function diamond({ code, dice }: ActContext): void {
  const [other, behind] = [code.newLabel('other'), code.newLabel('diamond')];
  code.raw(...safeInstruction(dice)).jcc(dice.pick(CONDITIONS), other).raw(...safeInstruction(dice)).jmp(behind).label(other).raw(...safeInstruction(dice)).label(behind).raw(...dice.pick(FLAG_READERS));
}
export function smallLoop(context: ActContext): void {
  const { code, dice, counter } = context;
  const [left, again] = [counter(), code.newLabel('small')];
  code.mov(left, dice.between(1, 9)).label(again);
  if (dice.oneIn(2)) memory(context);
  else compute(context);
  code.dec(left).jcc('nz', again);
}
export function stack({ code, dice }: ActContext): void {
  const way = dice.below(6);
  if (way === 0) code.push(dice.pick(PLAIN)).push(pointed(dice)).pop(dice.pick(PLAIN)).pop(dice.pick(PLAIN));
  else if (way === 1) code.push(dice.pick(PLAIN)).pop(pointed(dice));
  else if (way === 2) code.raw(0x60, 0x61); // PUSHA, POPA
  else if (way === 3) code.push(EBP).raw(0xc8, dice.below(64), 0, dice.below(3)).raw(0xc9).pop(EBP); // ENTER, LEAVE
  else if (way === 4) code.raw(OPERAND_SIZE, 0x50, OPERAND_SIZE, 0x5a); // PUSH AX, POP DX
  else code.pushfd().popfd();
}
export function divide({ code, dice }: ActContext): void {
  if (dice.oneIn(2)) code.raw(0x99); // CDQ
  if (dice.oneIn(2)) code.mov(EDX, 0);
  code.rm([dice.oneIn(3) ? 0xf6 : 0xf7], dice.oneIn(2) ? 6 : 7, dice.oneIn(2) ? dice.pick([ECX, EBX]) : pointed(dice));
}
const X87_MEMORY = [[0xd9, 0], [0xd9, 2], [0xd9, 3], [0xdd, 0], [0xdd, 2], [0xdd, 3], [0xd8, 0], [0xd8, 1], [0xdc, 4], [0xdc, 6], [0xdb, 0], [0xdb, 3], [0xdf, 5], [0xdf, 7], [0xd8, 2], [0xd9, 5], [0xd9, 7]] as const;
const X87_REGISTER = [[0xd9, 0xe8], [0xd9, 0xee], [0xd8, 0xc1], [0xde, 0xc1], [0xde, 0xc9], [0xd9, 0xc9], [0xdf, 0xe0], [0xd9, 0xfa], [0xd9, 0xe1], [0xdb, 0xe9], [0xdd, 0xd8], [0xda, 0xe9], [0xde, 0xf9], [0xdb, 0xe2]] as const;
export function x87({ code, dice }: ActContext): void {
  if (dice.oneIn(3)) code.raw(0xdb, 0xe3); // FNINIT
  for (let count = dice.between(2, 5); count > 0; count--) {
    const [opcode, field] = dice.pick(X87_MEMORY);
    if (dice.oneIn(2)) code.rm([opcode], field, pointed(dice));
    else code.raw(...dice.pick(X87_REGISTER));
  }
  if (dice.oneIn(6)) code.raw(...instructionOf(dice.pick(ROWS.x87), dice, true));
}
export function strings({ code, dice }: ActContext): void {
  const isPlain = dice.oneIn(2);
  if (dice.oneIn(5)) code.raw(0xfd); // STD
  code.mov(ECX, dice.oneIn(4) ? dice.below(3) : dice.below(70));
  if (dice.oneIn(2)) code.mov(EDI, 0x10000 + dice.below(14) * PAGE + dice.pick([0, 0xff0, 0xfe1, 0xffe, 0x123]));
  if (dice.oneIn(3)) code.lea(ESI, at(EDI, dice.pick([-1, -4, 1, 3, 40])));
  if (isPlain) code.raw(...dice.pick([[0xf3, 0xa4], [0xf3, 0xa5], [0xf3, 0xaa], [0xf3, 0xab], [OPERAND_SIZE, 0xf3, 0xa5], [OPERAND_SIZE, 0xf3, 0xab], [0xf3, 0xac], [0xf2, 0xae], [0xf3, 0xaf], [0xf3, 0xa6], [0xf2, 0xa7], [0xa5], [0xab], [0xac], [0xa6]]));
  else code.raw(...instructionOf(dice.pick(stringRows), dice, true));
  code.cld();
}
