import { expect, test } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { Region } from '@ringbench/machine';
import { MOST_REGIONS, Translator } from '@ringbench/translator';
import { BareMachine, CODE, entryOf, EXIT, word, type Program } from '../../interpreter/test/support/bare-machine.js';
import { eagerMachine, expectSame } from './support/both.js';

/** Changes of code that is in a region, and of where it is mapped. */
const EBX = 3;
const FUNCTION = 0x8100;
const ITERATIONS = 3000;
const MARGIN = 100;

test('a patched callee of a hot loop runs with its new immediate at once', () => {
  const { bare, translator } = eagerMachine();
  bare.load({
    at: [
      [CODE, [
        0xba, ...word(2), // mov edx, 2
        0xb9, ...word(ITERATIONS), // mov ecx, n
        0xe8, ...word(FUNCTION - CODE - 15), 0x49, 0x75, 0xf8, // call function; dec ecx; jnz back to the call
        0xc7, 0x05, ...word(FUNCTION + 1), ...word(2), // mov dword [its immediate], 2
        0x4a, 0x75, 0xe6, // dec edx; jnz back to mov ecx
        ...EXIT,
      ]],
      [FUNCTION, [0xb8, ...word(1), 0x01, 0xc3, 0xc3]], // mov eax, 1; add ebx, eax; ret
    ],
  });
  bare.finish(1_000_000);
  expect(bare.register(EBX)).toBe(ITERATIONS * (1 + 2));
  expect(translator.statistics.dropped).toBeGreaterThan(0);
  expect(translator.store.size).toBeLessThan(MOST_REGIONS);
});

test('a function rewritten before every call is soon left to the interpreter', () => {
  const { bare, translator } = eagerMachine();
  bare.load({
    at: [
      [CODE, [
        0xb9, ...word(ITERATIONS), // mov ecx, n
        0x89, 0x0d, ...word(FUNCTION + 1), // mov [immediate], ecx
        0xe8, ...word(FUNCTION - CODE - 16), 0x49, 0x75, 0xf2, // call function; dec ecx; jnz back to the store
        ...EXIT,
      ]],
      [FUNCTION, [0xb8, ...word(1), 0x01, 0xc3, 0xc3]],
    ],
  });
  bare.finish(1_000_000);
  expect(bare.register(EBX)).toBe((ITERATIONS * (ITERATIONS + 1)) / 2);
  expect(translator.statistics.translated).toBeLessThan(MARGIN);
});

const SECOND = 0x9000;
const ALIAS = 0x20000;
const COUNTER = 0x30000;
const COUNT_IN_CODE_PAGE = 0x8f00;
const HALF = ITERATIONS / 2;
const setCounter = [0xc7, 0x05, ...word(COUNTER), ...word(ITERATIONS)];
/** dec dword [counter]; jnz to `bytes` before the start of this. */
const loopBack = (bytes: number): number[] => [0xff, 0x0d, ...word(COUNTER), 0x0f, 0x85, ...word(-(bytes + 12))];
/** cmp dword [counter], half; jne over `bytes`. */
const halfWay = (then: readonly number[]): number[] => [0x81, 0x3d, ...word(COUNTER), ...word(HALF), 0x75, then.length, ...then];
const storeByte = (address: number, value: number): number[] => [0xc6, 0x05, ...word(address), value];
const storeDouble = (address: number, value: number): number[] => [0xc7, 0x05, ...word(address), ...word(value)];
const invalidate = (address: number): number[] => [0x0f, 0x01, 0x3d, ...word(address)];
const moveToCount = (value: number): number[] => [0xb9, ...word(value)];
const callTo = (here: number, to: number): number[] => [0xe8, ...word(to - here - 5)];
const LOOP = CODE + setCounter.length;

/** A loop that calls a function, and half-way does something. */
function loopWithCall(to: number, then: readonly number[]): number[] {
  const body = [...callTo(LOOP, to), ...halfWay(then)];
  return [...setCounter, ...body, ...loopBack(body.length), ...EXIT];
}

/** What EBX comes to: up by one in each iteration of the first half and the one in which the change is made, then down. */
const UP_AND_DOWN = HALF + 1 - (HALF - 1);
const INC_EBX = 0x43;
const DEC_EBX = 0x4b;
const RET = 0xc3;
const PROGRAMS: readonly (readonly [name: string, program: Program, ebx: number | undefined])[] = [
  ['another page is mapped where a callee is', {
    map: {}, at: [[CODE, loopWithCall(SECOND, [...storeDouble(entryOf(SECOND), ALIAS | 3), ...invalidate(SECOND)])], [SECOND, [INC_EBX, RET]], [ALIAS, [DEC_EBX, RET]]],
  }, UP_AND_DOWN],
  ['another page is mapped where the loop itself is', {
    // Behind each INVLPG the code's own page is walked anew.
    map: {}, at: [
      [CODE, [...setCounter, 0xe9, ...word(SECOND - LOOP - 5)]],
      ...[[SECOND, INC_EBX], [ALIAS, DEC_EBX]].map(([at, step]) => [at, [...halfWay(storeDouble(entryOf(SECOND), ALIAS | 3)), ...invalidate(SECOND), step, ...loopBack(30), ...EXIT]] as [number, number[]]),
    ],
  }, HALF - HALF],
  ['the first byte of a callee changes', { at: [[CODE, loopWithCall(FUNCTION, storeByte(FUNCTION, DEC_EBX))], [FUNCTION, [INC_EBX, RET]]] }, UP_AND_DOWN],
  ['a store that begins in the granule before a callee changes it', {
    at: [[CODE, loopWithCall(FUNCTION, storeDouble(FUNCTION - 2, (RET << 24) | (DEC_EBX << 16)))], [FUNCTION, [INC_EBX, RET]]],
  }, UP_AND_DOWN],
  ['the last byte of a node changes', {
    // add ebx, 1 becomes add ebx, FF000001h; a jump leads behind it, so that it ends a node.
    at: [[CODE, loopWithCall(FUNCTION, storeByte(FUNCTION + 9, 0xff))], [FUNCTION, [0xa8, 0x01, 0x7a, 0x06, 0x81, 0xc3, ...word(1), 0x40, RET]]], // test al, 1; jp behind; add ebx, 1; inc eax; ret
  }, undefined],
  ['an instruction that the region calls changes the next one', {
    // mov [edi], cl stores beside the code, and half-way into the immediate behind it.
    at: [[CODE, [
      ...moveToCount(ITERATIONS), 0xbe, ...word(CODE + 32), // mov ecx, n; mov esi, immediate
      0xbf, ...word(COUNT_IN_CODE_PAGE), 0x81, 0xf9, ...word(HALF), 0x0f, 0x44, 0xfe, // mov edi, data; cmp ecx, half; cmove edi, esi
      0x31, 0xc0, 0x40, 0x90, 0x90, 0x88, 0x0f, 0xb0, 0x01, // xor eax, eax; inc eax; nops; mov [edi], cl; mov al, 1
      0x0f, 0xb6, 0xc0, 0x01, 0xc3, 0x49, 0x75, 0xe1, // movzx eax, al; add ebx, eax; dec ecx; jnz back to mov edi
      ...EXIT,
    ]]],
  }, undefined],
];

test.each(PROGRAMS)('%s', (_, program, ebx) => {
  const { bare } = expectSame(program);
  if (ebx !== undefined) expect(bare.register(EBX)).toBe(ebx >>> 0);
});

test('an instruction with a patched immediate that a region leaves at, or calls, has the new one', () => {
  const LOOP = CODE + 5;
  const DATA = 0x30000;
  const program: Program = {
    at: [[CODE, [
      0xb9, ...word(ITERATIONS), // mov ecx, n
      0xff, 0x05, ...word(LOOP + 12), // inc dword [the next instruction's immediate]
      0xc7, 0x05, ...word(DATA), ...word(0), // mov dword [data], 0
      0x03, 0x1d, ...word(DATA), 0x49, 0x75, 0xe7, // add ebx, [data]; dec ecx; jnz back to inc
      ...EXIT,
    ]]],
  };
  const always = { address: Region.ROM, mask: 0 };
  const bare = new BareMachine(HOT_SET, undefined, undefined, (processor) => new Translator(processor, { sampleEvery: 1, threshold: 16, forcedExit: () => always }));
  bare.load(program);
  bare.finish(1_000_000);
  expect(bare.register(EBX)).toBe((ITERATIONS * (ITERATIONS + 1)) / 2);
});
