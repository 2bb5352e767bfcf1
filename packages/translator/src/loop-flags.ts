import type { Expression } from '@ringbench/isa';
import type { ControlFlow } from './control-flow.js';
import { flagValueOf, formOf, templateOf, type FlagForm } from './flag-form.js';
import { FlagWord } from './flag-liveness.js';
import type { NodePlan, Temporaries } from './node-plan.js';
import type { RegionNode } from './region.js';

/** More would cost the loop registers. */
const MOST_LEAVES = 3;

/**
 * FLAG_CARRY at a loop's head, where control comes from places that set it in different ways: by the form in which the end of the loop sets it, and a correction, which
 * is exclusive-or'ed to that. On the way back the form's leaves are passed and the correction is 0; from elsewhere the leaves are 0, and the correction does it all. So a
 * loop computes no carries that are only looked at when it is left.
 */
export interface LoopFlags {
  readonly form: FlagForm;
  /** What the form is for leaves that are 0. */
  readonly ofZeros: number;
  /** FLAG_CARRY. */
  readonly value: Expression;
  /** Of `value`: the leaves, then the correction. */
  readonly temporaries: Temporaries;
}

/** For loop heads for which it pays. @param live see `flagsLiveAt`. @param first the first local that is free; on the result's `end` nothing is used. */
export function planLoopFlags(nodes: readonly RegionNode[], flow: ControlFlow, live: Int32Array, first: number): { readonly loops: ReadonlyMap<number, LoopFlags>; readonly end: number } {
  const loops = new Map<number, LoopFlags>();
  let end = first;
  for (const [from, { successors }] of nodes.entries()) {
    for (const { node: head } of successors) {
      if (head < 0 || loops.has(head) || !flow.isBackEdge(from, head) || (live[head] & FlagWord.CARRY) === 0) continue;
      const form = carryFormAt(from, head, nodes, flow);
      if (form === undefined || form.leaves.length > MOST_LEAVES) continue;
      loops.set(head, loopFlags(form, end));
      end += form.leaves.length + 1;
    }
  }
  return { loops, end };
}

/** How FLAG_CARRY was set last before the end of a node, as far as the nodes up to a loop's head tell. */
function carryFormAt(from: number, head: number, nodes: readonly RegionNode[], flow: ControlFlow): FlagForm | undefined {
  for (let node = from; ; node = flow.dominatorOf(node)) {
    const { plan } = nodes[node];
    if (plan.carry !== undefined) return formOf(plan.carry, plan);
    if (node === head || (plan.flags.written & FlagWord.CARRY) !== 0) return undefined;
  }
}

function loopFlags(form: FlagForm, first: number): LoopFlags {
  const count = form.leaves.length;
  const places = Int16Array.from({ length: count + 1 }, (_, n) => n);
  const plan: NodePlan = { deferred: [], places, locals: count + 1, flags: { needed: 0, written: 0 }, carry: undefined };
  const value: Expression = { kind: 'binary', operator: 'xor', left: templateOf(form), right: { kind: 'temporary', id: count } };
  return { form, ofZeros: flagValueOf(form, new Int32Array(1), form.leaves.map(() => 0)), value, temporaries: { plan, first } };
}
