import type { ControlFlow } from './control-flow.js';
import type { RegionNode } from './region.js';

/**
 * The most instructions that one test of the budget answers for. When fewer are left, the interpreter does them: more would make the ends of slices dear, fewer the
 * rest of the time.
 */
const MOST_AHEAD = 40;

/**
 * For each node, how many instructions of the slice must be left when control enters it, or 0 where that is known: another test before it has answered for it. A test
 * answers for the longest way to the next ones; where control comes back, and behind what itself takes from the budget, there is always one.
 */
export function planBudget(nodes: readonly RegionNode[], flow: ControlFlow): Int32Array {
  const isTested = nodes.map((_, node) => node === 0 || flow.isLoop[node] || flow.dispatched.includes(node));
  for (const { code, calls, successors } of nodes) {
    if (!calls && !code.some(({ kind }) => kind === 'bulk')) continue;
    for (const { node } of successors) if (node >= 0) isTested[node] = true;
  }
  const backwards = nodes.map((_, node) => node).toSorted((a, b) => flow.order[b] - flow.order[a]);
  lookAhead(nodes, backwards, (next, distance) => {
    isTested[next] ||= distance > MOST_AHEAD;
    return isTested[next];
  });
  // Once more: a way may end sooner than it seemed.
  return lookAhead(nodes, backwards, (next) => isTested[next]).map((instructions, node) => (isTested[node] ? instructions : 0));
}

/** For each node the longest way from its beginning to the next tests, in instructions. `isTested` is asked with how far it is to the end of the way through a node. */
function lookAhead(nodes: readonly RegionNode[], backwards: readonly number[], isTested: (node: number, distance: number) => boolean): Int32Array {
  const ahead = new Int32Array(nodes.length);
  for (const node of backwards) {
    const price = nodes[node].instructions.length;
    ahead[node] = price;
    for (const { node: next } of nodes[node].successors) if (next >= 0 && !isTested(next, price + ahead[next])) ahead[node] = Math.max(ahead[node], price + ahead[next]);
  }
  return ahead;
}
