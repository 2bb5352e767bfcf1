import { composeFlags, Flag, Register, STATE_WORDS, storeFlags, Word } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { Random } from '../src/conformance/random.js';
import { digestMemory, MemoryDigest } from '../src/digest.js';
import { fingerprintOf } from '../src/fingerprint.js';

const words = (seed: number, count = 4096): Int32Array => {
  const random = new Random(seed);
  return Int32Array.from({ length: count }, () => random.next());
};

describe('digestMemory', () => {
  it('is the same for the same memory, and 16 hex digits', () => {
    expect(digestMemory(words(1))).toBe(digestMemory(words(1)));
    expect(digestMemory(words(1))).toMatch(/^[0-9a-f]{16}$/);
  });
  it('differs for any single bit, for swapped words and for moved ones', () => {
    const original = words(2, 256);
    const seen = new Set([digestMemory(original)]);
    for (let bit = 0; bit < 256 * 32; bit += 7) {
      const copy = original.slice();
      copy[bit >> 5] ^= 1 << (bit & 31);
      seen.add(digestMemory(copy));
    }
    expect(seen.size).toBe(1 + Math.ceil((256 * 32) / 7));
    expect(digestMemory(Int32Array.of(1, 2))).not.toBe(digestMemory(Int32Array.of(2, 1)));
    expect(digestMemory(Int32Array.of(0, 5))).not.toBe(digestMemory(Int32Array.of(5, 0)));
  });
  it('may be fed in pieces', () => {
    const memory = words(3);
    const digest = new MemoryDigest();
    for (let at = 0; at < memory.length; at += 1024) digest.update(memory.subarray(at, at + 1024));
    expect(digest.result()).toBe(digestMemory(memory));
  });
});

it('fingerprintOf takes registers, EIP and all of EFLAGS from the state', () => {
  const state = new Int32Array(STATE_WORDS);
  for (let register = 0; register <= Register.EDI; register++) state[register] = register * 3 - 5;
  state[Word.EIP] = 0xfffffff0 | 0;
  storeFlags(state, Flag.CF | Flag.ZF | Flag.IF);
  const found = fingerprintOf(state, 'abc');
  expect(found).toEqual({ registers: [-5, -2, 1, 4, 7, 10, 13, 16], eip: 0xfffffff0, eflags: Flag.CF | Flag.ZF | Flag.IF | Flag.FIXED, memory: 'abc' });
  expect(found.eflags).toBe(composeFlags(state));
});
