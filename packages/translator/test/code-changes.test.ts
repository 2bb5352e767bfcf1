import { expect, test } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { MOST_REGIONS, Translator } from '@ringbench/translator';
import { BareMachine, CODE, EXIT, word } from '../../interpreter/test/support/bare-machine.js';

/** Changes of code that is in a region, away from the region's entry. */
const EBX = 3;
const FUNCTION = 0x8100;
const ITERATIONS = 3000;
const MARGIN = 100;

function machineOf(): { bare: BareMachine; translator: Translator } {
  const bare = new BareMachine(HOT_SET, undefined, undefined, (processor) => new Translator(processor, { sampleEvery: 1, threshold: 16 }));
  return { bare, translator: bare.machine.executor as Translator };
}

test('a patched callee of a hot loop runs with its new immediate at once', () => {
  const { bare, translator } = machineOf();
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
  const { bare, translator } = machineOf();
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
