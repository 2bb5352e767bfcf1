import type { RegionNode } from './region.js';

/**
 * Order, dominators, loops and merges of a region's nodes: what structured control flow is printed from (Ramsey, "Beyond Relooper", ICFP 2022).
 * Everything is indexed by node; node 0 is the entry and reaches all others.
 */
export class ControlFlow {
  /** Place in reverse postorder. */
  readonly order: Int32Array;
  /** Nodes that a node dominates immediately. */
  readonly children: readonly number[][];
  /** More than one forward edge leads here. */
  readonly isMerge: readonly boolean[];
  /** A retreating edge leads here. */
  readonly isLoop: readonly boolean[];
  private readonly dominator: Int32Array;
  private readonly successors: readonly (readonly number[])[];

  constructor(nodes: readonly RegionNode[]) {
    const count = nodes.length;
    this.successors = nodes.map(({ successors }) => successors.filter(({ node }) => node >= 0).map(({ node }) => node));
    const sequence = this.reversePostorder();
    this.order = new Int32Array(count).fill(-1);
    sequence.forEach((node, position) => (this.order[node] = position));
    const predecessors: number[][] = nodes.map(() => []);
    for (const node of sequence) for (const target of this.successors[node]) predecessors[target].push(node);
    this.dominator = this.findDominators(sequence, predecessors);
    this.children = nodes.map(() => []);
    for (const node of sequence) if (node !== 0) this.children[this.dominator[node]].push(node);
    this.isMerge = predecessors.map((list, node) => list.filter((from) => this.order[from] < this.order[node]).length > 1);
    this.isLoop = predecessors.map((list, node) => list.some((from) => this.isBackEdge(from, node)));
  }

  /** A retreating edge to a node that dominates its source. Another retreating edge cannot be printed: it leaves the region. */
  isBackEdge(from: number, to: number): boolean { return this.isRetreating(from, to) && this.dominates(to, from); }
  isRetreating(from: number, to: number): boolean { return this.order[to] <= this.order[from]; }

  private dominates(upper: number, lower: number): boolean {
    for (let node = lower; ; node = this.dominator[node]) {
      if (node === upper) return true;
      if (node === 0) return false;
    }
  }

  private reversePostorder(): number[] {
    const seen = new Set([0]);
    const postorder: number[] = [];
    const stack = [{ node: 0, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      // The last successor first, so that the first one follows its node.
      const list = this.successors[top.node];
      if (top.next === list.length) {
        postorder.push(top.node);
        stack.pop();
        continue;
      }
      const target = list[list.length - 1 - top.next++];
      if (seen.has(target)) continue;
      seen.add(target);
      stack.push({ node: target, next: 0 });
    }
    return postorder.reverse();
  }

  /** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". */
  private findDominators(sequence: readonly number[], predecessors: readonly (readonly number[])[]): Int32Array {
    const dominator = new Int32Array(predecessors.length).fill(-1);
    dominator[0] = 0;
    const meet = (a: number, b: number): number => {
      while (a !== b) {
        while (this.order[a] > this.order[b]) a = dominator[a];
        while (this.order[b] > this.order[a]) b = dominator[b];
      }
      return a;
    };
    for (let changed = true; changed; ) {
      changed = false;
      for (const node of sequence) {
        if (node === 0) continue;
        let best = -1;
        for (const from of predecessors[node]) if (dominator[from] >= 0) best = best < 0 ? from : meet(best, from);
        if (dominator[node] === best) continue;
        dominator[node] = best;
        changed = true;
      }
    }
    return dominator;
  }
}
