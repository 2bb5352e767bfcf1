import { CR0 as ControlBit, CR4 as ExtensionBit, Flag } from '@ringbench/isa';
import { Interrupt, Page, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, Selector } from '../../conformance/memory-map.js';
import { at, CR0, CR3, CR4, DS, EAX, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, inSegment, SS } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import { OTHER_DIRECTORY, OWN_TABLE, PROGRAM_MEMORY_BYTES, WINDOW, WINDOW_TABLE, WRITTEN_CODE } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyFlags, inSomeRing, pagingOff, scratchAddress, seedRegisters, type PieceKind } from './piece.js';

/** What a guest does to get out of its allocation, to keep the processor, or to see what is not its own. */

const OPEN = Page.PRESENT | Page.WRITABLE | Page.USER;
const SLOT_SHIFT = 22;
const SLOT_BYTES = 1 << SLOT_SHIFT;
/** Addresses of sweeps: all of the guest's memory, what a machine has behind it, and where monitors and their windows like to be. */
const REGIONS: readonly number[] = [PROGRAM_MEMORY_BYTES, PROGRAM_MEMORY_BYTES + 0x100000, PROGRAM_MEMORY_BYTES - 8 * PAGE_BYTES, 0x400000, 0x800000, 0x80000000, 0xbfc00000, 0xc0000000, 0xff800000, 0xffc00000, 0xfffe0000, 0xfffff000];
const STEPS = 12;
/** Beyond memory reads give ones; a sum of what a sweep read goes to the log. */
const POINTER = OWN_TABLE + 0x840;

/** Adds up what is read at STEPS addresses from a base on, a stride apart, and writes there: in order of `base` held in EDI. */
function sweepLoop(guest: ProgramKernel, dice: Dice, stride: number, operand = at(EDI)): void {
  const again = guest.newLabel('sweep');
  const write = dice.below(3);
  guest.mov(ECX, STEPS).mov(EBX, 0).label(again).alu('add', EBX, operand);
  if (write === 1) guest.mov(operand, EBX);
  if (write === 2) guest.alu('xor', operand, 0x5a5a5a5a);
  guest.alu('add', EDI, stride).decrementAndJump(again).mov(at(scratchAddress(dice)), EBX);
}

/** Reads and writes outside of the guest's memory through flat segments, without paging: nothing is there. */
function physicalSweep(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(STEPS, (inner) => {
    pagingOff(inner).mov(EDI, dice.pick(REGIONS) + (dice.oneIn(4) ? dice.between(-3, 3) : 0));
    sweepLoop(inner, dice, dice.pick([PAGE_BYTES, 4, 0x10000, 0x100000, SLOT_BYTES]));
  });
}

/** The window's pages lead to every page of the machine: all that a page number can say, the guest's own as well. */
function mappedSweep(guest: ProgramKernel, dice: Dice): void {
  const table = dice.oneIn(3);
  // In ring 3, where a piece before may have left the processor, nothing of this happens: tables would change, and stay in the TLBs.
  guest.inRing0(0, (inner) => {
    pagingOff(inner);
    const first = dice.pick([PROGRAM_MEMORY_BYTES / PAGE_BYTES, 0, 0x1f0, 0x210, 0x300, dice.below(0x800), 0x80000, 0xfffe0]);
    for (let page = 0; page < STEPS; page++) inner.mov(at(WINDOW_TABLE + page * 4), (((first + page) << 12) | (table ? OPEN | Page.GLOBAL : OPEN)) | 0);
    inner.mov(at(PAGE_DIRECTORY), PAGE_TABLE | OPEN).mov(at(PAGE_DIRECTORY + (WINDOW >>> SLOT_SHIFT) * 4), WINDOW_TABLE | OPEN);
    inner.mov(EAX, PAGE_DIRECTORY).mov(CR3, EAX).mov(EAX, CR0).alu('or', EAX, ControlBit.PG | (dice.oneIn(2) ? ControlBit.WP : 0)).mov(CR0, EAX);
  });
  const body = (inner: ProgramKernel): void => {
    // Reads only: among these pages may be page tables, whose change would need invalidation.
    const loop = inner.newLabel('mapped');
    inner.mov(EDI, WINDOW + dice.below(PAGE_BYTES)).mov(ECX, STEPS).mov(EBX, 0).label(loop).alu('add', EBX, at(EDI)).alu('add', EDI, PAGE_BYTES).decrementAndJump(loop).mov(at(scratchAddress(dice)), EBX);
  };
  if (dice.oneIn(2)) guest.inRing3(STEPS, body);
  else guest.inRing0(STEPS, body);
}

/** Writes to pages beyond memory through the window: they go nowhere. */
function mappedWrites(guest: ProgramKernel, dice: Dice): void {
  // A load of CR3 would leave global pages of a sweep before; a change of PGE does not (SDM vol. 3, 4.10.4.1). In ring 3 the first one ends the piece.
  const forget = (inner: ProgramKernel): unknown => inner.mov(EAX, CR4).alu('xor', EAX, ExtensionBit.PGE).mov(CR4, EAX);
  guest.inRing0(0, (inner) => {
    forget(inner);
    const first = PROGRAM_MEMORY_BYTES / PAGE_BYTES + dice.pick([0, 1, 0x10, 0x100, 0x200, dice.below(0x1000), 0x7fff0]);
    for (let page = 0; page < STEPS; page++) inner.mov(at(WINDOW_TABLE + page * 4), ((first + page) << 12) | OPEN);
    // Another piece may have put something else there, through which writes would reach page tables.
    for (const directory of [PAGE_DIRECTORY, OTHER_DIRECTORY]) inner.mov(at(directory + (WINDOW >>> SLOT_SHIFT) * 4), WINDOW_TABLE | OPEN);
    forget(inner);
  });
  inSomeRing(guest, dice, (inner) => {
    inner.mov(EDI, WINDOW + dice.pick([0, PAGE_BYTES - 2, dice.below(PAGE_BYTES)]));
    sweepLoop(inner, dice, PAGE_BYTES);
    inner.mov(EDI, WINDOW).mov(ECX, 0x900).cld().raw(0xf3, 0xab).mov(ESI, WINDOW + 8).mov(EDI, scratchAddress(dice)).mov(ECX, 20).raw(0xf3, 0xa5);
  });
}

/** A directory of 4 MB pages over everything, or one that is its own page table, loaded and looked through. */
function selfMaps(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(2, (inner) => {
    // Without paging nothing stale is used. The directory is never at the end of the address space, where a stack at 0 would write it.
    pagingOff(inner).mov(EAX, CR4).alu('or', EAX, ExtensionBit.PSE).mov(CR4, EAX);
    inner.mov(at(PAGE_DIRECTORY), dice.oneIn(2) ? Page.LARGE | OPEN : PAGE_TABLE | OPEN);
    // Not the window's, nor the next one, into which accesses to it reach: other pieces write there, and would change tables without invalidation.
    const slots = dice.pick([[1, 2, 3], [0x200, 0x300], [0x3fd, 0x3fe], [dice.between(1, 0x3fe)]]).filter((slot) => slot !== WINDOW >>> SLOT_SHIFT && slot !== (WINDOW >>> SLOT_SHIFT) + 1);
    for (const slot of slots) inner.mov(at(PAGE_DIRECTORY + slot * 4), dice.pick([PAGE_DIRECTORY | OPEN, Page.LARGE | OPEN | (dice.below(8) << SLOT_SHIFT), Page.LARGE | OPEN | 0x80000000, PAGE_DIRECTORY | Page.PRESENT]));
    inner.mov(EAX, PAGE_DIRECTORY).mov(CR3, EAX).mov(EAX, CR0).alu('or', EAX, ControlBit.PG).mov(CR0, EAX).mov(EBX, 0);
    for (const slot of slots) for (const offset of [0, PAGE_BYTES, 0x162 * PAGE_BYTES, dice.below(SLOT_BYTES) & ~3]) inner.alu('add', EBX, at((slot * SLOT_BYTES + offset) | 0));
    inner.mov(at(scratchAddress(dice)), EBX);
    // A page of 4 MB would leave the page tables to ring 3, which cannot invalidate (program-kernel.ts).
    pagingOff(inner).mov(at(PAGE_DIRECTORY), PAGE_TABLE | OPEN).mov(EAX, CR0).alu('or', EAX, ControlBit.PG).mov(CR0, EAX);
  });
}

/** Descriptors whose base and limit reach around the end of the address space, or name tables themselves. */
function forgedDescriptors(guest: ProgramKernel, dice: Dice): void {
  const slot = Selector.BEHIND_TABLE;
  guest.inRing0(STEPS, (inner) => {
    const base = dice.pick([PROGRAM_MEMORY_BYTES, 0xfffff000, 0x80000000, 0xffc00000, OWN_TABLE, dice.next()]);
    const access = dice.pick([0x93, 0x97, 0x91, 0x9b, 0xf3, 0xf7, 0x82, 0x89, 0x8b, dice.below(0x100)]);
    inner.mov(at(OWN_TABLE + slot), 0xffff | (base << 16)).mov(at(OWN_TABLE + slot + 4), ((base >>> 16) & 0xff) | (access << 8) | (dice.pick([0xc, 0x4, 0x8]) << 20) | (dice.oneIn(2) ? 0xf0000 : 0) | (base & 0xff000000));
    inner.cld().mov(ESI, 'global table').mov(EDI, OWN_TABLE).mov(ECX, slot / 4).raw(0xf3, 0xa5).mov(at(POINTER), (slot + 7) | (OWN_TABLE << 16)).mov(at(POINTER + 4), OWN_TABLE >>> 16).lgdt(at(POINTER));
    inner.mov(EAX, slot | dice.below(4)).mov(FS, EAX).mov(EDI, dice.pick([0, 0xffc, 0x1000, 0x80000000, 0xfffffffe, dice.word()]));
    sweepLoop(inner, dice, dice.pick([1, 4, PAGE_BYTES]), inSegment(FS, at(EDI)));
  });
}

/** The tables of descriptors lie over code, in each other, beyond memory, at the ends of pages. */
function misplacedTables(guest: ProgramKernel, dice: Dice): void {
  const places = [PROGRAM_MEMORY_BYTES, 0xfffffff0, WRITTEN_CODE, 0x100020, PAGE_TABLE - 4, dice.word(), scratchAddress(dice)];
  guest.inRing0(0, (inner) => {
    inner.mov(at(POINTER), dice.pick([0xffff, 0x7ff, 7, 0, dice.below(0x10000)]) | (dice.pick(places) << 16)).mov(at(POINTER + 4), dice.below(0x10000));
    inner.mov(at(POINTER + 8), dice.pick([0xffff, 0x1af, 0x67, 0])).mov(at(POINTER + 10), dice.pick(places));
    // The interrupt table stays unless the guest wants to be shut down: it is looked at, and put back.
    if (dice.oneIn(2)) inner.lgdt(at(POINTER)).sgdt(at(POINTER + 16)).mov(EAX, dice.below(0x100) & ~7).lar(EBX, EAX).lsl(EDX, EAX).verr(EAX).lgdt(at('global pointer'));
    if (dice.oneIn(2)) inner.lidt(at(POINTER + 8)).sidt(at(POINTER + 24));
    if (!dice.oneIn(8)) inner.lidt(at('interrupt pointer'));
  });
  inSomeRing(guest, dice, (inner) => inner.sidt(at(POINTER + 24)).raw(0xcd, dice.below(64)).raw(...instructions(ROWS.sensitive, 2, dice)));
}

/** Interrupts off and a loop without end: the budget has to return, and the timer to get the processor. */
function endless(guest: ProgramKernel, dice: Dice): void {
  const loop = guest.newLabel('endless');
  guest.inRing0(0, (inner) => {
    seedRegisters(inner, dice);
    if (dice.oneIn(2)) inner.cli();
    inner.label(loop);
    dice.pick<() => unknown>([
      () => inner.nop(), () => inner.cli(), () => inner.pushfd().popfd(), () => inner.raw(...instructions(ROWS.compute, 2, dice)), () => inner.mov(EAX, SS).mov(SS, EAX), () => inner.sti().cli(), () => inner.mov(EAX, CR3).mov(CR3, EAX), () => inner.int(Interrupt.SYSTEM_CALL),
      () => inner.mov(ECX, -1).mov(EDI, WINDOW).raw(0xf3, 0xaa),
    ])();
    inner.jmp(loop);
  });
}

/** All ports: every width, in ring 0 and with and without permission in ring 3. The ones that end the run are left out on purpose only when written. */
function allPorts(guest: ProgramKernel, dice: Dice): void {
  const first = dice.oneIn(2) ? dice.below(0x400) : dice.below(0xfff0);
  const again = guest.newLabel('port');
  const body = (inner: ProgramKernel): unknown => inner.mov(EDX, first).mov(ECX, STEPS).label(again).raw(dice.pick([0xec, 0xed])).alu('add', EBX, EAX).inc(EDX).decrementAndJump(again).mov(at(scratchAddress(dice)), EBX);
  if (dice.oneIn(2)) guest.inRing3(STEPS, body, anyFlags(dice, Flag.IOPL));
  else guest.inRing0(0, body);
  guest.inRing0(0, (inner) => inner.mov(EDX, first).mov(EAX, dice.word()).raw(dice.pick([0xee, 0xef])));
}

/** Breakpoints and traps everywhere, LOCK on everything, with the stack at the end of a page. */
function trapStorm(guest: ProgramKernel, dice: Dice): void {
  guest.inRing3(STEPS * 3, (inner) => {
    inner.mov(ESP, WRITTEN_CODE + dice.below(8));
    for (let count = STEPS; count > 0; count--) inner.raw(...dice.pick<readonly number[]>([[0xcc], [0xf1], [0xf0], [0xf0, 0x9d], [0xf0, 0x0f, 0xb1, 0x0f], [0x17], [0x9d], [0xcf], [0x0f, 0x34], [0x0f, 0x35], [0x0f, 0x05], [0x0f, 0x07]]));
  }, anyFlags(dice, Flag.IOPL | Flag.TF | Flag.IF));
}

/** Accesses through null, absent and beyond, from ring 3 at kernel-only pages too. */
function nullSegments(guest: ProgramKernel, dice: Dice): void {
  guest.inRing3(STEPS, (inner) => {
    inner.mov(EAX, dice.below(4)).mov(dice.pick([DS, ES, FS]), EAX).mov(EBX, at(scratchAddress(dice))).mov(EDI, dice.pick(REGIONS)).mov(EBX, inSegment(ES, at(EDI))).mov(inSegment(FS, at(EDI)), EBX);
  });
}

export const HOSTILE_PIECES: readonly PieceKind[] = [
  { name: 'physical-sweep', weight: 4, emit: physicalSweep },
  { name: 'mapped-sweep', weight: 3, emit: mappedSweep },
  { name: 'mapped-writes', weight: 3, emit: mappedWrites },
  { name: 'self-maps', weight: 3, emit: selfMaps },
  { name: 'forged-descriptors', weight: 4, emit: forgedDescriptors },
  { name: 'misplaced-tables', weight: 3, emit: misplacedTables },
  { name: 'all-ports', weight: 3, emit: allPorts },
  { name: 'trap-storm', weight: 3, emit: trapStorm },
  { name: 'null-segments', weight: 2, emit: nullSegments },
  { name: 'endless', weight: 1, emit: endless },
];
