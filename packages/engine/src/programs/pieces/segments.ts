import { Access, Flag } from '@ringbench/isa';
import { Interrupt, Selector } from '../../conformance/memory-map.js';
import { at, DS, EAX, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, inSegment, SS, type SegmentRegister } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import { OWN_DESCRIPTORS, OWN_TABLE, SCRATCH_PAGES } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyFlags, anySelector, inSomeRing, scratchAddress, seedRegisters, type PieceKind } from './piece.js';

/** Descriptors, selectors, gates, tasks, and every way from one ring to another. */

const LOADABLE: readonly SegmentRegister[] = [ES, DS, FS, GS];
const LOAD_POINTERS: readonly (readonly number[])[] = [[0xc4], [0xc5], [0x0f, 0xb2], [0x0f, 0xb4], [0x0f, 0xb5]];
const OWN_POINTER = OWN_TABLE + 0x800;
const CALL_GATE = 0x8c;
const CALL_GATE_16 = 0x84;
const TASK_STATE = 0x89;
const TASK_GATE = 0x85;

/** Both words of a segment descriptor. */
function descriptorWords(base: number, limit: number, access: number, flags: number): readonly [low: number, high: number] {
  return [(limit & 0xffff) | (base << 16), ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (flags << 16) | (base & 0xff000000)];
}

/** A descriptor of any type, with a base and a limit where they make a difference. */
function anyDescriptor(dice: Dice): readonly [low: number, high: number] {
  const dpl = dice.below(4) << Access.DPL_SHIFT;
  if (dice.oneIn(5)) return [(dice.pick([Selector.KERNEL_CODE, Selector.CONFORMING, dice.below(0x100)]) << 16) | dice.below(0x10000), 0x100000 | ((dice.pick([CALL_GATE, CALL_GATE_16, TASK_GATE]) | dpl) << 8) | dice.below(4)];
  const access = dice.oneIn(8) ? dice.below(0x100) : Access.PRESENT | Access.NOT_SYSTEM | dpl | dice.below(16);
  const flags = dice.pick([0xc0, 0xc0, 0x40, 0x40, 0x00, 0x80]);
  const base = dice.pick([0, scratchAddress(dice), scratchAddress(dice) & ~15, dice.word(), -dice.below(0x1000)]);
  const limit = (flags & 0x80) !== 0 ? dice.pick([0xfffff, 0x17f, dice.below(0x200)]) : dice.pick([0xffff, 0xfffff, 0xfff, dice.below(0x1000), SCRATCH_PAGES << 12]);
  return descriptorWords(base, limit, access, flags);
}

/** A GDT of its own: the kernel's entries and then any. */
function ownTable(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => {
    inner.cld().mov(ESI, 'global table').mov(EDI, OWN_TABLE).mov(ECX, Selector.BEHIND_TABLE / 4).raw(0xf3, 0xa5);
    for (let index = 0; index < OWN_DESCRIPTORS; index++) {
      const [low, high] = anyDescriptor(dice);
      inner.mov(at(OWN_TABLE + Selector.BEHIND_TABLE + index * 8), low).mov(at(OWN_TABLE + Selector.BEHIND_TABLE + index * 8 + 4), high);
    }
    const limit = Selector.BEHIND_TABLE + OWN_DESCRIPTORS * 8 - 1 - dice.below(16);
    inner.mov(at(OWN_POINTER), (limit & 0xffff) | (OWN_TABLE << 16)).mov(at(OWN_POINTER + 4), OWN_TABLE >>> 16).lgdt(at(OWN_POINTER));
  });
}

/** Loads of segment registers and accesses through them at offsets around limits. */
function segmentLoads(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(2, 6); count > 0; count--) {
      const register = dice.pick(LOADABLE);
      dice.pick<() => unknown>([
        () => inner.mov(EAX, anySelector(dice)).mov(register, EAX), () => inner.push(anySelector(dice)).pop(register),
        () => inner.mov(at(scratchAddress(dice)), dice.word()).raw(...dice.pick(LOAD_POINTERS), 0x1d).long(scratchAddress(dice)), // LES and its kin: EBX
        () => inner.push(anySelector(dice)).push(dice.word()).raw(0xc5, 0x1c, 0x24).alu('add', ESP, 8), // LDS EBX, [ESP]
      ])();
      const operand = inSegment(register, at(dice.pick([0, 1, 0xfe, 0xff, 0x100, 0xffc, 0xfff, 0xfffc, 0xffff, dice.word(), dice.below(0x2000)])));
      if (dice.oneIn(2)) inner.mov(operand, EDX);
      inner.mov(EBX, operand).mov(at(scratchAddress(dice)), EBX).mov(EBX, register).lar(EDX, EBX);
      if (dice.oneIn(3)) inner.raw(...instructions(ROWS.compute, 2, dice));
    }
  });
}

/** A stack segment of any kind, used. In ring 0 the kernel's own stack may be at stake. */
function stackSegments(guest: ProgramKernel, dice: Dice): void {
  const body = (inner: ProgramKernel): void => {
    inner.mov(EAX, dice.pick([anySelector(dice), Selector.SHORT_STACK, Selector.LIMITED])).mov(SS, EAX).mov(ESP, dice.pick([scratchAddress(dice), dice.word(), 0x100, 0x1000, 0xfffe, 2, 0]));
    inner.push(EAX).push(EBX).pop(ECX).raw(dice.pick([0x60, 0x61, 0x9c, 0xc9, 0x90]));
    inner.raw(0x66, 0x50, 0x66, 0x5b); // PUSH AX; POP BX
  };
  if (dice.oneIn(6)) guest.inRing0(dice.below(4), body);
  else guest.inRing3(dice.below(20), body);
}

/** Far transfers to selectors of every kind: gates, conforming code, tasks, nothing at all. */
function farTransfers(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(1, 4); count > 0; count--) {
      const behind = inner.newLabel('behind');
      const target = dice.oneIn(3) ? dice.word() : behind;
      dice.pick<() => unknown>([
        () => inner.callFar(anySelector(dice), target), () => inner.jmpFar(anySelector(dice), target), () => inner.push(0x1234).callFar(Selector.CALL_GATE, 0), () => inner.int(dice.pick([Interrupt.SYSTEM_CALL, Interrupt.TRAP_GATE, Interrupt.KERNEL_ONLY, Interrupt.ABSENT, 3, 4, dice.below(64)])),
        () => inner.push(anySelector(dice)).push(target).retFar(), () => inner.push(dice.word()).push(dice.word()).push(anySelector(dice)).push(target).raw(0xca, 8, 0),
        () => inner.callFar(Selector.CONFORMING, behind), () => inner.jmpFar(Selector.SHORT_CODE, dice.below(20)), () => inner.raw(0xff, dice.pick([0x1d, 0x2d])).long(scratchAddress(dice)),
      ])();
      inner.label(behind);
    }
  });
}

/** IRET with frames of every kind. */
function returns(guest: ProgramKernel, dice: Dice): void {
  const all = Flag.IF | Flag.TF | Flag.NT | Flag.IOPL | Flag.AC | Flag.RF | Flag.ID;
  inSomeRing(guest, dice, (inner) => {
    const behind = inner.newLabel('behind');
    const [code, stack] = dice.pick([[Selector.USER_CODE, Selector.USER_DATA], [Selector.KERNEL_CODE, Selector.KERNEL_DATA], [anySelector(dice), anySelector(dice)], [Selector.CONFORMING | dice.below(4), Selector.USER_DATA]]);
    inner.push(stack).push(dice.oneIn(3) ? dice.word() : scratchAddress(dice) & ~3).push(anyFlags(dice, dice.oneIn(2) ? all : Flag.IOPL | Flag.IF)).push(code).push(dice.oneIn(5) ? dice.word() : behind);
    inner.raw(...dice.pick([[0xcf], [0xcf], [0xcf], [0x66, 0xcf]])).label(behind).nop(2).pushfd().pop(EDX);
  });
}

/** The other task: its registers set, entered by call, jump, interrupt or a forged TSS. */
function tasks(guest: ProgramKernel, dice: Dice): void {
  const fields = { cr3: 28, eip: 32, eflags: 36, ss: 80, ds: 84, ldt: 96, trap: 100 } as const;
  guest.inRing0(dice.below(3), (inner) => {
    seedRegisters(inner, dice);
    inner.mov(EBX, 'other task state');
    for (let count = dice.below(3); count > 0; count--) {
      dice.pick<() => unknown>([
        () => inner.mov(at(EBX, fields.eflags), anyFlags(dice, Flag.IF | Flag.NT | Flag.IOPL | Flag.ID)), () => inner.mov(at(EBX, fields.ds), anySelector(dice)), () => inner.mov(at(EBX, fields.ss), dice.oneIn(3) ? anySelector(dice) : Selector.KERNEL_DATA),
        () => inner.mov(at(EBX, fields.ldt), dice.pick([0, Selector.LOCAL_TABLE, anySelector(dice)])), () => inner.mov(at(EBX, fields.trap), dice.pick([0x680000, 0x680001])), () => inner.mov(at(EBX, 0), dice.pick([0, Selector.TASK, anySelector(dice)])),
      ])();
    }
    if (dice.oneIn(3)) inner.mov(at('task resumes'), 1);
    dice.pick<() => unknown>([() => inner.callFar(Selector.OTHER_TASK, 0), () => inner.int(Interrupt.TASK_GATE), () => inner.jmpFar(Selector.OTHER_TASK, 0), () => inner.callFar(anySelector(dice), 0)])();
    inner.str(EAX).mov(at(scratchAddress(dice)), EAX).mov(at('task resumes'), 0);
  });
}

/** The task register and the local table, from selectors of every kind. */
function tableRegisters(guest: ProgramKernel, dice: Dice): void {
  const [low, high] = descriptorWords(scratchAddress(dice), dice.pick([0x67, 0x66, 0x2067, dice.below(0x1000)]), TASK_STATE, 0);
  guest.inRing0(dice.below(10), (inner) => {
    inner.mov(at(OWN_TABLE + Selector.BEHIND_TABLE), low).mov(at(OWN_TABLE + Selector.BEHIND_TABLE + 4), high);
    inner.mov(EAX, dice.oneIn(2) ? Selector.LOCAL_TABLE : anySelector(dice)).lldt(EAX).sldt(EBX).mov(ECX, Selector.LOCAL_DATA).lar(EDX, ECX).mov(GS, ECX);
    if (dice.oneIn(4)) inner.mov(EAX, dice.oneIn(2) ? Selector.BEHIND_TABLE : anySelector(dice)).ltr(EAX).str(EBX);
    if (dice.oneIn(4)) inner.mov(at(OWN_POINTER + 8), dice.next()).mov(at(OWN_POINTER + 12), dice.word()).raw(0x0f, 0x01, 0x05).long(OWN_POINTER + 8); // SGDT over it
  });
}

export const SEGMENT_PIECES: readonly PieceKind[] = [
  { name: 'own-table', weight: 4, emit: ownTable },
  { name: 'segment-loads', weight: 4, emit: segmentLoads },
  { name: 'stack-segments', weight: 2, emit: stackSegments },
  { name: 'far-transfers', weight: 4, emit: farTransfers },
  { name: 'returns', weight: 3, emit: returns },
  { name: 'tasks', weight: 3, emit: tasks },
  { name: 'table-registers', weight: 2, emit: tableRegisters },
];
