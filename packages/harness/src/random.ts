/**
 * A small seeded generator for the order of measurements: SplitMix32 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014, in its 32-bit form). Same seed, same order, on every host and for ever; statistical finesse does not matter here.
 */
export class SeededRandom {
  static readonly #GOLDEN_GAMMA = 0x9e3779b9;
  #state: number;

  constructor(seed: number) {
    // Both halves of a seed above 2^32 take part.
    this.#state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  }

  /** The next 32-bit unsigned integer. */
  next(): number {
    this.#state = (this.#state + SeededRandom.#GOLDEN_GAMMA) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** An integer from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** A new array with the items in random order (Fisher and Yates). */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    const shuffled: Item[] = [];
    while (left.length > 0) shuffled.push(...left.splice(this.below(left.length), 1));
    return shuffled;
  }
}
