import { CR0 as ControlBit, Flag } from '@ringbench/isa';
import { PAGE_BYTES, SCRATCH, Selector } from '../../conformance/memory-map.js';
import { CR0, EAX, EBP, EBX, ECX, EDI, EDX, ESI, type GeneralRegister } from '../../conformance/operands.js';
import type { Dice } from '../dice.js';
import { OWN_DESCRIPTORS, SCRATCH_PAGES, WINDOW } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';

/** A kind of piece that programs are made of: code that does one thing, with its details from the dice. */
export interface PieceKind {
  readonly name: string;
  /** How often it is chosen among the kinds of a profile. */
  readonly weight: number;
  readonly emit: (guest: ProgramKernel, dice: Dice) => void;
}

const SEEDED: readonly GeneralRegister[] = [EAX, ECX, EDX, EBX, EBP, ESI, EDI];
const MOST_STEPS = 40;
/** Selectors of the kernel's table that hold something: segments, gates, tasks. */
const KNOWN_SELECTORS: readonly number[] = Object.values(Selector);
const FREE_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.DF | Flag.OF;

/** An address in the pages that programs may do anything with, often near the border of two pages. */
export function scratchAddress(dice: Dice): number {
  const page = SCRATCH + dice.below(SCRATCH_PAGES - 1) * PAGE_BYTES;
  return dice.oneIn(3) ? page + PAGE_BYTES - dice.between(1, 16) : page + dice.below(PAGE_BYTES);
}
/** The same or one in the window, behind which any page may lie. */
export function anyAddress(dice: Dice): number { return dice.oneIn(3) ? WINDOW + dice.below(64) * PAGE_BYTES + dice.below(PAGE_BYTES) : scratchAddress(dice); }

export const pagingOff = (guest: ProgramKernel): ProgramKernel => guest.mov(EAX, CR0).alu('and', EAX, ~ControlBit.PG).mov(CR0, EAX);

/** Counts of repetitions: a large one is a loop that ends behind the program's budget. */
const countFor = (dice: Dice): number => (dice.oneIn(64) ? dice.word() : dice.below(dice.pick([4, 40, 400])));

/** Gives the general registers but ESP pointers, counts and borders. */
export function seedRegisters(guest: ProgramKernel, dice: Dice): void {
  for (const register of SEEDED) guest.mov(register, register === ECX ? countFor(dice) : dice.oneIn(4) ? dice.word() : dice.oneIn(3) ? dice.below(40) : scratchAddress(dice));
}

/** A selector: known ones, those of the program's own table, anything. */
export function anySelector(dice: Dice): number {
  if (dice.oneIn(8)) return dice.below(0x10000);
  if (dice.oneIn(2)) return dice.pick(KNOWN_SELECTORS) ^ (dice.oneIn(3) ? dice.below(4) : 0);
  return (Selector.BEHIND_TABLE + dice.below(OWN_DESCRIPTORS) * 8) | dice.below(4);
}

/** EFLAGS for an image; `also` are bits of which each is in or out. */
export function anyFlags(dice: Dice, also: number): number { return Flag.FIXED | (dice.next() & (FREE_FLAGS | also)); }

/** How many exceptions a piece steps over before it is left. */
export function someSteps(dice: Dice): number { return dice.oneIn(3) ? 0 : dice.below(MOST_STEPS); }

/** Code in ring 0 or 3, with seeded registers. */
export function inSomeRing(guest: ProgramKernel, dice: Dice, body: (guest: ProgramKernel) => void, also = 0): void {
  const steps = someSteps(dice);
  if (dice.oneIn(2)) {
    guest.inRing3(steps, (inner) => {
      seedRegisters(inner, dice);
      body(inner);
    }, anyFlags(dice, also | Flag.IOPL | Flag.AC | Flag.NT));
    return;
  }
  guest.inRing0(steps, (inner) => {
    seedRegisters(inner, dice);
    body(inner);
  });
}
