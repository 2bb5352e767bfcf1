import { expect } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { Translator } from '@ringbench/translator';
import { BareMachine, type Program } from '../../../interpreter/test/support/bare-machine.js';

const LONG_SLICE = 1_000_000;

/** A machine that translates at once. */
export function eagerMachine(): { readonly bare: BareMachine; readonly translator: Translator } {
  const bare = new BareMachine(HOT_SET, undefined, undefined, (processor) => new Translator(processor, { sampleEvery: 1, threshold: 16 }));
  return { bare, translator: bare.machine.executor as Translator };
}

/** Runs a program to its end on the interpreter and on the translator, and expects state, memory and counts to be equal. */
export function expectSame(program: Program): { readonly bare: BareMachine; readonly translator: Translator } {
  const expected = new BareMachine(HOT_SET);
  const eager = eagerMachine();
  for (const machine of [expected, eager.bare]) {
    machine.load(program);
    machine.finish(LONG_SLICE);
  }
  expect(eager.translator.statistics.translated).toBeGreaterThan(0);
  expect(eager.bare.snapshot()).toEqual(expected.snapshot());
  expect(eager.bare.machine.counts()).toEqual(expected.machine.counts());
  return eager;
}
