import { Field, hasPlainImmediate, IMMEDIATE_BYTES, recordOccurrences, RING_TRANSITIONS, type CodeCache, type CodeContext, type LoweredInstruction } from '@ringbench/interpreter';
import type { Statement } from '@ringbench/isa';
import { Region, type MachineMemory } from '@ringbench/machine';
import { planNode, type NodePlan } from './node-plan.js';
import { RunCache, type Run } from './run-cache.js';
import type { CallContext, Edge, NodeEnd, RegionNode, RegionShape } from './region.js';

const PAGE_MASK = 0xfff;
const MOST_CALL_DEPTH = 4;
/** An entry that soon leads to something untranslated costs more than it gains. */
const SHORTEST_START = 3;
/**
 * How much more a region may have at its own level than with callees. A loop that is cut is translated over and over from each place where control then comes in, and
 * each time nearly all of it.
 */
const OWN_FACTOR = 2.5;
const CONTEXT_STRIDE = 2 ** 32;
/** Of a call that is not followed: no node has it. */
const NOT_FOLLOWED: CallContext = { id: -1, parent: undefined, returnEip: 0, callee: 0, depth: 0, isInterrupt: false, user: false };

/** A callee with more is called: a region of its own, which its other callers enter too. */
const MOST_IN_CALLEE = 80;
const CALLS = new Set(['call', 'call-indirect', 'int']);

interface NodeBody {
  readonly code: readonly Statement[];
  readonly plan: NodePlan;
}

interface Leader {
  readonly eip: number;
  readonly host: number;
  readonly context: CallContext | undefined;
  readonly run: readonly LoweredInstruction[];
}

export interface FormerOptions {
  readonly mostInstructions: number;
  /** Code at this host address changes too often to be translated. */
  readonly isChurning: (host: number) => boolean;
  /** Where the indirect jump or call at a host address has been seen to go. */
  readonly targetsOf: (host: number) => readonly number[];
  /** The instruction at this host address is often left at: the interpreter is to be called there. */
  readonly callsAt: (host: number) => boolean;
  /** The immediate at this host address keeps changing. */
  readonly isPatched: (host: number) => boolean;
}

const isTranslated = ({ operation, instruction }: LoweredInstruction): boolean => operation.code !== undefined && instruction !== undefined;
const isRepeated = ({ instruction }: LoweredInstruction): boolean => instruction !== undefined && instruction.repeat !== 'none';

const isTransition = ({ operation: { shape } }: LoweredInstruction): boolean => RING_TRANSITIONS.has(shape.mnemonic) && shape.size === 32;

/** Instructions that end a block and go on behind it. */
const GO_ON = new Set(['sti', 'popf', 'mov-to-cr', 'invlpg', 'load-sreg', 'pop-sreg', 'load-far-pointer', 'lgdt', 'lidt', 'lmsw', 'clts', 'wrmsr']);
/** Whether an instruction that is not translated can be called: what comes next is behind it. */
function goesOn({ operation, instruction }: LoweredInstruction): boolean {
  return instruction !== undefined && instruction.repeat === 'none' && (instruction.row.traits.endsBlock !== true || GO_ON.has(operation.shape.mnemonic));
}

/**
 * Finds what belongs into a region: from an entry along those edges whose targets the interpreter has decoded, that is executed, into callees and
 * back, up to a number of instructions. Looks at the code TLB's table and changes nothing.
 */
export class RegionFormer {
  private readonly words: Int32Array;
  private leaders = new Map<number, Leader>();
  private queue: Leader[] = [];
  private contexts = new Map<string, CallContext>();
  readonly runs: RunCache;
  /** What was recorded of a run, by how many of its instructions. */
  private readonly bodies = new WeakMap<Run, Map<number, NodeBody>>();
  /** Where the code has not been executed. */
  private lacking = new Set<number>();
  /** Instructions that it has at its own level, and those that its callees will have. */
  private total = 0;
  private reserved = 0;
  private entry = 0;
  private user = false;

  constructor(memory: MachineMemory, private readonly cache: CodeCache, private readonly context: CodeContext, private readonly options: FormerOptions) {
    this.words = memory.words;
    this.runs = new RunCache((eip, host) => this.cutRun(cache.decodeRun(eip, host, context)));
  }

  /** The region of an entry, or undefined when it is not worth one. */
  form(eip: number, user: boolean): RegionShape | undefined {
    this.leaders = new Map();
    this.contexts = new Map();
    this.queue = [];
    this.lacking = new Set();
    this.total = 0;
    this.reserved = 0;
    this.entry = eip;
    this.user = user;
    if (!this.want(undefined, eip)) return undefined;
    for (let leader = this.queue.shift(); leader !== undefined; leader = this.queue.shift()) this.explore(leader);
    const nodes = this.buildNodes();
    if (nodes[0].end === 'step' && !nodes[0].calls && nodes[0].instructions.length <= SHORTEST_START) return undefined;
    return { nodes, user };
  }

  private key(context: CallContext | undefined, eip: number): number { return (context?.id ?? 0) * CONTEXT_STRIDE + (eip >>> 0); }

  private isUser(context: CallContext | undefined): boolean { return context === undefined ? this.user : context.user; }
  private hostOf(eip: number, user: boolean): number {
    const entry = this.words[((user ? Region.CODE_USER : Region.CODE_SUPERVISOR) >> 2) + (eip >>> 12)];
    return (entry & PAGE_MASK) === 0 ? (eip + entry) | 0 : -1;
  }

  /** Makes an address a leader if it may be one. `isBehind`: code of the same page leads straight there, so that it has been executed though no block begins there. */
  private want(context: CallContext | undefined, eip: number, isBehind = false): boolean {
    const key = this.key(context, eip);
    if (this.leaders.has(key)) return true;
    if (context === NOT_FOLLOWED || (context === undefined && this.total >= this.options.mostInstructions * OWN_FACTOR)) return false;
    const host = this.hostOf(eip, this.isUser(context));
    if (host < 0 || this.options.isChurning(host)) return false;
    if (!isBehind && this.cache.decodedAt(eip, host, this.context) === 0) {
      this.lacking.add(eip);
      return false;
    }
    const run = this.runs.get(eip, host);
    const untranslated = run.findIndex((instruction) => !isTranslated(instruction));
    if (run.length === 0 || (untranslated === 0 && !goesOn(run[0]))) return false;
    const leader = { eip, host, context, run };
    this.leaders.set(key, leader);
    this.queue.push(leader);
    if (context === undefined) this.total += run.length;
    return true;
  }
  /** Up to and including the first instruction that is not translated. A repeated string instruction, which goes back to itself, is alone, as in the interpreter's blocks. */
  private cutRun(run: Run): Run {
    const first = run.findIndex((instruction) => !isTranslated(instruction) || isRepeated(instruction));
    if (first < 0) return run;
    return run.slice(0, isRepeated(run[first]) && first > 0 ? first : first + 1);
  }

  private explore({ eip, host, run, context }: Leader): void {
    const last = run[run.length - 1];
    for (const instruction of run) {
      const isCall = isTranslated(instruction) ? this.options.callsAt(host + instruction.eip - eip) && !instruction.operation.terminal : goesOn(instruction);
      if (isCall && instruction.next >>> 12 === eip >>> 12) this.want(context, instruction.next, true);
    }
    for (const { context: inner, eip: target } of this.targets(last, context)) this.want(inner, target);
  }

  /** Where control may go behind the last instruction of a run, in the order of `RegionNode.successors`. */
  private targets(last: LoweredInstruction, context: CallContext | undefined): readonly { context: CallContext | undefined; eip: number }[] {
    if (!isTranslated(last)) return goesOn(last) ? [{ context, eip: last.next }] : [];
    const { code } = last.operation;
    const terminal = code?.at(-1);
    const { mnemonic } = last.operation.shape;
    const target = last.words[Field.IMMEDIATE];
    switch (terminal?.kind) {
      case 'branch': return [{ context, eip: target }, { context, eip: last.next }, ...(isRepeated(last) ? [{ context, eip: last.next }] : [])];
      case 'jump': return [{ context: mnemonic === 'call' ? this.contextOfCall(context, last.next, target) : context, eip: target }];
      case 'jump-to': return this.expectedTargets(last, context);
      default: return [{ context, eip: last.next }];
    }
  }

  private expectedTargets({ operation, eip, next }: LoweredInstruction, context: CallContext | undefined): readonly { context: CallContext | undefined; eip: number }[] {
    const { mnemonic } = operation.shape;
    if (mnemonic === 'ret' || mnemonic === 'iret') return context === undefined || context.isInterrupt !== (mnemonic === 'iret') ? [] : [{ context: context.parent, eip: context.returnEip }];
    const host = this.hostOf(eip, this.isUser(context));
    if (host < 0) return [];
    const targets = this.options.targetsOf(host);
    return targets.map((target) => ({ context: mnemonic === 'jmp-indirect' ? context : this.contextOfCall(context, next, target, mnemonic === 'int'), eip: target }));
  }

  /** Context of a call; recursion and deep nests are not followed. */
  private contextOfCall(parent: CallContext | undefined, returnEip: number, callee: number, isInterrupt = false): CallContext | undefined {
    const depth = (parent?.depth ?? 0) + 1;
    const key = `${parent?.id ?? 0} ${returnEip}`;
    const known = this.contexts.get(key);
    if (known !== undefined) return known;
    let isRecursive = callee === this.entry;
    for (let context = parent; context !== undefined; context = context.parent) isRecursive ||= context.callee === callee;
    // The handlers of the gates that can be followed run at CPL 0 (isa, semantics/rings.ts).
    const user = !isInterrupt && this.isUser(parent);
    if (depth > MOST_CALL_DEPTH || isRecursive || !this.fits(callee, user)) return NOT_FOLLOWED;
    const context = { id: this.contexts.size + 1, parent, returnEip, callee, depth, isInterrupt, user };
    this.contexts.set(key, context);
    return context;
  }

  /** Whether all of a callee that has been executed fits into the region: a part of it would be left in the middle of its loops. Takes the room if so. */
  private fits(callee: number, user: boolean): boolean {
    const room = this.options.mostInstructions - this.total - this.reserved;
    const size = this.sizeOf(callee, user, Math.min(room, MOST_IN_CALLEE));
    if (size > room || size > MOST_IN_CALLEE) return false;
    this.reserved += size;
    return true;
  }
  /** Instructions of a function, without those that it calls; stops counting beyond `most`. */
  private sizeOf(callee: number, user: boolean, most: number): number {
    const seen = new Set<number>();
    const rest = [callee];
    let size = 0;
    for (let eip = rest.pop(); eip !== undefined && size <= most; eip = rest.pop()) {
      const host = this.hostOf(eip, user);
      if (seen.has(eip) || host < 0 || this.cache.decodedAt(eip, host, this.context) === 0) continue;
      seen.add(eip);
      const run = this.runs.get(eip, host);
      if (run.length === 0) continue;
      const last = run[run.length - 1];
      size += run.length;
      if (CALLS.has(last.operation.shape.mnemonic)) rest.push(last.next);
      else for (const target of this.targets(last, undefined)) rest.push(target.eip);
    }
    return size;
  }

  // ---- nodes

  private buildNodes(): RegionNode[] {
    const number = new Map<number, number>();
    for (const key of this.leaders.keys()) number.set(key, number.size);
    return [...this.leaders.values()].map((leader) => this.buildNode(leader, number));
  }
  private buildNode({ eip, host, context, run }: Leader, number: ReadonlyMap<number, number>): RegionNode {
    const cut = run.findIndex((instruction, position) => position > 0 && number.has(this.key(context, instruction.eip)));
    const instructions = cut < 0 ? run : run.slice(0, cut);
    const last = instructions[instructions.length - 1];
    const translated = isTranslated(last) && !isTransition(last) ? instructions : instructions.slice(0, -1);
    const patched = translated.flatMap((single) => this.patchedImmediate(single, host - eip));
    const { code, plan } = this.bodyOf(run, translated, host - eip);
    const successors = cut >= 0 && isTranslated(last) ? [{ context, eip: run[cut].eip }] : this.targets(last, context);
    const edges = successors.map(({ context: inner, eip: target }): Edge => {
      const node = number.get(this.key(inner, target)) ?? -1;
      return { eip: target, node, host: this.hostOf(target, this.isUser(inner)), isLacking: inner !== NOT_FOLLOWED && this.lacking.has(target) };
    });
    const end = this.endOf(last, cut >= 0);
    const isBack = edges[0] !== undefined && edges[0].node >= 0;
    const calls = isBack && (end === 'step' || (end === 'fall' && this.options.callsAt(host + last.eip - eip)));
    return { eip, host, hostEnd: host + last.next - eip, context, user: this.isUser(context), patched, instructions, code, plan, end, calls, successors: calls && end === 'fall' ? [edges[0], edges[0]] : edges };
  }
  /** Host address of an instruction's immediate if that keeps changing; `distance` is that of host addresses from EIPs. */
  private patchedImmediate(single: LoweredInstruction, distance: number): readonly number[] {
    const at = single.next + distance - IMMEDIATE_BYTES;
    return hasPlainImmediate(single) && this.options.isPatched(at) ? [at] : [];
  }
  private bodyOf(run: readonly LoweredInstruction[], translated: readonly LoweredInstruction[], distance: number): NodeBody {
    const bodies = this.bodies.get(run) ?? new Map<number, NodeBody>();
    this.bodies.set(run, bodies);
    const known = bodies.get(translated.length);
    if (known !== undefined) return known;
    const code = translated.length === 0 ? [] : recordOccurrences(translated, (place) => this.patchedImmediate(translated[place], distance)[0] ?? -1);
    const body = { code, plan: planNode(code) };
    bodies.set(translated.length, body);
    return body;
  }
  private endOf(last: LoweredInstruction, isCut: boolean): NodeEnd {
    if (!isTranslated(last)) return 'step';
    if (isCut) return 'fall';
    if (isTransition(last)) return 'transition';
    switch (last.operation.code?.at(-1)?.kind) {
      case 'branch': return 'branch';
      case 'jump': return 'jump';
      case 'jump-to': return 'computed';
      default: return 'fall';
    }
  }
}
