import { Flag } from '@ringbench/isa';
import { Interrupt } from '../../conformance/memory-map.js';
import { at, CR0, CR4, EAX, EBX, ECX, EDX, ESP, GS, DS, ES, FS, SS } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyFlags, anySelector, inSomeRing, scratchAddress, type PieceKind } from './piece.js';

/** Instructions that show or change what a monitor keeps from its guest. What they show goes to memory. */

const CODE_PREFIX = 0x2e;

/** Reads of machine state, one behind the other. */
function reads(guest: ProgramKernel, dice: Dice): void {
  const selectors = [DS, ES, FS, GS, SS];
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(2, 8); count > 0; count--) {
      const to = at(scratchAddress(dice));
      inner.mov(EAX, anySelector(dice));
      dice.pick<() => unknown>([
        () => inner.sgdt(to), () => inner.sidt(to), () => inner.sldt(to), () => inner.str(to), () => inner.smsw(to), () => inner.smsw(EBX), () => inner.sldt(ECX), () => inner.str(EDX),
        () => inner.pushfd().pop(EDX), () => inner.pushfd().pop(to), () => inner.lar(EBX, EAX), () => inner.lsl(EBX, EAX), () => inner.verr(EAX), () => inner.verw(EAX),
        () => inner.mov(EBX, dice.pick(selectors)), () => inner.push(dice.pick(selectors)).pop(EDX), () => inner.raw(0x0e).pop(EDX), () => inner.raw(0x8c, 0xc8), () => inner.raw(0x66, 0x9c, 0x66, 0x5a),
        () => inner.raw(0x63, 0xc1), () => inner.rdtsc().mov(to, EAX), () => inner.cpuid(),
      ])();
      if (dice.oneIn(2)) inner.mov(at(scratchAddress(dice)), dice.pick([EAX, EBX, ECX, EDX]));
    }
  }, Flag.IF);
}

/** Everything that changes IF, IOPL and their kin, and looks at what came of it. */
function flags(guest: ProgramKernel, dice: Dice): void {
  const also = Flag.IF | Flag.IOPL | Flag.NT | Flag.AC | Flag.ID;
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(3, 12); count > 0; count--) {
      dice.pick<() => unknown>([
        () => inner.cli(), () => inner.sti(), () => inner.push(anyFlags(dice, also)).popfd(), () => inner.push(anyFlags(dice, also)).raw(0x66, 0x9d), () => inner.pushfd().alu('xor', at(ESP), dice.next() & also).popfd(),
        () => inner.pushfd().pop(EDX).mov(at(scratchAddress(dice)), EDX), () => inner.sti().cli(), () => inner.sti().pushfd().pop(EBX), () => inner.raw(0x9e), () => inner.raw(0x9f), () => inner.raw(...instructions(ROWS.compute, 2, dice)),
        () => {
          const behind = inner.newLabel('behind');
          inner.pushfd().alu('xor', at(ESP), dice.next() & (also & ~Flag.NT)).raw(0x0e).push(behind).iret().label(behind); // PUSH CS
        },
      ])();
    }
  }, Flag.IF);
}

/** MOV SS and POP SS, whose shadow keeps interrupts and traps away from the next instruction. */
function stackShadows(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(1, 4); count > 0; count--) {
      if (dice.oneIn(2)) inner.mov(EAX, SS).mov(SS, EAX);
      else inner.push(SS).raw(0x17);
      dice.pick<() => unknown>([() => inner.pushfd().pop(EDX), () => inner.int(Interrupt.SYSTEM_CALL), () => inner.sti(), () => inner.mov(EBX, ESP), () => inner.raw(0xcc), () => inner.raw(0xf1), () => inner.raw(0x0f, 0x0b)])();
    }
  }, Flag.IF | Flag.TF);
}

/** Control registers' bits, one by one, with x87 and memory accesses between. */
function controlRegisters(guest: ProgramKernel, dice: Dice): void {
  const bits0 = [1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 16, 1 << 18, 0x60000000, 1 << 29, 1 << 4];
  const bits4 = [1 << 2, 1 << 3, 1 << 4, 1 << 7, 1 << 0, 1 << 6, 1 << 8, 1 << 5];
  guest.inRing0(dice.below(10), (inner) => {
    for (let count = dice.between(1, 5); count > 0; count--) {
      const [register, bits] = dice.oneIn(2) ? [CR0, bits0] as const : [CR4, bits4] as const;
      dice.pick<() => unknown>([
        () => inner.mov(EAX, register).alu('xor', EAX, dice.pick(bits)).mov(register, EAX), () => inner.raw(0x0f, 0x06), () => inner.smsw(EAX).alu('xor', EAX, dice.pick([2, 4, 8])).raw(0x0f, 0x01, 0xf0),
        () => inner.mov(ECX, dice.pick([0x10, 0x174, 0x175, 0x176, 0x1b, 0x8b, dice.word()])).raw(0x0f, dice.oneIn(2) ? 0x30 : 0x32), () => inner.mov(EBX, register).mov(at(scratchAddress(dice)), EBX),
        () => inner.raw(CODE_PREFIX, 0x0f, 0x20, 0xd0), () => inner.raw(...instructions(ROWS.x87, 1, dice)), () => inner.raw(0x9b), () => inner.raw(...instructions(ROWS.compute, 2, dice)),
      ])();
    }
    inner.raw(0x0f, 0x06); // CLTS
  });
}

/** Ports, mostly those with devices that do no harm, by every width. */
function ports(guest: ProgramKernel, dice: Dice): void {
  const known = [0x20, 0x21, 0x40, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x80, 0xa0, 0xa1, 0x3f8, 0x3fd, 0x2f8, 0x1f7, 0x3d4, 0x3d5, 0x3da, 0xe9, 0xcf8];
  const opcodes = [[0xec], [0xed], [0x66, 0xed], [0xe4, 0x80], [0xe6, 0x80], [0x6c], [0xf3, 0x6c], [0x6e], [0xf3, 0x66, 0x6f]];
  const writes = [[0xee], [0xef]];
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(2, 6); count > 0; count--) {
      inner.mov(EDX, dice.oneIn(4) ? dice.below(0x10000) : dice.pick(known)).mov(ECX, dice.below(5));
      // Reset, the end of the run, and the mouths of the keyboard controller that lead to reset are not written to by name.
      inner.raw(...dice.pick(opcodes));
      if (dice.oneIn(4)) inner.mov(EDX, dice.pick([0x21, 0xa1, 0x70, 0x80, 0x3f8, 0x42, 0x61, 0x3d4])).raw(...dice.pick(writes));
    }
  });
}

export const SENSITIVE_PIECES: readonly PieceKind[] = [
  { name: 'sensitive-reads', weight: 4, emit: reads },
  { name: 'flags', weight: 4, emit: flags },
  { name: 'stack-shadows', weight: 2, emit: stackShadows },
  { name: 'control-registers', weight: 3, emit: controlRegisters },
  { name: 'ports', weight: 3, emit: ports },
];
