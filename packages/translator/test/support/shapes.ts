import type { LoweredInstruction } from '@ringbench/interpreter';
import type { RegionNode } from '../../src/region.js';
import { NOTHING_PLANNED } from '../../src/node-plan.js';
import { lower, type CodeContext } from '../../../interpreter/src/lowering.js';
import { OperationTable } from '../../../interpreter/src/operations.js';
import { decode } from '@ringbench/isa';

/** Regions as graphs, for what looks at edges and prices alone. */

const NOP = 0x90;
const FLAT: CodeContext = { code32: true, stack32: true, flat: true };

function nop(): LoweredInstruction {
  const decoded = decode({ byte: () => NOP }, 0, FLAT);
  if (typeof decoded === 'string') throw new Error(decoded);
  return lower(new OperationTable(), decoded, 0, FLAT, () => 0);
}
export const INSTRUCTION = nop();

export interface NodeSketch {
  readonly price: number;
  readonly successors: readonly number[];
  readonly calls?: boolean;
}

export function nodesOf(sketches: readonly NodeSketch[]): RegionNode[] {
  return sketches.map(({ price, successors, calls }, number) => ({
    eip: number, host: number, hostEnd: number + 1, context: undefined, user: false, patched: [], instructions: Array.from({ length: price }, () => INSTRUCTION), code: [], plan: NOTHING_PLANNED,
    end: 'branch', calls: calls ?? false, successors: successors.map((node) => ({ eip: node, node, host: node, isLacking: false })),
  }));
}

/** A connected graph: each node but the last leads on, and some elsewhere. */
export function randomSketches(next: (limit: number) => number, count: number): NodeSketch[] {
  return Array.from({ length: count }, (_, number) => {
    const successors = number + 1 < count ? [number + 1] : [];
    while (next(3) > 0) successors.push(next(count));
    return { price: 1 + next(20), successors, calls: next(10) === 0 };
  });
}

/** Numbers below a limit, from a seed. */
export function diceOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 0x41c64e6d) + 12345) | 0;
    return (state >>> 8) % limit;
  };
}
