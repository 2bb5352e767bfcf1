import { Random } from '../conformance/random.js';

const GOLDEN_RATIO = 0x9e3779b1;
const MULTIPLIER = 0x85ebca6b;
/** Values at which carries, signs, sizes and pages change. */
const BORDERS: readonly number[] = [0, 1, 2, 3, 7, 0x1f, 0x20, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** A seed for part `index` of what has this seed. Neighbours have nothing in common. */
export function mixSeed(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ Math.imul(index + 1, GOLDEN_RATIO), MULTIPLIER);
  mixed = Math.imul(mixed ^ (mixed >>> 15), GOLDEN_RATIO);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

/** Seeded choices. */
export class Dice extends Random {
  constructor(seed: number) {
    // Marsaglia's generator takes odd seeds, so that two of ours would be one.
    super(mixSeed(seed, 0) ^ (seed << 1));
    for (let warmUp = 0; warmUp < 4; warmUp++) this.next();
  }
  pick<Item>(items: readonly Item[]): Item { return items[(this.next() >>> 4) % items.length]; }
  /** True once in `times`. */
  oneIn(times: number): boolean { return (this.next() >>> 4) % times === 0; }
  /** From `low` to `high`, both included. */
  between(low: number, high: number): number { return low + ((this.next() >>> 4) % (high - low + 1)); }
  /** Any 32-bit number, often one of the borders. */
  word(): number { return this.oneIn(2) ? this.pick(BORDERS) : this.next(); }
}
