import { at, EAX, ECX, EDI, EDX, ESI, ESP } from '../../conformance/operands.js';
import { Flag } from '@ringbench/isa';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyAddress, inSomeRing, scratchAddress, type PieceKind } from './piece.js';

/** What an application does: arithmetic, memory, strings, branches, x87. */

const LOADED_STRINGS: readonly (readonly number[])[] = [[0xa4], [0xa5], [0xa6], [0xa7], [0xaa], [0xab], [0xac], [0xad], [0xae], [0xaf], [0x66, 0xa5], [0x66, 0xab], [0x67, 0xa4]];
const REPEATS: readonly (readonly number[])[] = [[], [0xf3], [0xf2], [0xf3, 0x67]];
const MOST_BYTES = 0x2100;

function strings(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let round = dice.between(1, 3); round > 0; round--) {
      inner.mov(ESI, anyAddress(dice)).mov(EDI, anyAddress(dice)).mov(ECX, dice.oneIn(3) ? dice.below(MOST_BYTES) : dice.below(64)).raw(dice.oneIn(4) ? 0xfd : 0xfc);
      inner.raw(...dice.pick(REPEATS), ...dice.pick(LOADED_STRINGS));
      if (dice.oneIn(2)) inner.pushfd().pop(EDX);
    }
    inner.cld();
  });
}

/** A loop with a call in it, whose body is random. */
function loops(guest: ProgramKernel, dice: Dice): void {
  const [again, leaf, behind] = [guest.newLabel('again'), guest.newLabel('leaf'), guest.newLabel('behind')];
  inSomeRing(guest, dice, (inner) => {
    inner.mov(at(scratchAddress(dice)), dice.word()).mov(ECX, dice.between(1, 30)).label(again).push(ECX).call(leaf).pop(ECX).decrementAndJump(again).jmp(behind);
    inner.label(leaf).raw(...instructions(ROWS.compute, dice.between(1, 5), dice)).ret().label(behind);
  });
}

/** Jumps and calls through registers, tables and the stack. */
function computedBranches(guest: ProgramKernel, dice: Dice): void {
  const targets = Array.from({ length: 4 }, () => guest.newLabel('target'));
  const [table, again, end] = [guest.newLabel('table'), guest.newLabel('again'), guest.newLabel('end')];
  inSomeRing(guest, dice, (inner) => {
    inner.mov(ECX, dice.between(2, 12)).label(again).mov(EAX, ECX).alu('and', EAX, 3);
    if (dice.oneIn(2)) inner.raw(0xff, 0x24, 0x85).long(table); // JMP [table + EAX*4]
    else inner.raw(0x8b, 0x04, 0x85).long(table).push(EAX).raw(0xc3); // MOV EAX, [table + EAX*4]; PUSH EAX; RET
    inner.label(table);
    for (const target of targets) inner.long(target);
    for (const target of targets) {
      inner.label(target).raw(...instructions(ROWS.compute.filter(({ mnemonic }) => mnemonic === 'add' || mnemonic === 'xor' || mnemonic === 'inc'), 2, dice));
      if (dice.oneIn(3)) inner.alu('sub', ESP, 0);
      const counter = at(scratchAddress(dice));
      inner.mov(ECX, counter).alu('and', ECX, 15).dec(counter).jcc('z', end).alu('or', ECX, 0).jcc('z', end);
      inner.jmp(dice.pick([end, ...targets]));
    }
    inner.label(end);
  });
}

const soupOf = (rows: (typeof ROWS)[keyof typeof ROWS], most: number, soup: boolean, also: number) => (guest: ProgramKernel, dice: Dice): void =>
  inSomeRing(guest, dice, (inner) => inner.raw(...instructions(rows, dice.between(2, most), dice, { soup })), also);

export const COMPUTE_PIECES: readonly PieceKind[] = [
  { name: 'compute', weight: 4, emit: soupOf(ROWS.compute, 20, false, 0) },
  { name: 'x87', weight: 2, emit: soupOf(ROWS.x87, 10, false, 0) },
  { name: 'strings', weight: 3, emit: strings },
  { name: 'loops', weight: 2, emit: loops },
  { name: 'computed-branches', weight: 2, emit: computedBranches },
  { name: 'soup', weight: 5, emit: soupOf(ROWS.all, 16, true, Flag.TF | Flag.IF) },
  { name: 'privileged', weight: 5, emit: soupOf(ROWS.privileged, 10, false, 0) },
  { name: 'control', weight: 2, emit: soupOf(ROWS.control, 8, false, 0) },
];
