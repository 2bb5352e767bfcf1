import type { Digest } from '../digest.js';

const LANES = 4;
const ROTATION = 13;
const REST = 32 - ROTATION;
const MULTIPLIER = 0x85ebca6b;

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/**
 * 128-bit digest of memory, to compare guests with one another while they run: four chains over every fourth word, which a processor computes beside one
 * another, so that it takes a third of the time of `MemoryDigest`. A step is a bijection of the chain and of the word: two memories that differ in one word of
 * a chain never have the same digest. Not cryptographic, and recorded nowhere.
 */
export class QuickDigest implements Digest {
  private first = 0x9747b28c | 0;
  private second = 0x3c6ef372 | 0;
  private third = 0x27220a95 | 0;
  private fourth = 0x5bd1e995 | 0;

  /** @param words a multiple of four. */
  update(words: Int32Array): void {
    if (words.length % LANES !== 0) throw new Error('memory is a multiple of four words');
    let { first, second, third, fourth } = this;
    for (let at = 0; at < words.length; at += LANES) {
      first = Math.imul(((first << ROTATION) | (first >>> REST)) ^ words[at], MULTIPLIER);
      second = Math.imul(((second << ROTATION) | (second >>> REST)) ^ words[at + 1], MULTIPLIER);
      third = Math.imul(((third << ROTATION) | (third >>> REST)) ^ words[at + 2], MULTIPLIER);
      fourth = Math.imul(((fourth << ROTATION) | (fourth >>> REST)) ^ words[at + 3], MULTIPLIER);
    }
    this.first = first;
    this.second = second;
    this.third = third;
    this.fourth = fourth;
  }

  result(): string { return [this.first, this.second, this.third, this.fourth].map(hex).join(''); }
}
