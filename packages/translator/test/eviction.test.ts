import { expect, test } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { Translator } from '@ringbench/translator';
import { BareMachine, CODE, EXIT, word, type Program } from '../../interpreter/test/support/bare-machine.js';

const LOOPS = 40;
const ROUNDS = 3;
const ITERATIONS = 200;
const MOST_REGIONS = 9;
const LONG_SLICE = 1_000_000;

/** Many loops one after the other, each far enough from the next that they are regions of their own, and all of it some times over. */
function program(): Program {
  const loop = [0xb9, ...word(ITERATIONS), 0x43, 0x01, 0xde, 0x49, 0x75, 0xfa]; // mov ecx, n; inc ebx; add esi, ebx; dec ecx; jnz back to inc
  const body = Array.from({ length: LOOPS }, () => loop).flat();
  return { at: [[CODE, [0xba, ...word(ROUNDS), ...body, 0x4a, 0x0f, 0x85, ...word(-body.length - 7), ...EXIT]]] }; // mov edx, rounds; …; dec edx; jnz back
}

test('no more regions live at once than may, and a guest does not notice which went', () => {
  const translated = new BareMachine(HOT_SET, undefined, undefined, (processor) => new Translator(processor, { sampleEvery: 1, threshold: 16, mostInstructions: 2, mostRegions: MOST_REGIONS }));
  const expected = new BareMachine(HOT_SET);
  const { store, statistics } = translated.machine.executor as Translator;
  let most = 0;
  const add = store.add.bind(store);
  store.add = (shape, microOp) => {
    const region = add(shape, microOp);
    most = Math.max(most, store.size);
    return region;
  };
  for (const machine of [expected, translated]) {
    machine.load(program());
    machine.finish(LONG_SLICE);
  }
  expect(statistics.translated).toBeGreaterThan(2 * MOST_REGIONS);
  expect(most).toBe(MOST_REGIONS);
  expect(translated.snapshot()).toEqual(expected.snapshot());
  expect(translated.machine.counts()).toEqual(expected.machine.counts());
});
