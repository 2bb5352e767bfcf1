import type { RegionNode } from './region.js';

/**
 * Order, dominators, loops and merges of a region's nodes: what structured control flow is printed from (Ramsey, "Beyond Relooper", ICFP 2022). Everything is indexed by
 * node; node 0 is the entry and reaches all others. Behind the last node is one more, the *dispatcher*: it comes first, leads to the entry, and to every node that
 * is entered by a retreating edge without dominating where that comes from. Such an edge goes by the dispatcher, so that what is left is reducible.
 */
export class ControlFlow {
  /** Place in reverse postorder. */
  readonly order: Int32Array;
  /** Nodes that a node dominates immediately. */
  readonly children: readonly number[][];
  /** More than one forward edge leads here, or the dispatcher does. */
  readonly isMerge: readonly boolean[];
  /** A back edge leads here. */
  readonly isLoop: readonly boolean[];
  /** Number of the dispatcher. */
  readonly dispatcher: number;
  /** Where the dispatcher leads, if it is needed: the entry first; otherwise empty. */
  readonly dispatched: readonly number[];
  private readonly dominator: Int32Array;
  private readonly successors: (readonly number[])[];

  constructor(nodes: readonly RegionNode[]) {
    this.dispatcher = nodes.length;
    this.successors = nodes.map(({ successors }) => successors.filter(({ node }) => node >= 0).map(({ node }) => node));
    const count = nodes.length + 1;
    this.order = new Int32Array(count);
    this.dominator = new Int32Array(count);
    const predecessors = this.makeReducible(count);
    const ways = this.successors[this.dispatcher];
    this.dispatched = ways.length > 1 ? ways : [];
    this.children = predecessors.map(() => []);
    for (let node = 0; node < nodes.length; node++) this.children[this.dominator[node]].push(node);
    this.isMerge = predecessors.map((list, node) => this.dispatched.includes(node) || list.filter((from) => this.order[from] < this.order[node]).length > 1);
    this.isLoop = predecessors.map((list, node) => list.some((from) => this.isBackEdge(from, node)));
  }

  /** The node that control must come through before, perhaps the dispatcher. */
  dominatorOf(node: number): number { return this.dominator[node]; }
  /** An edge that must go by the dispatcher. */
  isDispatched(from: number, to: number): boolean { return this.isRetreating(from, to) && !this.dominates(to, from); }
  isBackEdge(from: number, to: number): boolean { return this.isRetreating(from, to) && this.dominates(to, from); }
  isRetreating(from: number, to: number): boolean { return this.order[to] <= this.order[from]; }

  /** Gives the dispatcher ways until every retreating edge is a back edge or leads to one of them. Result: the predecessors of each node. */
  private makeReducible(count: number): readonly number[][] {
    const ways = [0];
    this.successors.push(ways);
    for (;;) {
      const sequence = this.reversePostorder();
      sequence.forEach((node, position) => (this.order[node] = position));
      const predecessors: number[][] = Array.from({ length: count }, () => []);
      for (const node of sequence) for (const target of this.successors[node]) predecessors[target].push(node);
      this.findDominators(sequence, predecessors);
      const before = ways.length;
      for (const node of sequence) for (const target of this.successors[node]) if (!ways.includes(target) && this.isDispatched(node, target)) ways.push(target);
      if (ways.length === before) return predecessors;
    }
  }

  private dominates(upper: number, lower: number): boolean {
    for (let node = lower; ; node = this.dominator[node]) {
      if (node === upper) return true;
      if (node === this.dispatcher) return false;
    }
  }

  private reversePostorder(): number[] {
    const seen = new Set([this.dispatcher]);
    const postorder: number[] = [];
    const stack = [{ node: this.dispatcher, next: 0 }];
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
  private findDominators(sequence: readonly number[], predecessors: readonly (readonly number[])[]): void {
    const { dominator, dispatcher } = this;
    dominator.fill(-1);
    dominator[dispatcher] = dispatcher;
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
        if (node === dispatcher) continue;
        let best = -1;
        for (const from of predecessors[node]) if (dominator[from] >= 0) best = best < 0 ? from : meet(best, from);
        if (dominator[node] === best) continue;
        dominator[node] = best;
        changed = true;
      }
    }
  }
}
