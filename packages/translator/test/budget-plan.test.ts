import { expect, test } from 'vitest';
import { planBudget } from '../src/budget-plan.js';
import { ControlFlow } from '../src/control-flow.js';
import type { RegionNode } from '../src/region.js';
import { diceOf, nodesOf, randomSketches } from './support/shapes.js';

/** The most instructions that can run from a tested node to the next tests, along any way. */
function longestFrom(node: number, nodes: readonly RegionNode[], tests: Int32Array): number {
  const ways = nodes[node].successors.map(({ node: next }) => (tests[next] > 0 ? 0 : longestFrom(next, nodes, tests)));
  return nodes[node].instructions.length + Math.max(0, ...ways);
}

test('each test answers for exactly the longest way to the next ones', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const dice = diceOf(seed);
    const nodes = nodesOf(randomSketches(dice, 2 + dice(20)));
    const tests = planBudget(nodes, new ControlFlow(nodes));
    expect(tests[0], `seed ${seed}`).toBeGreaterThan(0);
    for (const [node, needed] of tests.entries()) if (needed > 0) expect(needed, `seed ${seed}, node ${node}`).toBe(longestFrom(node, nodes, tests));
  }
});

test('behind a call into the interpreter, which may take more than its price, there is a test', () => {
  const nodes = nodesOf([{ price: 2, successors: [1], calls: true }, { price: 3, successors: [] }]);
  expect([...planBudget(nodes, new ControlFlow(nodes))]).toEqual([2, 3]);
});

test('a long way is tested more than once', () => {
  const nodes = nodesOf([{ price: 30, successors: [1] }, { price: 5, successors: [2] }, { price: 20, successors: [] }]);
  expect([...planBudget(nodes, new ControlFlow(nodes))]).toEqual([30, 25, 0]);
});
