/** Seeded pseudo-random numbers (xorshift32), so that a failing case can be run again. */
export class Random {
  constructor(private state: number) {}

  /** Uniform 32-bit pattern. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x;
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    return (this.next() >>> 8) % limit;
  }
}
