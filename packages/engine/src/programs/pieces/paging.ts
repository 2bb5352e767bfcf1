import { CR0 as ControlBit, CR4 as ExtensionBit } from '@ringbench/isa';
import { pageEntry } from '../../conformance/kernel-guest.js';
import { Page, PAGE_BYTES, PAGE_DIRECTORY, SCRATCH } from '../../conformance/memory-map.js';
import { at, CR0, CR3, CR4, EAX, EBX, ECX, EDI, EDX, ESI, ESP } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { instructions, ROWS } from '../instructions.js';
import { LARGE_PAGE, OTHER_DIRECTORY, PROGRAM_MEMORY_BYTES, SCRATCH_PAGES, SELF_MAP, WINDOW, WINDOW_TABLE } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyAddress, inSomeRing, scratchAddress, type PieceKind } from './piece.js';

/**
 * Page tables. A change of an entry that may have been used is followed by INVLPG or a load of CR3, as the manual demands (SDM vol. 3, 4.10.4): shadow
 * tables never hold what the tables no longer say, so that a guest without it would see them (docs/decisions/0012-deprivileged-guests.md).
 */

const SLOT_SHIFT = 22;
const OPEN = Page.PRESENT | Page.WRITABLE | Page.USER;
const GUEST_PAGES = PROGRAM_MEMORY_BYTES / PAGE_BYTES;
/** Pages of the window that pieces map and use. */
const WINDOW_PAGES = 64;
const directoryEntry = (directory: number, linear: number): number => directory + (linear >>> SLOT_SHIFT) * 4;

/** Permissions and A and D bits as they come. */
const anyBits = (dice: Dice): number => dice.pick([OPEN, OPEN, OPEN | Page.ACCESSED | Page.DIRTY, Page.PRESENT | Page.WRITABLE, Page.PRESENT, Page.PRESENT | Page.USER, OPEN | Page.GLOBAL, 0, OPEN | 0x18, 0xe00 | OPEN]);
/** A page of the guest's, or one where nothing is. Not those that hold page tables: writing there would need invalidation (see above). */
function anyPage(dice: Dice): number {
  if (dice.oneIn(6)) return dice.pick([GUEST_PAGES, GUEST_PAGES + dice.below(0x10000), 0xa0, 0xb8, 0xf0, 0xfffff]);
  return dice.oneIn(2) ? SCRATCH / PAGE_BYTES + dice.below(SCRATCH_PAGES) : 0x100 + dice.below(0x30);
}

/** Paging on, with a 4 MB page, the directories in themselves, and pages in the window as they come. */
function enable(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => {
    inner.mov(EAX, CR0).alu('and', EAX, ~ControlBit.PG).mov(CR0, EAX);
    for (const directory of [PAGE_DIRECTORY, OTHER_DIRECTORY]) {
      inner.mov(at(directoryEntry(directory, LARGE_PAGE)), dice.pick([0, OPEN | Page.LARGE, Page.PRESENT | Page.LARGE | Page.WRITABLE, OPEN | Page.LARGE | (1 << SLOT_SHIFT)]));
      inner.mov(at(directoryEntry(directory, SELF_MAP)), directory | dice.pick([Page.PRESENT, Page.PRESENT | Page.WRITABLE, OPEN]));
    }
    for (let page = 0; page < 8; page++) inner.mov(at(WINDOW_TABLE + page * 4), (anyPage(dice) << 12) | anyBits(dice));
    inner.mov(EAX, dice.oneIn(2) ? ExtensionBit.PSE : dice.pick([0, ExtensionBit.PSE | ExtensionBit.PGE])).mov(CR4, EAX).mov(EAX, dice.oneIn(4) ? OTHER_DIRECTORY : PAGE_DIRECTORY).mov(CR3, EAX);
    inner.mov(EAX, CR0).alu('or', EAX, ControlBit.PG | (dice.oneIn(2) ? ControlBit.WP : 0)).mov(CR0, EAX);
  });
}

/** Changes entries of the window's or the scratch pages' tables, at once invalidated; now and then through the self-map. */
function remap(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => {
    for (let count = dice.between(1, 6); count > 0; count--) {
      const inWindow = !dice.oneIn(3);
      const linear = inWindow ? WINDOW + dice.below(WINDOW_PAGES) * PAGE_BYTES : SCRATCH + dice.below(SCRATCH_PAGES) * PAGE_BYTES;
      const entry = inWindow ? (anyPage(dice) << 12) | anyBits(dice) : linear | (dice.oneIn(3) ? anyBits(dice) : OPEN);
      const place = dice.oneIn(3) ? SELF_MAP + (linear >>> 12) * 4 : inWindow ? WINDOW_TABLE + ((linear - WINDOW) >>> 12) * 4 : pageEntry(linear);
      dice.pick<() => unknown>([() => inner.mov(at(place), entry), () => inner.mov(EAX, entry).raw(0x87, 0x05).long(place), () => inner.mov(EAX, entry).mov(EDI, place).raw(0xab)])(); // XCHG; STOSD
      inner.invlpg(at(linear));
    }
  });
}

/** Reads, writes and executes where the tables may refuse. */
function access(guest: ProgramKernel, dice: Dice): void {
  inSomeRing(guest, dice, (inner) => {
    for (let count = dice.between(2, 8); count > 0; count--) {
      const operand = at(dice.oneIn(6) ? dice.pick([LARGE_PAGE, SELF_MAP, WINDOW - 2, WINDOW + (1 << SLOT_SHIFT) - 1, 0xfffffffd, dice.next()]) + 0 : WINDOW + dice.below(12) * PAGE_BYTES + dice.pick([0, 4, 0xffc, 0xffd, 0xfff, dice.below(PAGE_BYTES)]));
      const isTable = (operand.displacement as number) >>> SLOT_SHIFT === SELF_MAP >>> SLOT_SHIFT || (operand.displacement as number) >>> SLOT_SHIFT === LARGE_PAGE >>> SLOT_SHIFT;
      if (isTable) inner.mov(EAX, operand);
      else dice.pick<() => unknown>([() => inner.mov(EAX, operand), () => inner.mov(operand, EBX), () => inner.alu('add', operand, EDX), () => inner.push(operand), () => inner.mov(ESI, operand.displacement).raw(0xa5), () => inner.raw(...instructions(ROWS.compute, 1, dice))])();
    }
    inner.mov(at(scratchAddress(dice)), EAX);
  });
}

/** Executes from the window: the same bytes at other linear addresses, across pages that may not both be there. */
function executeElsewhere(guest: ProgramKernel, dice: Dice): void {
  const routine = guest.newLabel('elsewhere');
  guest.inRing0(0, (inner) => inner.jmp(`${routine} end`).label(routine).raw(...instructions(ROWS.compute, dice.between(1, 6), dice)).pushfd().pop(EDX).ret().label(`${routine} end`));
  inSomeRing(guest, dice, (inner) => {
    const offset = dice.pick([0, PAGE_BYTES - 2, PAGE_BYTES - 7, dice.below(PAGE_BYTES)]);
    inner.cld().mov(ESI, routine).mov(EDI, SCRATCH + offset).mov(ECX, 40).raw(0xf3, 0xa4);
    inner.mov(EAX, dice.oneIn(3) ? SCRATCH + offset : WINDOW + dice.below(12) * PAGE_BYTES + offset).call(EAX);
  });
}

/** CR3, CR0.WP, CR0.PG off and on, CR4.PGE. */
function switches(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => {
    dice.pick<() => unknown>([
      () => inner.mov(EAX, dice.oneIn(2) ? OTHER_DIRECTORY : PAGE_DIRECTORY).mov(CR3, EAX), () => inner.mov(EAX, CR3).mov(CR3, EAX), () => inner.mov(EAX, CR0).alu('xor', EAX, ControlBit.WP).mov(CR0, EAX),
      () => inner.mov(EAX, CR0).alu('and', EAX, ~ControlBit.PG).mov(CR0, EAX).mov(EBX, at(scratchAddress(dice))).alu('or', EAX, ControlBit.PG).mov(CR0, EAX), () => inner.mov(EAX, CR4).alu('xor', EAX, ExtensionBit.PGE).mov(CR4, EAX),
      () => inner.mov(EAX, CR4).alu('xor', EAX, ExtensionBit.PSE).mov(CR4, EAX).mov(EAX, CR3).mov(CR3, EAX),
    ])();
    inner.mov(EBX, at(anyAddress(dice)));
  });
}

/** A stack whose page is not there, or at the border of two: every fault of it finds the kernel's stack. */
function stackPages(guest: ProgramKernel, dice: Dice): void {
  guest.inRing3(dice.below(10), (inner) => inner.mov(ESP, WINDOW + dice.below(12) * PAGE_BYTES + dice.pick([0, 2, 4, 0xffe])).push(EAX).raw(0x60).pop(EBX).raw(0x61).raw(0xc8, 8, 0, dice.below(4)).raw(0xc9));
}

export const PAGING_PIECES: readonly PieceKind[] = [
  { name: 'paging-on', weight: 5, emit: enable },
  { name: 'remap', weight: 5, emit: remap },
  { name: 'paged-access', weight: 5, emit: access },
  { name: 'execute-elsewhere', weight: 3, emit: executeElsewhere },
  { name: 'paging-switches', weight: 3, emit: switches },
  { name: 'stack-pages', weight: 2, emit: stackPages },
];
