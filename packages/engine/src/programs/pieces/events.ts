import { Flag } from '@ringbench/isa';
import { Interrupt, PAGE_BYTES, SCRATCH } from '../../conformance/memory-map.js';
import { at, DR0, DR6, DR7, EAX, EBX, ECX, EDI, EDX, ESI, ESP, SS, type DebugRegister } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyFlags, inSomeRing, scratchAddress, someSteps, type PieceKind } from './piece.js';

/** Interrupts at exact instructions, single steps, breakpoints, and faults in the delivery of events. */

const RATE_GENERATOR = 2;
const ONE_SHOT = 0;
const LEAST_COUNT = 2;
const DR7_FIXED = 0x400;
const GENERAL_DETECT = 1 << 13;
const FIELDS_SHIFT = 16;
const FIELD_BITS = 4;
const GATE_HIGH = 4;
const TASK_GATE = 0x8500;
const MASTER_MASK = 0x21;
const ALL_MASKED = 0xff;

/** The timer ticks in the middle of something that turns interrupts on and off. */
function timer(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => inner.enableTimerInterrupt().startTimer(dice.oneIn(3) ? ONE_SHOT : RATE_GENERATOR, dice.between(LEAST_COUNT, 40)));
  const work = (inner: ProgramKernel): void => {
    const again = inner.newLabel('again');
    inner.mov(ECX, dice.between(1, 25)).label(again);
    for (let count = dice.between(1, 5); count > 0; count--) {
      dice.pick<() => unknown>([
        () => inner.sti(), () => inner.cli(), () => inner.sti().nop(), () => inner.push(anyFlags(dice, Flag.IF)).popfd(), () => inner.mov(EAX, SS).mov(SS, EAX).nop(), () => inner.raw(...instructions(ROWS.compute.filter(({ operands }) => operands.length === 1), 2, dice)),
        () => inner.int(Interrupt.SYSTEM_CALL), () => inner.push(ECX).mov(ECX, 9).mov(EDI, scratchAddress(dice)).raw(0xf3, 0xab).pop(ECX), () => inner.pushfd().pop(EDX), () => inner.rdtsc().mov(at(scratchAddress(dice)), EAX), () => inner.inAl(0x40),
      ])();
    }
    inner.decrementAndJump(again);
  };
  if (dice.oneIn(2)) guest.inRing3(someSteps(dice), work, anyFlags(dice, Flag.IOPL) | Flag.IF);
  else guest.inRing0(someSteps(dice), (inner) => work(inner.sti()));
  if (dice.oneIn(4)) guest.inRing0(0, (inner) => inner.startTimer(ONE_SHOT, dice.between(LEAST_COUNT, 400)).sti().hlt().cli());
  guest.inRing0(0, (inner) => inner.cli().outByte(MASTER_MASK, ALL_MASKED));
}

/** Single steps through code of every kind. */
function singleSteps(guest: ProgramKernel, dice: Dice): void {
  const body = (inner: ProgramKernel): unknown => inner.raw(...instructions(dice.oneIn(2) ? ROWS.compute : ROWS.all, dice.between(1, 6), dice));
  // The step's own trap goes on a byte later: what runs is soup all the same.
  if (dice.oneIn(2)) guest.inRing3(someSteps(dice), body, anyFlags(dice, Flag.IOPL) | Flag.TF);
  else guest.inRing0(someSteps(dice), (inner) => { body(inner.pushfd().alu('or', at(ESP), Flag.TF).popfd()); });
}

/** Breakpoints on data, code and ports; DR6 and DR7 read back; general detect now and then. */
function breakpoints(guest: ProgramKernel, dice: Dice): void {
  const code = guest.newLabel('code');
  guest.inRing0(0, (inner) => {
    let control = DR7_FIXED;
    for (let number = 0; number < 4; number++) {
      const isCode = dice.oneIn(3);
      inner.mov(EAX, isCode ? code : scratchAddress(dice)).mov({ kind: 'debug', code: number } satisfies DebugRegister, EAX);
      control |= (dice.below(4) << (number * 2)) | ((isCode ? 0 : dice.pick([1, 3]) | (dice.pick([0, 1, 3]) << 2)) << (FIELDS_SHIFT + number * FIELD_BITS));
    }
    inner.mov(EAX, control | (dice.oneIn(8) ? GENERAL_DETECT : 0)).mov(DR7, EAX);
  });
  inSomeRing(guest, dice, (inner) => {
    inner.mov(ESI, scratchAddress(dice)).mov(EDI, scratchAddress(dice)).mov(ECX, 3).label(code).raw(...instructions(ROWS.compute, 3, dice));
    for (let count = 3; count > 0; count--) inner.mov(at(scratchAddress(dice)), EDX);
    inner.raw(0xf3, 0xa5);
  });
  guest.inRing0(2, (inner) => inner.mov(EAX, DR6).mov(at(scratchAddress(dice)), EAX).mov(EAX, DR0).mov(EBX, DR7).mov(EAX, 0).mov(DR6, EAX).mov(EAX, DR7_FIXED).mov(DR7, EAX));
}

/** Traps on purpose. */
function softwareTraps(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(2, 8); count > 0; count--) inner.raw(...dice.pick([[0xcc], [0xf1], [0xce], [0x0f, 0x0b], [0xcd, 3], [0xcd, 1], [0xcd, dice.below(64)], [0xd4, 0], [0xf7, 0xf0], [0x62, 0x05, 0, 0, 0x17, 0], [0xf0, 0x90], [0xf0, 0xff, 0xc0], [0x90]]));
  }, Flag.TF | Flag.IF);
}

/** A gate that is not what it should be: of another type, ring, segment, absent; a task gate for double faults; the table cut short. Then what uses it. */
function badGates(guest: ProgramKernel, dice: Dice): void {
  const vector = dice.pick([0, 1, 3, 6, 8, 10, 11, 12, 13, 14, Interrupt.SYSTEM_CALL, Interrupt.TIMER]);
  guest.inRing0(dice.below(3), (inner) => {
    inner.mov(EBX, 'interrupt table').mov(at('task resumes'), 1).mov(at(EBX, 8 * 8), 0x80 << 16).mov(at(EBX, 8 * 8 + GATE_HIGH), TASK_GATE);
    if (vector !== 8) {
      dice.pick<() => unknown>([
        () => inner.alu('xor', at(EBX, vector * 8 + GATE_HIGH), 1 << dice.between(8, 15)), () => inner.alu('xor', at(EBX, vector * 8), dice.below(0x100) << 16), () => inner.mov(at(EBX, vector * 8), dice.word()), () => inner.mov(at(EBX, vector * 8 + GATE_HIGH), dice.word()),
      ])();
    }
  });
  inSomeRing(guest, dice, (inner) => inner.raw(0xcd, vector).raw(...dice.pick([[0x0f, 0x0b], [0xf4], [0xcc], [0xf7, 0xf0], [0x8e, 0xd8]])).raw(...instructions(ROWS.all, 2, dice)));
}

/** A stack that the delivery of an event finds without room, or at the border of pages. */
function badStacks(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => inner.mov(EBX, 'interrupt table').mov(at('task resumes'), 1).mov(at(EBX, 8 * 8), 0x80 << 16).mov(at(EBX, 8 * 8 + GATE_HIGH), TASK_GATE));
  guest.inRing0(0, (inner) => inner.mov(ESP, dice.pick([0, 2, 4, 8, 16, SCRATCH + PAGE_BYTES, SCRATCH + PAGE_BYTES + 6, dice.word()])).raw(...dice.pick([[0x50], [0x60], [0xcc], [0x0f, 0x0b], [0x9c], [0xcd, 0x32], [0x1e]])).raw(...instructions(ROWS.compute, 1, dice)));
}

export const EVENT_PIECES: readonly PieceKind[] = [
  { name: 'timer', weight: 5, emit: timer },
  { name: 'single-steps', weight: 3, emit: singleSteps },
  { name: 'breakpoints', weight: 3, emit: breakpoints },
  { name: 'software-traps', weight: 2, emit: softwareTraps },
  { name: 'bad-gates', weight: 2, emit: badGates },
  { name: 'bad-stacks', weight: 1, emit: badStacks },
];
