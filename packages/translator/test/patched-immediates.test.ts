import { describe, expect, test } from 'vitest';
import { CODE, EXIT, word } from '../../interpreter/test/support/bare-machine.js';
import { expectSame } from './support/both.js';

/** Immediates of code that runs: both executors write them in place, and translated code reads them from memory. */
const EBX = 3;
const TIMES = 2000;
const SUM = (TIMES * (TIMES + 1)) / 2;
const OTHER_PAGE = 0x9000;
const FEW = 12;
const START = [0xb9, ...word(TIMES)]; // mov ecx, n
const LOOP = CODE + START.length;
const loop = (body: readonly number[]): number[] => [...START, ...body, 0x49, 0x0f, 0x85, ...word(-(body.length + 7)), ...EXIT]; // dec ecx; jnz to the body

describe('an immediate that changes each time', () => {
  test('is patched in the loop that executes it, and the region stays', () => {
    // mov [immediate], ecx; add ebx, immediate
    const { bare, translator } = expectSame({ at: [[CODE, loop([0x89, 0x0d, ...word(LOOP + 8), 0x81, 0xc3, ...word(0)])]] });
    expect(bare.register(EBX)).toBe(SUM);
    expect(translator.statistics.dropped).toBeLessThan(FEW);
    expect(translator.store.size).toBeGreaterThan(0);
  });
  test('on another page, of a push, an IMUL and a comparison', () => {
    // mov [immediate of push], ecx; mov [of imul], ecx; mov [of cmp], ecx; call
    const stores = [3, 10, 16].flatMap((offset) => [0x89, 0x0d, ...word(OTHER_PAGE + offset)]);
    // nop; nop; push 0; pop eax; nop; imul edx, eax, 0; cmp ecx, 0; jne over inc ebx; ret
    const callee = [0x90, 0x90, 0x68, ...word(0), 0x58, 0x69, 0xd0, ...word(0), 0x81, 0xf9, ...word(0), 0x75, 0x01, 0x43, 0xc3];
    const { bare, translator } = expectSame({ at: [[CODE, loop([...stores, 0xe8, ...word(OTHER_PAGE - LOOP - stores.length - 5)])], [OTHER_PAGE, callee]] });
    expect(bare.register(EBX)).toBe(TIMES);
    expect(bare.register(2)).toBe(1);
    expect(translator.statistics.dropped).toBeLessThan(2 * FEW);
  });
  test('by its bytes, one and two at a time', () => {
    // mov [immediate], cl; mov [immediate + 1], ch; mov [immediate + 2], dx with EDX 0; add ebx, immediate
    const body = [0x88, 0x0d, ...word(LOOP + 21), 0x88, 0x2d, ...word(LOOP + 22), 0x66, 0x89, 0x15, ...word(LOOP + 23), 0x81, 0xc3, ...word(0x7f7f7f7f)];
    expect(expectSame({ at: [[CODE, loop(body)]] }).bare.register(EBX)).toBe(SUM);
  });
  test('together with the opcode behind it', () => {
    // mov eax, ecx; and eax, 1; shl eax, 11; add eax, 4300h; mov [last byte of the immediate], ax; add ebx, 10; inc ebx, or dec ebx where ECX is odd
    const head = [0x89, 0xc8, 0x83, 0xe0, 0x01, 0xc1, 0xe0, 0x0b, 0x05, ...word(0x4300), 0x66, 0xa3];
    const body = [...head, ...word(LOOP + head.length + 9), 0x81, 0xc3, ...word(10), 0x43];
    expect(expectSame({ at: [[CODE, loop(body)]] }).bare.register(EBX)).toBe(10 * TIMES);
  });
  test('and is a shift count, which is not patched in place', () => {
    // mov [count], cl; mov eax, 1; shl eax, count; add ebx, eax: an immediate of one byte
    const body = [0x88, 0x0d, ...word(LOOP + 13), 0xb8, ...word(1), 0xc1, 0xe0, 0x00, 0x01, 0xc3];
    const expected = Array.from({ length: TIMES }, (_, i) => 1 << ((i + 1) & 31)).reduce((sum, value) => (sum + value) | 0, 0);
    expect(expectSame({ at: [[CODE, loop(body)]] }).bare.register(EBX)).toBe(expected);
  });
});
