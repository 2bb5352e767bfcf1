import { expect, test } from 'vitest';
import { ControlFlow } from '../src/control-flow.js';
import { diceOf, nodesOf, randomSketches } from './support/shapes.js';

test('a loop that is entered at its head needs no dispatcher', () => {
  const flow = new ControlFlow(nodesOf([{ price: 1, successors: [1] }, { price: 1, successors: [2, 3] }, { price: 1, successors: [1] }, { price: 1, successors: [] }]));
  expect(flow.dispatched).toEqual([]);
  expect(flow.isLoop.slice(0, 4)).toEqual([false, true, false, false]);
  expect(flow.isBackEdge(2, 1)).toBe(true);
});

test('a loop that is entered at two places is entered at one of them by the dispatcher', () => {
  const flow = new ControlFlow(nodesOf([{ price: 1, successors: [1, 2] }, { price: 1, successors: [2] }, { price: 1, successors: [1] }]));
  expect(flow.dispatched[0]).toBe(0);
  expect(flow.dispatched).toHaveLength(2);
  expect([flow.isDispatched(1, 2), flow.isDispatched(2, 1)].filter(Boolean)).toHaveLength(1);
});

test('every edge leads forward, back to what dominates it, or to a way of the dispatcher', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const dice = diceOf(seed);
    const nodes = nodesOf(randomSketches(dice, 2 + dice(30)));
    const flow = new ControlFlow(nodes);
    for (const [from, { successors }] of nodes.entries()) {
      for (const { node } of successors) {
        const ways = [!flow.isRetreating(from, node), flow.isBackEdge(from, node) && flow.isLoop[node], flow.isDispatched(from, node) && flow.dispatched.includes(node)];
        expect(ways.filter(Boolean), `seed ${seed}, edge ${from} to ${node}`).toHaveLength(1);
      }
    }
  }
});
