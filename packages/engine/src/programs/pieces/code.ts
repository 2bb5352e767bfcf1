import { Flag } from '@ringbench/isa';
import { PAGE_BYTES } from '../../conformance/memory-map.js';
import { at, EAX, EBP, ECX, EDI, EDX, ESI } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import { WRITTEN_CODE, WRITTEN_CODE_PAGES } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';
import { inSomeRing, type PieceKind } from './piece.js';

/** Code that is not what it seems: written, overwritten, entered in the middle, across pages. */

/** Sensitive instructions of one to three bytes that hide well. Loops around them count in EBP, which none of them writes. */
const HIDDEN: readonly (readonly number[])[] = [[0x9d], [0x9c], [0xfa], [0xfb], [0x06], [0x1f], [0x16], [0x8c, 0xd8], [0x8e, 0xd8], [0x0f, 0x01, 0xe0], [0x0f, 0x00, 0xc8], [0xcd, 0x32], [0xcc], [0xf1], [0x0f, 0x20, 0xc0], [0x0f, 0xa2]];
const NOP = 0x90;
const RET = 0xc3;
const JMP_SHORT = 0xeb;
const MOV_EAX = 0xb8;
const WORD = 4;
/** RETs behind code of which a byte will change. */
const LANDING = 8;

const padded = (bytes: readonly number[], length: number): number[] => [...bytes, ...Array.from({ length: length - bytes.length }, () => NOP)].slice(0, length);

/** A hidden instruction with what makes it harmless to the stack, as bytes. */
function hidden(dice: Dice): readonly number[] {
  const bytes = dice.pick(HIDDEN);
  if (bytes[0] === 0x9d || bytes[0] === 0x1f) return [bytes[0] === 0x9d ? 0x9c : 0x1e, ...bytes];
  if (bytes[0] === 0x9c || bytes[0] === 0x06 || bytes[0] === 0x16) return [...bytes, 0x5a];
  return bytes;
}

/** Code patched right before it runs, in a loop: the next instruction, one in the loop, one a page away. */
function selfModifying(guest: ProgramKernel, dice: Dice): void {
  const [patched, again] = [guest.newLabel('patched'), guest.newLabel('again')];
  inSomeRing(guest, dice, (inner) => {
    const versions = [hidden(dice), hidden(dice), [NOP]].map((bytes) => padded(bytes, WORD));
    inner.mov(EBP, dice.between(2, 8)).label(again);
    for (const bytes of versions) {
      const spot = inner.newLabel('spot');
      const word = bytes.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
      inner.mov(at(dice.oneIn(2) ? spot : patched), word);
      if (dice.oneIn(3)) inner.jmp(spot);
      inner.label(spot).nop(WORD);
    }
    inner.label(patched).nop(WORD).dec(EBP).jcc('nz', again);
  }, Flag.IF);
}

/** A jump into an instruction whose immediate is another. */
function intoTheMiddle(guest: ProgramKernel, dice: Dice): void {
  const [whole, again] = [guest.newLabel('whole'), guest.newLabel('again')];
  inSomeRing(guest, dice, (inner) => {
    const bytes = hidden(dice);
    inner.mov(EBP, dice.between(2, 4)).label(again).label(whole).raw(MOV_EAX, ...padded(bytes.length > 2 ? bytes.slice(0, 3) : bytes, WORD));
    if (dice.oneIn(2)) inner.dec(EBP).jcc('z', `${whole} end`).mov(EDX, whole).inc(EDX).jmp(EDX);
    else inner.dec(EBP).jcc('z', `${whole} end`).mov(EDX, whole).inc(EDX).push(EDX).ret();
    inner.label(`${whole} end`);
  });
}

/** A static short jump backwards into the middle, so that both streams of instructions are scanned. */
function overlappingStreams(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    const [first = NOP, second = NOP] = hidden(dice);
    // MOV EAX, imm32; DEC EBP; JZ over the JMP, which goes back to the immediate: there begin one or two instructions and a JMP behind the whole.
    const toImmediate = -9;
    inner.mov(EBP, 2).raw(MOV_EAX, first, second, JMP_SHORT, 5, 0x4d, 0x74, 2, JMP_SHORT, toImmediate).nop(2);
  });
}

/** A routine written to the end of a page, so that an instruction crosses, then called, changed on the second page, and called again. */
function acrossPages(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    const border = WRITTEN_CODE + PAGE_BYTES * dice.between(1, WRITTEN_CODE_PAGES - 1);
    const first = instructions(dice.oneIn(2) ? ROWS.compute : ROWS.sensitive, 1, dice);
    const start = border - dice.between(1, Math.max(1, first.length - 1));
    const bytes = [...first, ...hidden(dice), ...Array.from({ length: LANDING }, () => RET)];
    inner.mov(EDI, start);
    bytes.forEach((byte, index) => inner.movByte(at(EDI, index), byte));
    inner.mov(EAX, start).call(EAX);
    inner.movByte(at(border), dice.below(0x100)).mov(EAX, start).call(EAX);
  });
}

/** A routine copied to several places and run from each; a copy overwrites one that ran. */
function copies(guest: ProgramKernel, dice: Dice): void {
  const routine = guest.newLabel('routine');
  inSomeRing(guest, dice, (inner) => {
    inner.jmp(`${routine} end`).label(routine).raw(...hidden(dice), ...instructions(ROWS.compute, 2, dice), RET, ...Array.from({ length: 40 }, () => RET)).label(`${routine} end`);
    for (let count = dice.between(1, 4); count > 0; count--) {
      const to = WRITTEN_CODE + dice.below(4) * dice.pick([0x10, 0x400, PAGE_BYTES - 8]);
      inner.cld().mov(ESI, routine).alu('add', ESI, dice.below(3)).mov(EDI, to).mov(ECX, 40).raw(0xf3, 0xa4).mov(EAX, to).call(EAX);
    }
  });
}

export const CODE_PIECES: readonly PieceKind[] = [
  { name: 'self-modifying', weight: 4, emit: selfModifying },
  { name: 'into-the-middle', weight: 3, emit: intoTheMiddle },
  { name: 'overlapping-streams', weight: 2, emit: overlappingStreams },
  { name: 'across-pages', weight: 3, emit: acrossPages },
  { name: 'copies', weight: 3, emit: copies },
];
