import type { LoweredInstruction } from '@ringbench/interpreter';
import type { Statement } from '@ringbench/isa';
import type { FlagRecipe } from './flag-form.js';
import type { NodePlan } from './node-plan.js';

/** A call that the region goes into: where it returns to, and from where it was made. Undefined is the region's own level. INT is a call, and IRET returns from it. */
export interface CallContext {
  readonly id: number;
  readonly parent: CallContext | undefined;
  readonly returnEip: number;
  readonly callee: number;
  readonly depth: number;
  /** Made by INT. */
  readonly isInterrupt: boolean;
  /** What is called runs at CPL 3. */
  readonly user: boolean;
}

/** Where control goes from the end of a node: another node, or (-1) out of the region to an EIP. */
export interface Edge {
  readonly eip: number;
  readonly node: number;
  /** Host address of the code there if that is known, else -1. */
  readonly host: number;
  /** It would have stayed inside, had the code there been executed before. */
  readonly isLacking: boolean;
}

/**
 * How a node ends. `step`: its last instruction is not translated, the interpreter executes it. `computed`: to an address in a register or memory; its
 * successors are those that are expected. `transition`: the same, by an INT or IRET that a function executes (`RingTransitions`).
 */
export type NodeEnd = 'transition' | 'branch' | 'jump' | 'computed' | 'fall' | 'step';

/** Instructions that are entered at the first and left at the last, or in the middle through a site. */
export interface RegionNode {
  readonly eip: number;
  /** Host address of its first byte, and behind its last. */
  readonly host: number;
  readonly hostEnd: number;
  readonly context: CallContext | undefined;
  /** Runs at CPL 3; at the others the supervisor's tables count. */
  readonly user: boolean;
  /** Host addresses of 32-bit immediates of its instructions that are read from memory when they are needed: they may change. */
  readonly patched: readonly number[];
  /** All of them cost budget; the last one of a `step` or `transition` is not in `code`. */
  readonly instructions: readonly LoweredInstruction[];
  readonly code: readonly Statement[];
  readonly plan: NodePlan;
  readonly end: NodeEnd;
  /**
   * Its last instruction, where the region cannot do it, is executed by the interpreter in a call, and control comes back: to the last successor. Else the
   * region leaves there.
   */
  readonly calls: boolean;
  /** branch: taken, not taken, and of a repetition where it is done; computed: those that are expected; fall, jump, a step that calls: the one; a fall that calls: that twice. */
  readonly successors: readonly Edge[];
}

/** What is to be translated: node 0 is the only entry. */
export interface RegionShape {
  readonly nodes: readonly RegionNode[];
  /** Its entry runs at CPL 3. */
  readonly user: boolean;
}

/**
 * A place where a region leaves for more than another EIP, or calls.
 * `instruction`: it has not been executed. `target`: it has, an indirect jump or call, and EIP says where it goes, which is to be learnt. `call`: it is to be
 * executed, and the region goes on behind it. `edge`: control goes on at an EIP that the region lacks. `budget`: it goes on at an EIP for which too few instructions of
 * the slice are left.
 */
export interface Site {
  readonly kind: 'instruction' | 'target' | 'call' | 'edge' | 'budget';
  /** Where EIP is then; a `target` site has set it. */
  readonly eip: number;
  /** Instructions that were charged and have not run. */
  readonly refund: number;
  /** Host address of the instruction; of edges and of nodes that were not paid for, of the code before. */
  readonly host: number;
  /** The check that leads here also refuses misaligned addresses within a page. */
  readonly checksAlignment: boolean;
  /** Flag words that are not in their places yet. */
  readonly flags: readonly FlagRecipe[];
}
