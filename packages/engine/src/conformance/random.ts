/** Seeded pseudo-random 32-bit numbers (G. Marsaglia, "Xorshift RNGs", 2003): the same images in every run. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }
  /** An unsigned 32-bit number. */
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }
  below(limit: number): number { return this.next() % limit; }
  bytes(count: number): Uint8Array { return Uint8Array.from({ length: count }, () => this.next() >>> 11); }
}
