import { Word, type Expression, type Statement } from '@ringbench/isa';
import { CodeBuffer, EMPTY_BLOCK, Op, type FunctionBody } from '@ringbench/interpreter';
import { planBudget } from './budget-plan.js';
import { findAddressHash, type AddressHash } from './computed-jump.js';
import { ControlFlow } from './control-flow.js';
import { flagsLiveAt, FlagWord } from './flag-liveness.js';
import { Local, Outcome } from './locals.js';
import { planLoopFlags, type LoopFlags } from './loop-flags.js';
import type { Edge, RegionNode, RegionShape } from './region.js';
import { RegionExitPrinter, type RegionPrinterOptions } from './region-exit-printer.js';
import type { PendingFlags } from './region-value-printer.js';

/** Of these it is learnt where they go. */
const LEARNT = new Set(['jmp-indirect', 'call-indirect', 'int']);

const USER_LEVEL = 3;
/** From so many targets on a jump through a table is quicker than comparisons. */
const FEWEST_FOR_TABLE = 4;
/** The type of a region's function, in its module. */
const OWN_TYPE = 0;

/**
 * Prints a region as one function: registers and flags in locals, control flow as blocks and loops, a check before each access that leaves the region when
 * it fails. This is the control flow; values and accesses are RegionValuePrinter's, ways out RegionExitPrinter's.
 */
export class RegionPrinter extends RegionExitPrinter {
  private readonly nodes: readonly RegionNode[];
  private readonly flow: ControlFlow;
  private readonly live: Int32Array;
  private readonly tests: Int32Array;
  private readonly loops: ReadonlyMap<number, LoopFlags>;
  /** Of a loop, its beginning; of a merge, the end of the block before it. The latter is known until the merge begins, the former from then on. */
  private readonly labels = new Map<number, number>();
  private dispatchLabel = 0;
  private nodeNumber = 0;
  private lastLocal: number;

  constructor(shape: RegionShape, options: RegionPrinterOptions) {
    super(shape, options);
    this.nodes = shape.nodes;
    this.flow = new ControlFlow(shape.nodes);
    this.live = flagsLiveAt(shape.nodes);
    this.tests = planBudget(shape.nodes, this.flow);
    const { loops, end } = planLoopFlags(shape.nodes, this.flow, this.live, this.place.first);
    this.loops = loops;
    this.place = { ...this.place, first: end };
    this.lastLocal = end;
  }

  /** The function's body; no parameters. */
  print(name: string): FunctionBody {
    const { out } = this;
    // Everything leaves through the end of this block.
    out.op(Op.block, EMPTY_BLOCK);
    this.depth = 1;
    if (this.live[0] !== 0) this.useFlags();
    if (this.nodes.some(({ calls, end }) => calls || end === 'transition')) this.useAllOf(this.nodes);
    this.test(0);
    this.settleFor(0);
    if (this.flow.dispatched.length === 0) this.tree(0);
    else this.dispatch();
    out.op(Op.end);
    const code = new CodeBuffer();
    this.loadState(code);
    code.append(out);
    this.storeState(code);
    this.storeExitValues(code);
    code.constant(0).get(Local.EIP).memory(Op.i32Store, 2, Word.EIP * 4);
    if (this.isLinked) this.goOn(code);
    code.get(Local.OUTCOME);
    return { name, parameters: 0, locals: this.lastLocal, wideLocals: 0, code };
  }

  /** In another region, if a link was set on the way out. */
  private goOn(code: CodeBuffer): void {
    code.get(Local.LINK).op(Op.if, EMPTY_BLOCK).get(Local.LINK).op(Op.returnCallIndirect).unsigned(OWN_TYPE).unsigned(0).op(Op.end);
  }

  // ---- structure

  /** Prints a node and all that it dominates. Flags that are pending now still are in a node that control enters from nowhere else. */
  private tree(number: number): void {
    const merges = this.mergesOf(number);
    if (!this.flow.isLoop[number]) {
      this.within(number, merges);
      return;
    }
    this.labels.set(number, this.open(Op.loop));
    this.within(number, merges);
    this.close();
  }
  /** A loop around everything: where it goes is in a local. */
  private dispatch(): void {
    const { out, flow } = this;
    out.constant(0).set(Local.WAY);
    this.dispatchLabel = this.open(Op.loop);
    this.within(flow.dispatcher, this.mergesOf(flow.dispatcher));
    this.close();
  }
  private printWays(): void {
    const { out, flow } = this;
    out.get(Local.WAY).op(Op.brTable).unsigned(flow.dispatched.length - 1);
    for (const node of flow.dispatched) out.unsigned(this.depth - this.label(node));
  }
  /** Merges that a node dominates, the last in order first. */
  private mergesOf(number: number): readonly number[] {
    const { children, isMerge, order } = this.flow;
    return children[number].filter((child) => isMerge[child]).toSorted((a, b) => order[b] - order[a]);
  }
  /** Blocks around a node at whose ends the merges that it dominates begin, the last in order outermost. */
  private within(number: number, merges: readonly number[]): void {
    if (merges.length === 0) {
      if (number === this.flow.dispatcher) this.printWays();
      else this.printNode(number);
      // Nothing falls out of a node.
      this.out.op(Op.unreachable);
      return;
    }
    const [merge, ...inner] = merges;
    this.labels.set(merge, this.open(Op.block));
    this.within(number, inner);
    this.close();
    this.tree(merge);
  }
  private printNode(number: number): void {
    const outer = { user: this.user, node: this.node, nodeNumber: this.nodeNumber, position: this.position, place: this.place, pending: this.pending };
    this.node = this.nodes[number];
    this.user = this.node.user;
    this.nodeNumber = number;
    this.position = 0;
    const isJoin = this.flow.isMerge[number] || this.flow.isLoop[number];
    this.pending = isJoin ? this.pendingAt(number) : new Map(this.pending);
    this.place = { plan: this.node.plan, first: this.place.first + this.place.plan.locals };
    this.lastLocal = Math.max(this.lastLocal, this.place.first + this.place.plan.locals);
    this.charge(number);
    for (const statement of this.node.code) this.statement(statement);
    this.endNode();
    Object.assign(this, outer);
  }

  /** Flags that are pending at the beginning of a node that control enters from more than one place. */
  private pendingAt(number: number): PendingFlags {
    const loop = this.loops.get(number);
    return new Map(loop === undefined ? [] : [['FLAG_CARRY', { value: loop.value, temporaries: loop.temporaries }]]);
  }
  /** Before an edge to such a node. */
  private settleFor(number: number): void {
    const loop = this.loops.get(number);
    this.settleFlags(loop === undefined ? this.live[number] : this.live[number] & FlagWord.RESULT);
    if (loop !== undefined) this.passCarry(loop);
  }

  private statement(s: Statement): void {
    switch (s.kind) {
      case 'advance': this.position++; break;
      case 'let': if (this.place.plan.places[s.to.id] >= 0) this.plain(s); break;
      case 'branch': this.branch(s.condition); break;
      case 'done-if': this.doneIf(s.condition); break;
      case 'jump': this.follow(this.node.successors[0]); break;
      case 'jump-to': this.computed(s.target); break;
      default: if (!this.plain(s)) throw new Error(`statement ${s.kind} in a region`);
    }
  }
  private endNode(): void {
    const { end, successors, instructions } = this.node;
    if (end === 'fall') this.follow(successors[0]);
    if (end === 'transition') this.transition();
    if (end !== 'step') return;
    this.position = instructions.length - 1;
    this.giveUp(false);
  }

  private branch(condition: Expression): void {
    const [taken, next] = this.node.successors;
    this.expression(condition);
    this.open(Op.if);
    this.inArm(() => this.follow(taken));
    this.out.op(Op.else);
    this.inArm(() => this.follow(next));
    this.close();
  }
  /** A repetition whose count is 0 is complete. */
  private doneIf(condition: Expression): void {
    this.expression(condition);
    this.open(Op.if);
    this.inArm(() => this.follow(this.node.successors[2]));
    this.close();
  }
  private computed(target: Expression): void {
    this.expression(target);
    this.out.set(Local.EIP);
    this.goToComputed();
  }
  /** Goes to the address in local EIP. */
  protected override goToComputed(): void {
    const expected = this.node.successors.filter(({ node }) => node >= 0);
    const hash = expected.length >= FEWEST_FOR_TABLE ? findAddressHash(expected.map(({ eip }) => eip)) : undefined;
    if (hash === undefined) this.compareWith(expected);
    else this.lookUp(expected, hash);
    this.settleFlags(FlagWord.BOTH);
    const { instructions } = this.node;
    const last = instructions[instructions.length - 1];
    const wantsTargets = LEARNT.has(last.operation.shape.mnemonic) && this.options.wantsTargets(this.hostOf(last.eip));
    this.leaveWith(wantsTargets ? this.addSite('target', false, []) : Outcome.ELSEWHERE);
  }

  /** Goes where EIP is one of the expected targets. */
  private compareWith(expected: readonly Edge[]): void {
    for (const edge of expected) {
      this.out.get(Local.EIP).constant(edge.eip).op(Op.i32Eq);
      if (this.node.context?.isInterrupt === true) this.andAtLevelOf(edge);
      this.open(Op.if);
      this.inArm(() => this.follow(edge));
      this.close();
    }
  }
  /** IRET may also return to the level that it is at. */
  private andAtLevelOf(edge: Edge): void {
    const { out } = this;
    out.constant(0).memory(Op.i32Load, 2, Word.CPL * 4).constant(USER_LEVEL).op(this.nodes[edge.node].user ? Op.i32Eq : Op.i32Ne, Op.i32And);
  }
  /** The same by a table: one block around another for each target, and one around all for an address that is none of them. */
  private lookUp(expected: readonly Edge[], { multiplier, shift, mask, places }: AddressHash): void {
    const { out } = this;
    // Once, not for each target.
    this.settleFlags(FlagWord.BOTH);
    const miss = this.open(Op.block);
    const labels = expected.map(() => this.open(Op.block));
    out.get(Local.EIP);
    if (multiplier !== 1) out.constant(multiplier).op(Op.i32Mul);
    out.constant(shift).op(Op.i32ShrU).constant(mask).op(Op.i32And, Op.brTable).unsigned(places.length);
    for (const place of places) out.unsigned(this.depth - (place < 0 ? miss : labels[place]));
    out.unsigned(this.depth - miss);
    for (const edge of expected.toReversed()) {
      this.close();
      out.get(Local.EIP).constant(edge.eip).op(Op.i32Ne).branch(Op.brIf, this.depth - miss);
      this.inArm(() => this.follow(edge));
    }
    this.close();
  }

  /** Goes to another node or out of the region. `isUnsure`: the mapping of the page that control is in may have changed. */
  protected override follow(edge: Edge, isUnsure = false): void {
    const { flow, nodeNumber } = this;
    if (edge.node < 0) {
      if (edge.isLacking) this.leaveOnEdge('edge', edge.eip, 0);
      else this.leaveFor(edge, isUnsure);
      return;
    }
    const target = this.nodes[edge.node];
    const isJoin = flow.isMerge[edge.node] || flow.isLoop[edge.node];
    if (isJoin) this.settleFor(edge.node);
    if (isUnsure || target.user !== this.user || target.eip >>> 12 !== this.node.eip >>> 12) this.checkMapping(target);
    this.test(edge.node);
    if (flow.isDispatched(nodeNumber, edge.node)) {
      this.out.constant(flow.dispatched.indexOf(edge.node)).set(Local.WAY);
      this.branchTo(this.dispatchLabel);
    } else if (flow.isRetreating(nodeNumber, edge.node) || flow.isMerge[edge.node]) this.branchTo(this.label(edge.node));
    else this.tree(edge.node);
  }
  private label(number: number): number {
    const label = this.labels.get(number);
    if (label === undefined) throw new Error(`node ${number} has no label`);
    return label;
  }

  /** The code TLB must still say what it said when the region was made, else the interpreter fetches. */
  private checkMapping(target: RegionNode): void {
    this.mappingOf(target.eip, target.user);
    this.out.constant((target.host - target.eip) | 0).op(Op.i32Ne);
    this.open(Op.if);
    this.inArm(() => this.leaveTo(target.eip));
    this.close();
  }
  /** Before a node: leaves when what must be left of the budget is not. Where that is the node's own price, it is taken at once, which the test needs anyhow. */
  private test(number: number): void {
    const { out } = this;
    const needed = this.tests[number];
    if (needed === 0) return;
    const { eip, instructions } = this.nodes[number];
    const price = needed === instructions.length ? needed : 0;
    if (price === 0) out.get(Local.BUDGET).constant(needed).op(Op.i32LtS);
    else out.get(Local.BUDGET).constant(price).op(Op.i32Sub).tee(Local.BUDGET).constant(0).op(Op.i32LtS);
    this.open(Op.if);
    this.inArm(() => this.leaveOnEdge('budget', eip, price));
    this.close();
  }
  /** In a node: takes its price, unless the test before it did. */
  private charge(number: number): void {
    const price = this.nodes[number].instructions.length;
    if (this.tests[number] !== price) this.out.get(Local.BUDGET).constant(price).op(Op.i32Sub).set(Local.BUDGET);
  }
}
