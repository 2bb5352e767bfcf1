import { Register, Word, type AccessSize, type Expression, type ParameterName, type Statement, type WordName } from '@ringbench/isa';
import { CodeBuffer, EMPTY_BLOCK, Op, StatementPrinter, type FunctionBody, type TranslationTable } from '@ringbench/interpreter';
import { Region, TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { ControlFlow } from './control-flow.js';
import { flagBit, flagsLiveAt, FlagWord } from './flag-liveness.js';
import { Local, Outcome } from './locals.js';
import { isDeferrable, placeTemporaries, type Temporaries } from './node-plan.js';
import type { Edge, RegionNode, RegionShape, Site } from './region.js';

const PAGE_OFFSET_MASK = 0xfff;
const PAGE_BYTES = 0x1000;
const REGISTERS = 8;
const BYTE = 0xff;
const HALF = 0xffff;
/** A value's low bits are all zero in an entry that is there, all ones in one that is not (machine, layout.ts). */
const PRESENCE_BIT = 1;
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

type FlagName = 'FLAG_RESULT' | 'FLAG_CARRY';
/** Flag words whose value is known as an expression but not yet in its local; the temporaries are those of the node where they were set. */
type PendingFlags = Map<FlagName, { readonly value: Expression; readonly temporaries: Temporaries }>;
const FLAG_LOCAL: Readonly<Record<FlagName, number>> = { FLAG_RESULT: Local.FLAG_RESULT, FLAG_CARRY: Local.FLAG_CARRY };

/**
 * Prints a region as one function: registers and flags in locals, control flow as blocks and loops, a check before each access that leaves the region when
 * it fails. Flags are kept as recipes and computed where they are read, at joins, and on the way out.
 */
export class RegionPrinter extends StatementPrinter {
  private readonly nodes: readonly RegionNode[];
  private readonly user: boolean;
  private readonly flow: ControlFlow;
  private readonly live: Int32Array;
  /** Blocks and loops around the place of printing. */
  private depth = 0;
  private readonly labels = new Map<number, number>();
  /** Registers and flag words in locals that are used at all (bit n: local n), and that change. */
  private used = 0;
  private changed = 0;
  private checks = 0;

  private node: RegionNode;
  private nodeNumber = 0;
  private position = 0;
  private place: Temporaries = { deferred: new Map<number, Expression>(), locals: new Map<number, number>(), end: Local.FIRST_TEMPORARY };
  private lastLocal: number = Local.FIRST_TEMPORARY;
  private pending: PendingFlags = new Map();

  constructor(shape: RegionShape, private readonly options: RegionPrinterOptions) {
    super(new CodeBuffer(), Local.FIRST_TEMPORARY, Local.ENTRY);
    this.nodes = shape.nodes;
    this.user = shape.user;
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
    if (this.live[0] !== 0) this.used |= (1 << Local.FLAG_RESULT) | (1 << Local.FLAG_CARRY);
    this.charge(this.nodes[0]);
    this.tree(0);
    out.op(Op.end);
    const code = new CodeBuffer();
    for (let local = 0; local <= Local.FLAG_CARRY; local++) if (((this.used | this.changed) & (1 << local)) !== 0) code.constant(0).memory(Op.i32Load, 2, addressOfLocal(local)).set(local);
    code.constant(0).memory(Op.i32Load, 2, Word.BUDGET * 4).set(Local.BUDGET);
    code.append(out);
    for (let local = 0; local <= Local.FLAG_CARRY; local++) if ((this.changed & (1 << local)) !== 0) code.constant(0).get(local).memory(Op.i32Store, 2, addressOfLocal(local));
    code.constant(0).get(Local.BUDGET).memory(Op.i32Store, 2, Word.BUDGET * 4);
    code.constant(0).get(Local.EIP).memory(Op.i32Store, 2, Word.EIP * 4);
    code.get(Local.OUTCOME);
    return { name, parameters: 0, locals: this.lastLocal, wideLocals: 0, code };
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
    this.leaveAtSite(false);
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

  /** Goes to another node or out of the region. */
  private follow(edge: Edge): void {
    const { flow, nodeNumber } = this;
    const isIrreducible = edge.node >= 0 && flow.isRetreating(nodeNumber, edge.node) && !flow.isBackEdge(nodeNumber, edge.node);
    if (edge.node < 0 || isIrreducible) {
      this.leaveTo(edge.eip, Outcome.ELSEWHERE);
      return;
    }
    const target = this.nodes[edge.node];
    const isJoin = flow.isMerge[edge.node] || flow.isLoop[edge.node];
    if (isJoin) this.settleFlags(this.live[edge.node]);
    if (target.eip >>> 12 !== this.node.eip >>> 12) this.checkMapping(target);
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
  private addSite(kind: Site['kind'], checksAlignment: boolean): number {
    const { instructions } = this.node;
    const instruction = instructions[this.position];
    return this.options.addSite({ kind, instruction, refund: instructions.length - this.position, host: this.hostOf(instruction.eip), checksAlignment });
  }
  private hostOf(eip: number): number { return this.node.host + eip - this.node.eip; }
  protected override leave(): void { this.leaveIf(false); }
  private leaveIf(checksAlignment: boolean): void {
    if (this.options.failsAlways(this.checks++)) this.out.constant(1).op(Op.i32Or);
    this.open(Op.if);
    this.inArm(() => this.leaveAtSite(checksAlignment));
    this.close();
  }

  // ---- flags

  /** Puts the wanted flag words into their locals. */
  private settleFlags(wanted: number): void {
    for (const name of this.pending.keys()) {
      if ((wanted & flagBit(name)) === 0) continue;
      this.pendingValue(name);
      this.setLocal(FLAG_LOCAL[name]);
      this.pending.delete(name);
    }
  }
  private pendingValue(name: FlagName): void {
    const pending = this.pending.get(name);
    if (pending === undefined) throw new Error(`${name} is not pending`);
    const { place } = this;
    this.place = pending.temporaries;
    this.expression(pending.value);
    this.place = place;
  }
  private setFlags(name: FlagName, value: Expression): void {
    if (isDeferrable(value)) {
      this.pending.set(name, { value, temporaries: this.place });
      return;
    }
    // What is computed from flags or registers is computed now, before they change.
    this.expression(value);
    this.setLocal(FLAG_LOCAL[name]);
    this.pending.delete(name);
  }

  // ---- where things are

  private setLocal(local: number): void {
    this.changed |= 1 << local;
    this.out.set(local);
  }
  private getLocal(local: number): void {
    this.used |= 1 << local;
    this.out.get(local);
  }

  protected override local(temporary: number): number {
    // The result of a load that nobody reads has no local: the check counts.
    return this.place.locals.get(temporary) ?? Local.UNUSED;
  }
  protected override temporary(id: number): void {
    const definition = this.place.deferred.get(id);
    if (definition === undefined) super.temporary(id);
    else this.expression(definition);
  }
  protected override parameter(name: ParameterName): void { throw new Error(`parameter ${name} in the code of an occurrence`); }
  protected override keptWord(word: WordName): boolean {
    if (word === 'BUDGET') {
      this.out.get(Local.BUDGET);
      return true;
    }
    if (word !== 'FLAG_RESULT' && word !== 'FLAG_CARRY') return false;
    if (!this.pending.has(word)) this.getLocal(FLAG_LOCAL[word]);
    else {
      this.pendingValue(word);
      this.changed |= 1 << FLAG_LOCAL[word];
      this.out.tee(FLAG_LOCAL[word]);
      this.pending.delete(word);
    }
    return true;
  }
  protected override setWord(word: WordName, value: Expression): void {
    if (word === 'FLAG_RESULT' || word === 'FLAG_CARRY') this.setFlags(word, value);
    else this.setMemoryWord(word, value);
  }

  protected override register(size: AccessSize, offset: Expression): void {
    const at = constantOf(offset);
    if (at >> 2 === Word.ZERO) {
      this.out.constant(0);
      return;
    }
    this.getLocal(localOf(at));
    const shift = (at & 3) * 8;
    if (shift !== 0) this.out.constant(shift).op(Op.i32ShrU);
    if (size !== 32) this.out.constant(maskOf(size)).op(Op.i32And);
  }
  protected override setRegister(size: AccessSize, offset: Expression, value: Expression): void {
    const { out } = this;
    const at = constantOf(offset);
    const local = localOf(at);
    if (size === 32) {
      this.expression(value);
      this.setLocal(local);
      return;
    }
    const shift = (at & 3) * 8;
    this.getLocal(local);
    out.constant(~(maskOf(size) << shift)).op(Op.i32And);
    this.expression(value);
    out.constant(maskOf(size)).op(Op.i32And);
    if (shift !== 0) out.constant(shift).op(Op.i32Shl);
    out.op(Op.i32Or);
    this.setLocal(local);
  }
  protected override bulk(): void { throw new Error('a repeated string instruction in a region'); }
  /** Only what is behind a ring transition would notice, and that is outside. */
  protected override privilegeChanged(): void { /* nothing is kept of the privilege level */ }

  // ---- accesses

  protected override translate(address: Expression, size: number, table: TranslationTable): void {
    const { out } = this;
    this.expression(address);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And).memory(Op.i32Load, 2, this.tableOf(table));
    const isAligned = (size === 16 || size === 32) && !table.startsWith('system') && !this.options.isMisaligned(this.hostOf(this.node.instructions[this.position].eip));
    if (size === 8) out.tee(Local.ENTRY).constant(PRESENCE_BIT).op(Op.i32And);
    else if (isAligned) {
      out.tee(Local.ENTRY);
      this.expression(address);
      out.op(Op.i32Or).constant(size / 8 - 1).op(Op.i32And);
    } else {
      out.tee(Local.ENTRY).constant(PAGE_OFFSET_MASK).op(Op.i32And);
      this.expression(address);
      out.constant(PAGE_OFFSET_MASK).op(Op.i32And, Op.i32Add).constant(PAGE_BYTES - size / 8).op(Op.i32GtU);
    }
    this.leaveIf(isAligned);
  }
  private tableOf(table: TranslationTable): number {
    const read = this.user ? Region.DATA_READ_USER : Region.DATA_READ_SUPERVISOR;
    switch (table) {
      case 'read': return read;
      case 'write': return read + TLB_WRITE_DISTANCE;
      case 'system-read': return Region.DATA_READ_SUPERVISOR;
      case 'system-write': return Region.DATA_WRITE_SUPERVISOR;
    }
  }

  /**
   * A dividend that is not the sign-extended low half is the interpreter's: CDQ comes before almost every IDIV. So a quotient may fit where this says that it does
   * not, which a region only uses to leave.
   */
  protected override fitsSigned({ high, low, divisor }: Extract<Expression, { kind: 'divide' }>): void {
    const { out } = this;
    this.expression(high);
    this.expression(low);
    out.constant(31).op(Op.i32ShrS, Op.i32Eq);
    this.expression(divisor);
    // Neither 0 nor -1: those plus one are 1 and 0.
    out.constant(1).op(Op.i32Add).constant(1).op(Op.i32GtU, Op.i32And);
  }
}

const addressOfLocal = (local: number): number => (local < REGISTERS ? local : local === Local.FLAG_RESULT ? Word.FLAG_RESULT : Word.FLAG_CARRY) * 4;
const maskOf = (size: AccessSize): number => (size === 8 ? BYTE : size === 16 ? HALF : -1);

function constantOf(offset: Expression): number {
  if (offset.kind !== 'constant') throw new Error('a register whose number is not known');
  return offset.value;
}
function localOf(offset: number): number {
  const register = offset >> 2;
  if (register < Register.EAX || register > Register.EDI) throw new Error(`no register at offset ${offset}`);
  return Local.REGISTERS + register;
}
