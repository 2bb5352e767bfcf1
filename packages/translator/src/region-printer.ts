import { Word, type Expression, type Statement } from '@ringbench/isa';
import { CodeBuffer, EMPTY_BLOCK, Op, type FunctionBody } from '@ringbench/interpreter';
import { Region } from '@ringbench/machine';
import { findAddressHash, type AddressHash } from './computed-jump.js';
import { ControlFlow } from './control-flow.js';
import type { FlagRecipe } from './flag-form.js';
import { flagsLiveAt, FlagWord } from './flag-liveness.js';
import { CALL_DONE, Imported, Local, Outcome } from './locals.js';
import type { Edge, RegionNode, RegionShape, Site } from './region.js';
import { RegionValuePrinter } from './region-value-printer.js';

/** Of these it is learnt where they go. */
const LEARNT = new Set(['jmp-indirect', 'call-indirect']);

/** From so many targets on a jump through a table is quicker than comparisons. */
const FEWEST_FOR_TABLE = 4;

export interface RegionPrinterOptions {
  /** Number of a new site. */
  readonly addSite: (site: Site) => number;
  /** Instructions at this host address met misaligned addresses: their checks let those pass. */
  readonly isMisaligned: (host: number) => boolean;
  /** Those at this one often met pages that are not in the TLB. */
  readonly fillsAt: (host: number) => boolean;
  /** It is not yet known where the indirect jump or call at this host address goes. */
  readonly wantsTargets: (host: number) => boolean;
  readonly forcedExit: ForcedExits;
}
/** For tests: a check that fails also each time when a word in linear memory, counted down at every execution, has all the bits of `mask` clear. */
export interface ForcedExit {
  readonly address: number;
  readonly mask: number;
}
/** Called with the number of each check of a region before it is printed. */
export type ForcedExits = (check: number) => ForcedExit | undefined;

/**
 * Prints a region as one function: registers and flags in locals, control flow as blocks and loops, a check before each access that leaves the region when
 * it fails. This is the control flow; values and accesses are RegionValuePrinter's.
 */
export class RegionPrinter extends RegionValuePrinter {
  private readonly nodes: readonly RegionNode[];
  private readonly flow: ControlFlow;
  private readonly live: Int32Array;
  /** Blocks and loops around the place of printing. */
  private depth = 0;
  /** Of a loop, its beginning; of a merge, the end of the block before it. The latter is known until the merge begins, the former from then on. */
  private readonly labels = new Map<number, number>();
  private dispatchLabel = 0;
  private checks = 0;
  /** Whether what was printed calls `Imported.FILL`. */
  fills = false;

  private node: RegionNode;
  private nodeNumber = 0;
  private position = 0;
  private lastLocal: number = Local.FIRST_TEMPORARY;

  constructor(shape: RegionShape, private readonly options: RegionPrinterOptions) {
    super(shape.user);
    this.nodes = shape.nodes;
    this.node = shape.nodes[0];
    this.flow = new ControlFlow(shape.nodes);
    this.live = flagsLiveAt(shape.nodes);
  }

  /** The function's body; no parameters. */
  print(name: string): FunctionBody {
    const { out } = this;
    // Everything leaves through the end of this block.
    out.op(Op.block, EMPTY_BLOCK);
    this.depth = 1;
    if (this.live[0] !== 0) this.useFlags();
    if (this.nodes.some(({ calls }) => calls)) this.useAllOf(this.nodes);
    this.charge(this.nodes[0]);
    if (this.flow.dispatched.length === 0) this.tree(0);
    else this.dispatch();
    out.op(Op.end);
    const code = new CodeBuffer();
    this.loadState(code);
    code.append(out);
    this.storeState(code);
    this.storeExitValues(code);
    code.constant(0).get(Local.EIP).memory(Op.i32Store, 2, Word.EIP * 4);
    code.get(Local.OUTCOME);
    return { name, parameters: 0, locals: this.lastLocal, wideLocals: 0, code };
  }

  private loadState(code: CodeBuffer): void {
    this.loadLocals(code);
    code.constant(0).memory(Op.i32Load, 2, Word.BUDGET * 4).set(Local.BUDGET);
  }
  private storeState(code: CodeBuffer): void {
    this.storeLocals(code);
    code.constant(0).get(Local.BUDGET).memory(Op.i32Store, 2, Word.BUDGET * 4);
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
  private open(opcode: number): number {
    this.out.op(opcode, EMPTY_BLOCK);
    return ++this.depth;
  }
  private close(): void {
    this.out.op(Op.end);
    this.depth--;
  }
  private branchTo(label: number): void { this.out.branch(Op.br, this.depth - label); }

  private printNode(number: number): void {
    const outer = { node: this.node, nodeNumber: this.nodeNumber, position: this.position, place: this.place, pending: this.pending };
    this.node = this.nodes[number];
    this.nodeNumber = number;
    this.position = 0;
    const isJoin = this.flow.isMerge[number] || this.flow.isLoop[number];
    this.pending = isJoin ? new Map() : new Map(this.pending);
    this.place = { plan: this.node.plan, first: this.place.first + this.place.plan.locals };
    this.lastLocal = Math.max(this.lastLocal, this.place.first + this.place.plan.locals);
    for (const statement of this.node.code) this.statement(statement);
    this.endNode();
    Object.assign(this, outer);
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
  /** Flags that one arm computes are not computed in the other. */
  private inArm(print: () => void): void {
    const before = new Map(this.pending);
    print();
    this.pending = before;
  }

  private computed(target: Expression): void {
    this.expression(target);
    this.out.set(Local.EIP);
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
      this.open(Op.if);
      this.inArm(() => this.follow(edge));
      this.close();
    }
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
  private follow(edge: Edge, isUnsure = false): void {
    const { flow, nodeNumber } = this;
    if (edge.node < 0) {
      if (edge.isLacking) this.leaveOnEdge('edge', edge.eip, 0);
      else this.leaveTo(edge.eip);
      return;
    }
    const target = this.nodes[edge.node];
    const isJoin = flow.isMerge[edge.node] || flow.isLoop[edge.node];
    if (isJoin) this.settleFlags(this.live[edge.node]);
    if (isUnsure || target.eip >>> 12 !== this.node.eip >>> 12) this.checkMapping(target);
    this.charge(target);
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
    const table = this.user ? Region.CODE_USER : Region.CODE_SUPERVISOR;
    this.out.constant(0).memory(Op.i32Load, 2, table + (target.eip >>> 12) * 4).constant((target.host - target.eip) | 0).op(Op.i32Ne);
    this.open(Op.if);
    this.inArm(() => this.leaveTo(target.eip));
    this.close();
  }
  /** Takes the price of a node from the budget, or leaves before it. */
  private charge(target: RegionNode): void {
    const { out } = this;
    const price = target.instructions.length;
    out.get(Local.BUDGET).constant(price).op(Op.i32Sub).tee(Local.BUDGET).constant(0).op(Op.i32LtS);
    this.open(Op.if);
    this.inArm(() => this.leaveOnEdge('budget', target.eip, price));
    this.close();
  }

  // ---- leaving

  /** Another region may go on there at once, so that everything must be in its place. */
  private leaveTo(eip: number): void {
    this.settleFlags(FlagWord.BOTH);
    this.out.constant(eip).set(Local.EIP);
    this.leaveWith(Outcome.ELSEWHERE);
  }
  private leaveOnEdge(kind: 'edge' | 'budget', eip: number, refund: number): void {
    const flags = this.leaveFlags();
    this.leaveWith(this.options.addSite({ kind, instruction: this.node.instructions[this.position], eip, refund, host: this.node.host, checksAlignment: false, flags }));
  }
  private leaveWith(outcome: number): void {
    this.out.constant(outcome).set(Local.OUTCOME);
    this.branchTo(1);
  }
  private leaveAtSite(checksAlignment: boolean): void {
    this.leaveWith(this.addSite('instruction', checksAlignment, this.leaveFlags()));
  }
  /** The instruction at the current position is the interpreter's: it is called and control comes back, or the region leaves. */
  private giveUp(checksAlignment: boolean): void {
    const { calls, instructions, successors } = this.node;
    if (calls && this.position === instructions.length - 1) {
      this.call();
      this.follow(successors[successors.length - 1], instructions[this.position].instruction?.row.traits.endsBlock === true);
    } else this.leaveAtSite(checksAlignment);
  }
  /** Everything is in its state words while the interpreter executes the instruction. It says whether the region goes on behind it. */
  private call(): void {
    const { out } = this;
    this.settleFlags(FlagWord.BOTH);
    this.storeState(out);
    out.constant(this.addSite('call', false, [])).op(Op.call).unsigned(Imported.CALL).tee(Local.OUTCOME).constant(CALL_DONE).op(Op.i32Ne);
    this.open(Op.if);
    out.get(Local.OUTCOME).op(Op.return);
    this.close();
    this.loadState(out);
  }
  private addSite(kind: Site['kind'], checksAlignment: boolean, flags: readonly FlagRecipe[]): number {
    const { instructions } = this.node;
    const instruction = instructions[this.position];
    const { eip } = instruction;
    return this.options.addSite({ kind, instruction, eip, refund: instructions.length - this.position, host: this.hostOf(eip), checksAlignment, flags });
  }
  private hostOf(eip: number): number { return this.node.host + eip - this.node.eip; }
  protected override inPlainSegments(): boolean { return !this.node.instructions[this.position].operation.shape.segmentedString; }
  protected override toleratesMisaligned(): boolean { return this.options.isMisaligned(this.hostOf(this.node.instructions[this.position].eip)); }
  protected override leaveIf(checksAlignment: boolean): void {
    this.force(this.options.forcedExit(this.checks++));
    this.open(Op.if);
    this.inArm(() => this.giveUp(checksAlignment));
    this.close();
  }
  protected override fillsTlb(): boolean { return this.options.fillsAt(this.hostOf(this.node.instructions[this.position].eip)); }
  protected override leaveUnlessFilled(check: () => void, fill: () => void, checksAlignment: boolean): void {
    const { out } = this;
    const forced = this.options.forcedExit(this.checks++);
    const served = this.open(Op.block);
    check();
    this.force(forced);
    out.op(Op.i32Eqz).branch(Op.brIf, this.depth - served);
    fill();
    out.op(Op.call).unsigned(Imported.FILL).set(Local.UNUSED);
    this.fills = true;
    check();
    this.force(forced);
    this.open(Op.if);
    this.inArm(() => this.giveUp(checksAlignment));
    this.close();
    this.close();
  }
  private force(forced: ForcedExit | undefined): void {
    if (forced === undefined) return;
    const { out } = this;
    out.constant(0).constant(0).memory(Op.i32Load, 2, forced.address).constant(1).op(Op.i32Sub).tee(Local.UNUSED).memory(Op.i32Store, 2, forced.address);
    out.get(Local.UNUSED).constant(forced.mask).op(Op.i32And, Op.i32Eqz, Op.i32Or);
  }
}
