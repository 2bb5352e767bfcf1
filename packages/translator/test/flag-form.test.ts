import { expect, test } from 'vitest';
import { Word, type Expression, type Statement } from '@ringbench/isa';
import { formOf, restoreFlags } from '../src/flag-form.js';
import { planNode } from '../src/node-plan.js';

const temporary = (id: number): Extract<Expression, { kind: 'temporary' }> => ({ kind: 'temporary', id });
const FIRST = temporary(0);
const SECOND = temporary(1);
const DIFFERENCE = temporary(2);
const VALUE: Expression = { kind: 'binary', operator: 'xor', left: DIFFERENCE, right: { kind: 'binary', operator: 'and', left: FIRST, right: DIFFERENCE } };
/** Two loads, their difference for the flags alone, and a flag word. */
const CODE: readonly Statement[] = [
  { kind: 'load', to: FIRST, address: { kind: 'constant', value: 0 }, size: 32 },
  { kind: 'load', to: SECOND, address: { kind: 'constant', value: 4 }, size: 32 },
  { kind: 'let', to: DIFFERENCE, value: { kind: 'binary', operator: 'sub', left: FIRST, right: SECOND } },
  { kind: 'set-word', word: 'FLAG_CARRY', value: VALUE },
];

test('a form is computed from what has a place, and not from what only flags need', () => {
  const plan = planNode(CODE);
  expect([...plan.places]).toEqual([0, 1, -1]);
  expect(formOf(VALUE, plan).leaves).toEqual([0, 1]);
});

test('what was left is put into the state word, from whichever slots it is in', () => {
  const state = new Int32Array(Word.FLAG_CARRY + 1);
  const values = Int32Array.of(0, 1001, 0, 6);
  restoreFlags(state, values, [{ word: Word.FLAG_CARRY, form: formOf(VALUE, planNode(CODE)), slots: [3, 1] }]);
  expect(state[Word.FLAG_CARRY]).toBe((6 - 1001) ^ (6 & (6 - 1001)));
});
