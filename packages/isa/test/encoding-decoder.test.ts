import { describe, expect, it } from 'vitest';
import { byteSource, decode, type CodeMode } from '../src/encoding/decoder.js';
import { MAXIMUM_LENGTH } from '../src/encoding/decoding.js';
import { formatInstruction } from '../src/encoding/format.js';
import type { Instruction, Operand } from '../src/encoding/instruction.js';
import { instructionSet } from '../src/encoding/instruction-set.js';
import { MODES, SIZE_PREFIXES, buildCases, sibHeads, systematicHeads } from './encoding/encodings.js';
import { KINDS, compareCases, compareRandom, newComparison, type Comparison } from './encoding/verdict.js';

const CODE32: CodeMode = { code32: true };
const CODE16: CodeMode = { code32: false };
const REPORTED = 20;
const TIMEOUT = 120_000;

/** Compares the cases that `headsOf` makes, in both modes and under every combination of size prefixes. */
function compareEverywhere(headsOf: (sizes: readonly number[], seed: number) => number[][]): Comparison {
  const comparison = newComparison();
  let seed = 1;
  for (const mode of MODES) {
    for (const sizes of SIZE_PREFIXES) {
      compareCases(buildCases(headsOf(sizes, seed), seed), mode, comparison);
      seed++;
    }
  }
  return comparison;
}

describe('decode agrees with iced-x86', () => {
  it('on every opcode and ModR/M byte in every size, and so on every row', () => {
    const { mismatches, seen } = compareEverywhere(systematicHeads);
    expect(mismatches.slice(0, REPORTED)).toEqual([]);
    expect(instructionSet().filter((row) => !seen.has(row))).toEqual([]);
  }, TIMEOUT);

  it('on every SIB byte', () => {
    expect(compareEverywhere(sibHeads).mismatches.slice(0, REPORTED)).toEqual([]);
  }, TIMEOUT);

  it('on random bytes', () => {
    const CASES_OF_EACH = 100_000;
    const comparison = newComparison();
    MODES.forEach((mode, index) => {
      for (const kind of KINDS) compareRandom(kind, mode, CASES_OF_EACH, 386 + index, comparison);
    });
    expect(comparison.mismatches.slice(0, REPORTED)).toEqual([]);
  }, TIMEOUT);
});

/** A source over these bytes that counts fetches and refuses those past the end. */
function countingSource(bytes: readonly number[]): { byte(index: number): number; fetched: number[] } {
  const fetched: number[] = [];
  return { fetched, byte: (index) => (fetched.push(index), index < bytes.length ? bytes[index] : -1) };
}

const decode32 = (...bytes: number[]): ReturnType<typeof decode> => decode(byteSource(Uint8Array.from(bytes)), 0, CODE32);
const decode16 = (...bytes: number[]): ReturnType<typeof decode> => decode(byteSource(Uint8Array.from(bytes)), 0, CODE16);

/** The decoded instruction; fails the test if there is none. */
function decoded(result: ReturnType<typeof decode>): Instruction {
  if (typeof result === 'string') throw new Error(`did not decode: ${result}`);
  return result;
}

describe('instruction length', () => {
  const OPERAND_SIZE = 0x66;
  const prefixes = (count: number): number[] => Array.from({ length: count }, () => OPERAND_SIZE);

  it('may be 15 bytes', () => {
    expect(decoded(decode32(...prefixes(14), 0x90)).length).toBe(MAXIMUM_LENGTH);
    expect(decoded(decode32(...prefixes(8), 0x65, 0x67, 0x0f, 0x01, 0x16, 0x34, 0x12)).length).toBe(MAXIMUM_LENGTH);
  });

  it('is too long at 16 bytes, whichever part is the sixteenth', () => {
    expect(decode32(...prefixes(15), 0x90)).toBe('too-long');
    expect(decode32(...prefixes(16))).toBe('too-long');
    expect(decode32(...prefixes(14), 0x0f, 0xa2)).toBe('too-long');
    expect(decode32(...prefixes(14), 0x01, 0xc0)).toBe('too-long');
    expect(decode32(...prefixes(9), 0x81, 0x05, 0, 0, 0, 0, 0, 0)).toBe('too-long'); // 9 + 6 + an immediate of 2
    expect(decode32(...prefixes(14), 0xeb, 0xfe)).toBe('too-long');
  });

  it('does not fetch a sixteenth byte', () => {
    const source = countingSource(prefixes(30));
    expect(decode(source, 0, CODE32)).toBe('too-long');
    expect(source.fetched).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  it('fetches the bytes of the instruction once each, in order, and no more', () => {
    const add = [0x2e, 0x81, 0x84, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8];
    const source = countingSource([...add, 0x90, 0x90]);
    expect(decoded(decode(source, 0, CODE32)).length).toBe(add.length);
    expect(source.fetched).toEqual(add.map((_, index) => index));
  });

  it('is truncated at every byte that cannot be fetched, and that fetch is the last', () => {
    const add = [0xf0, 0x65, 0x81, 0x84, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8];
    for (let available = 0; available < add.length; available++) {
      const source = countingSource(add.slice(0, available));
      expect(decode(source, 0, CODE32)).toBe('truncated');
      expect(source.fetched.at(-1)).toBe(available);
      expect(source.fetched.length).toBe(available + 1);
    }
  });

  it('of an undefined opcode needs no further byte', () => {
    expect(decode32(0x0f, 0x05)).toBe('undefined');
    expect(decode32(0x0f)).toBe('truncated');
    expect(decode32(0x8d, 0xc0)).toBe('undefined'); // LEA with a register
    expect(decode32(0x8d)).toBe('truncated');
  });
});

describe('LOCK', () => {
  it('is refused on a register destination, on a source in memory and on other instructions', () => {
    expect(decoded(decode32(0xf0, 0x01, 0x03)).lock).toBe(true);
    expect(decode32(0xf0, 0x01, 0xc3)).toBe('bad-lock');
    expect(decode32(0xf0, 0x03, 0x03)).toBe('bad-lock');
    expect(decode32(0xf0, 0x39, 0x03)).toBe('bad-lock'); // CMP
    expect(decode32(0xf0, 0x89, 0x03)).toBe('bad-lock'); // MOV
    expect(decode32(0xf0, 0x0f, 0xa3, 0x03)).toBe('bad-lock'); // BT, unlike BTS
    expect(decoded(decode32(0xf0, 0x0f, 0xab, 0x03)).lock).toBe(true);
    expect(decode32(0xf0, 0x90)).toBe('bad-lock');
  });

  it('with bytes missing is truncated rather than bad', () => {
    expect(decode32(0xf0, 0x81, 0xc0, 1, 2)).toBe('truncated');
  });
});

describe('operands', () => {
  const operandsOf = (result: ReturnType<typeof decode>): readonly Operand[] => decoded(result).operands;

  it('sign-extends immediates and displacements from their encoded size', () => {
    expect(operandsOf(decode32(0xcd, 0x80))).toEqual([{ kind: 'immediate', size: 8, value: -128 }]);
    expect(operandsOf(decode32(0x66, 0x83, 0xc0, 0xff))[1]).toEqual({ kind: 'immediate', size: 16, value: -1 });
    expect(operandsOf(decode16(0xc2, 0x00, 0x80))).toEqual([{ kind: 'immediate', size: 16, value: -32768 }]);
    expect(operandsOf(decode16(0xa1, 0xfe, 0xff))[1]).toMatchObject({ displacement: -2, base: -1, index: -1 });
  });

  it('gives far pointers an unsigned selector', () => {
    expect(operandsOf(decode16(0xea, 0xf0, 0xff, 0x00, 0xf0))).toEqual([{ kind: 'far', selector: 0xf000, offset: 0xfff0 }]);
    expect(operandsOf(decode32(0x9a, 0, 0, 0, 0xc0, 0xff, 0xff))).toEqual([{ kind: 'far', selector: 0xffff, offset: 0xc0000000 | 0 }]);
  });

  it('takes the last segment override, and none for a string destination', () => {
    expect(operandsOf(decode32(0x64, 0x65, 0xa4)).map((operand) => operand.kind === 'memory' && operand.segment)).toEqual([0, 5]);
    expect(operandsOf(decode32(0x3e, 0xd7))).toEqual([{ kind: 'memory', size: 8, segment: 3, base: 3, index: -1, scale: 0, displacement: 0 }]);
  });

  it('has no scale without an index', () => {
    expect(operandsOf(decode32(0x8b, 0x04, 0xe4))[1]).toMatchObject({ base: 4, index: -1, scale: 0 });
  });

  it('reports a repeat prefix only where it means something; the last one counts', () => {
    expect(decoded(decode32(0xf3, 0x90)).repeat).toBe('none');
    expect(decoded(decode32(0xf3, 0xa4)).repeat).toBe('repe');
    expect(decoded(decode32(0xf3, 0xf2, 0xae)).repeat).toBe('repne');
  });

  it('size overrides in a row do not cancel each other', () => {
    expect(decoded(decode32(0x66, 0x66, 0x67, 0x67, 0x90))).toMatchObject({ operandSize: 16, addressSize: 16 });
    expect(decoded(decode16(0x66, 0x67, 0x90))).toMatchObject({ operandSize: 32, addressSize: 32 });
  });
});

describe('formatInstruction', () => {
  it('names mnemonic, sizes, addresses and targets', () => {
    expect(formatInstruction(decoded(decode32(0xf0, 0x01, 0x54, 0x83, 0x08)), 0)).toBe('lock add m32[ds:r3+r0*4+8] r32:2');
    expect(formatInstruction(decoded(decode32(0xeb, 0xfe)), 0x1000)).toBe('jmp 1000');
    expect(formatInstruction(decoded(decode16(0xf3, 0xa4)), 0)).toBe('repe movs m8[es:r7] m8[ds:r6]');
    expect(formatInstruction(decoded(decode32(0x0f, 0x22, 0xd8)), 0)).toBe('mov-to-cr cr3 r32:0');
    expect(formatInstruction(decoded(decode16(0xea, 0x05, 0x00, 0x00, 0xf0)), 0)).toBe('jmpf f000:5');
    expect(formatInstruction(decoded(decode32(0x8e, 0xd8)), 0)).toBe('load-sreg ds r16:0');
  });
});
