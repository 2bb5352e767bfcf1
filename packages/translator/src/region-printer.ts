import { Word, type Expression, type Statement } from '@ringbench/isa';
import { CodeBuffer, EMPTY_BLOCK, Op, type FunctionBody } from '@ringbench/interpreter';
import { Region } from '@ringbench/machine';
import { ControlFlow } from './control-flow.js';
import { flagsLiveAt, FlagWord } from './flag-liveness.js';
import { CALL_DONE, Local, Outcome } from './locals.js';
import { placeTemporaries } from './node-plan.js';
import type { Edge, RegionNode, RegionShape, Site } from './region.js';
import { RegionValuePrinter } from './region-value-printer.js';

/** Of these it is learnt where they go. */
const LEARNT = new Set(['jmp-indirect', 'call-indirect']);

export interface RegionPrinterOptions {
  /** Number of a new site. */
  readonly addSite: (site: Site) => number;
  /** Instructions at this host address met misaligned addresses: their checks let those pass. */
  readonly isMisaligned: (host: number) => boolean;
  /** It is not yet known where the indirect jump or call at this host address goes. */
  readonly wantsTargets: (host: number) => boolean;
  /** Called with the number of each check before it is printed; true makes it fail always, for tests. */
  readonly failsAlways: (check: number) => boolean;
}

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
  private readonly labels = new Map<number, number>();
  private checks = 0;

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
    this.tree(0);
    out.op(Op.end);
    const code = new CodeBuffer();
    this.loadState(code);
    code.append(out);
    this.storeState(code);
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
    const merges = this.flow.children[number].filter((child) => this.flow.isMerge[child]).toSorted((a, b) => this.flow.order[b] - this.flow.order[a]);
    if (!this.flow.isLoop[number]) {
      this.within(number, merges);
      return;
    }
    this.labels.set(number, this.open(Op.loop));
    this.within(number, merges);
    this.close();
  }
  /** Blocks around a node at whose ends the merges that it dominates begin, the last in order outermost. */
  private within(number: number, merges: readonly number[]): void {
    if (merges.length === 0) {
      this.printNode(number);
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
    this.place = placeTemporaries(this.node.code, this.place.end);
    this.lastLocal = Math.max(this.lastLocal, this.place.end);
    for (const statement of this.node.code) this.statement(statement);
    this.endNode();
    Object.assign(this, outer);
  }

  private statement(s: Statement): void {
    switch (s.kind) {
      case 'advance': this.position++; break;
      case 'let': if (this.place.locals.has(s.to.id)) this.plain(s); break;
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
    for (const expected of this.node.successors) {
      if (expected.node < 0) continue;
      this.out.get(Local.EIP).constant(expected.eip).op(Op.i32Eq);
      this.open(Op.if);
      this.inArm(() => this.follow(expected));
      this.close();
    }
    this.settleFlags(FlagWord.BOTH);
    const { instructions } = this.node;
    const last = instructions[instructions.length - 1];
    const wantsTargets = LEARNT.has(last.operation.shape.mnemonic) && this.options.wantsTargets(this.hostOf(last.eip));
    this.leaveWith(wantsTargets ? this.addSite('target', false) : Outcome.ELSEWHERE);
  }

  /** Goes to another node or out of the region. `isUnsure`: the mapping of the page that control is in may have changed. */
  private follow(edge: Edge, isUnsure = false): void {
    const { flow, nodeNumber } = this;
    const isIrreducible = edge.node >= 0 && flow.isRetreating(nodeNumber, edge.node) && !flow.isBackEdge(nodeNumber, edge.node);
    if (edge.node < 0 || isIrreducible) {
      this.leaveTo(edge.eip, Outcome.ELSEWHERE);
      return;
    }
    const target = this.nodes[edge.node];
    const isJoin = flow.isMerge[edge.node] || flow.isLoop[edge.node];
    if (isJoin) this.settleFlags(this.live[edge.node]);
    if (isUnsure || target.eip >>> 12 !== this.node.eip >>> 12) this.checkMapping(target);
    this.charge(target);
    if (flow.isRetreating(nodeNumber, edge.node) || flow.isMerge[edge.node]) this.branchTo(this.label(edge.node));
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
    this.inArm(() => this.leaveTo(target.eip, Outcome.ELSEWHERE));
    this.close();
  }
  /** Takes the price of a node from the budget, or leaves before it. */
  private charge(target: RegionNode): void {
    const { out } = this;
    const price = target.instructions.length;
    out.get(Local.BUDGET).constant(price).op(Op.i32Sub).tee(Local.BUDGET).constant(0).op(Op.i32LtS);
    this.open(Op.if);
    out.get(Local.BUDGET).constant(price).op(Op.i32Add).set(Local.BUDGET);
    this.inArm(() => this.leaveTo(target.eip, Outcome.BUDGET));
    this.close();
  }

  // ---- leaving

  private leaveTo(eip: number, outcome: number): void {
    this.settleFlags(FlagWord.BOTH);
    this.out.constant(eip).set(Local.EIP);
    this.leaveWith(outcome);
  }
  private leaveWith(outcome: number): void {
    this.out.constant(outcome).set(Local.OUTCOME);
    this.branchTo(1);
  }
  private leaveAtSite(checksAlignment: boolean): void {
    this.settleFlags(FlagWord.BOTH);
    this.leaveWith(this.addSite('instruction', checksAlignment));
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
    out.constant(this.addSite('call', false)).op(Op.call).unsigned(0).tee(Local.OUTCOME).constant(CALL_DONE).op(Op.i32Ne);
    this.open(Op.if);
    out.get(Local.OUTCOME).op(Op.return);
    this.close();
    this.loadState(out);
  }
  private addSite(kind: Site['kind'], checksAlignment: boolean): number {
    const { instructions } = this.node;
    const instruction = instructions[this.position];
    return this.options.addSite({ kind, instruction, refund: instructions.length - this.position, host: this.hostOf(instruction.eip), checksAlignment });
  }
  private hostOf(eip: number): number { return this.node.host + eip - this.node.eip; }
  protected override inPlainSegments(): boolean { return !this.node.instructions[this.position].operation.shape.segmentedString; }
  protected override toleratesMisaligned(): boolean { return this.options.isMisaligned(this.hostOf(this.node.instructions[this.position].eip)); }
  protected override leaveIf(checksAlignment: boolean): void {
    if (this.options.failsAlways(this.checks++)) this.out.constant(1).op(Op.i32Or);
    this.open(Op.if);
    this.inArm(() => this.giveUp(checksAlignment));
    this.close();
  }
}
