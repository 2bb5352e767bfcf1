/** A digest of memory. */
export interface Digest {
  /** Takes the next part of memory. */
  update(words: Int32Array): void;
  /** Hex text. */
  result(): string;
}

/** Order-sensitive 64-bit digest of memory for equality checks between cores (MurmurHash3's mixing steps in two lanes); it is not cryptographic. */
export class MemoryDigest implements Digest {
  private low = 0x9747b28c | 0;
  private high = 0x3c6ef372 | 0;
  private position = 0;

  /** Takes the next part of memory: guests whose pages are scattered give one page at a time. */
  update(words: Int32Array): void {
    let { low, high } = this;
    const { position } = this;
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      if (word === 0) continue; // most memory is untouched
      const mixed = Math.imul(word ^ Math.imul(position + i, 0x9e3779b1), 0xcc9e2d51);
      low = (Math.imul((low ^ ((mixed << 15) | (mixed >>> 17))) | 0, 5) + 0xe6546b64) | 0;
      high = Math.imul(((high << 13) | (high >>> 19)) ^ mixed, 0x1b873593);
    }
    this.low = low;
    this.high = high;
    this.position = position + words.length;
  }

  /** Hex text. */
  result(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return hex(this.low ^ (this.high >>> 16)) + hex(this.high ^ (this.low >>> 13));
  }
}

/** Digest of memory that lies in one piece. */
export function digestMemory(words: Int32Array): string {
  const digest = new MemoryDigest();
  digest.update(words);
  return digest.result();
}
