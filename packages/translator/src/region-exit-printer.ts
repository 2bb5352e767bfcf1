import { Word } from '@ringbench/isa';
import { EMPTY_BLOCK, Field, Op, type CodeBuffer, type LoweredInstruction } from '@ringbench/interpreter';
import { Region } from '@ringbench/machine';
import type { FlagRecipe } from './flag-form.js';
import { FlagWord } from './flag-liveness.js';
import { invalidatedAddress } from './invalidation.js';
import type { LinkTarget } from './links.js';
import type { LiveSite } from './live-site.js';
import { CALL_DONE, Imported, Local, Outcome } from './locals.js';
import type { Edge, RegionNode, RegionShape, Site } from './region.js';
import { RegionValuePrinter } from './region-value-printer.js';

export interface RegionPrinterOptions {
  /** Number of a new site. */
  readonly addSite: (site: LiveSite) => number;
  /** Instructions at this host address met misaligned addresses: their checks let those pass. */
  readonly isMisaligned: (host: number) => boolean;
  /** Those at this one often met pages that are not in the TLB. */
  readonly fillsAt: (host: number) => boolean;
  /** Place in the table of regions of what begins with some code, 0 for none. */
  readonly linkTo: (target: LinkTarget) => number;
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

/** Prints the ways out of a region's function, and the calls that it makes: into the interpreter, to fill the TLB, for INT and IRET. */
export abstract class RegionExitPrinter extends RegionValuePrinter {
  /** Blocks and loops around the place of printing. */
  protected depth = 0;
  private checks = 0;
  /** The function calls through the table of regions. */
  isLinked = false;
  /** Whether what was printed calls `Imported.FILL`. */
  fills = false;
  /** Whether it calls `Imported.INVALIDATE`. */
  invalidates = false;
  /** Whether it has ring transitions. */
  transits = false;

  /** What is being printed. */
  protected node: RegionNode;
  protected position = 0;

  constructor(shape: RegionShape, protected readonly options: RegionPrinterOptions) {
    super(shape.user);
    this.node = shape.nodes[0];
  }

  /** Goes to another node or out of the region. `isUnsure`: the mapping of the page that control is in may have changed. */
  protected abstract follow(edge: Edge, isUnsure?: boolean): void;
  /** Goes to the address in local EIP. */
  protected abstract goToComputed(): void;

  /** Flags that one arm computes are not computed in the other. */
  protected inArm(print: () => void): void {
    const before = new Map(this.pending);
    print();
    this.pending = before;
  }

  protected open(opcode: number): number {
    this.out.op(opcode, EMPTY_BLOCK);
    return ++this.depth;
  }
  protected close(): void {
    this.out.op(Op.end);
    this.depth--;
  }
  protected branchTo(label: number): void { this.out.branch(Op.br, this.depth - label); }

  protected loadState(code: CodeBuffer): void {
    this.loadLocals(code);
    code.constant(0).memory(Op.i32Load, 2, Word.BUDGET * 4).set(Local.BUDGET);
  }
  protected storeState(code: CodeBuffer): void {
    this.storeLocals(code);
    code.constant(0).get(Local.BUDGET).memory(Op.i32Store, 2, Word.BUDGET * 4);
  }

  protected mappingOf(eip: number, user: boolean): void {
    this.out.constant(0).memory(Op.i32Load, 2, (user ? Region.CODE_USER : Region.CODE_SUPERVISOR) + (eip >>> 12) * 4);
  }

  /** INT or IRET: executed by a function that finds everything in its place, and puts it there. */
  protected transition(): void {
    const { out, node: { instructions } } = this;
    this.position = instructions.length - 1;
    const { operation, words, next } = instructions[this.position];
    const isInterrupt = operation.shape.mnemonic === 'int';
    this.leaveIfForced();
    this.settleFlags(FlagWord.BOTH);
    this.storeState(out);
    if (isInterrupt) out.constant(words[Field.IMMEDIATE]).constant(next);
    out.op(Op.call).unsigned(isInterrupt ? Imported.INTERRUPT : Imported.INTERRUPT_RETURN).op(Op.i32Eqz);
    this.transits = true;
    this.open(Op.if);
    this.leaveAtSite(false);
    this.close();
    this.loadState(out);
    out.constant(0).memory(Op.i32Load, 2, Word.EIP * 4).set(Local.EIP);
    this.goToComputed();
  }
  /** Where a check would be, but is in a function. */
  private leaveIfForced(): void {
    const forced = this.options.forcedExit(this.checks++);
    if (forced === undefined) return;
    this.out.constant(0);
    this.force(forced);
    this.open(Op.if);
    this.inArm(() => this.leaveAtSite(false));
    this.close();
  }

  // ---- leaving

  /** Another region may go on there at once, so that everything must be in its place. */
  protected leaveTo(eip: number): void {
    this.settleFlags(FlagWord.BOTH);
    this.out.constant(eip).set(Local.EIP);
    this.leaveWith(Outcome.ELSEWHERE);
  }
  /** The same for code whose place is known: what stands for it in the table of regions goes on. */
  protected leaveFor({ eip, host }: Edge, isUnsure: boolean): void {
    const link = host < 0 || isUnsure ? 0 : this.options.linkTo({ eip, host, user: this.user });
    if (link !== 0) {
      this.isLinked = true;
      this.out.constant(link);
      if (eip >>> 12 !== this.node.eip >>> 12) {
        this.out.constant(0);
        this.mappingOf(eip, this.user);
        this.out.constant((host - eip) | 0).op(Op.i32Eq, Op.select);
      }
      this.out.set(Local.LINK);
    }
    this.leaveTo(eip);
  }
  protected leaveOnEdge(kind: 'edge' | 'budget', eip: number, refund: number): void {
    const flags = this.leaveFlags();
    this.leaveWith(this.options.addSite({ kind, eip, refund, host: this.node.host, checksAlignment: false, flags, region: undefined, heat: 0, history: undefined }));
  }
  protected leaveWith(outcome: number): void {
    this.out.constant(outcome).set(Local.OUTCOME);
    this.branchTo(1);
  }
  private leaveAtSite(checksAlignment: boolean): void {
    this.leaveWith(this.addSite('instruction', checksAlignment, this.leaveFlags()));
  }
  /** The instruction at the current position is the interpreter's: it is called and control comes back, or the region leaves. */
  protected giveUp(checksAlignment: boolean): void {
    const { calls, instructions, successors } = this.node;
    if (calls && this.position === instructions.length - 1) {
      this.execute(instructions[this.position]);
      this.follow(successors[successors.length - 1], instructions[this.position].instruction?.row.traits.endsBlock === true);
    } else this.leaveAtSite(checksAlignment);
  }
  /** INVLPG is a function of WebAssembly where it is plain, which changes no register: there nothing is put back. */
  private execute(single: LoweredInstruction): void {
    const address = invalidatedAddress(single);
    if (address === undefined) {
      this.call();
      return;
    }
    this.addressOf(address);
    this.out.op(Op.call).unsigned(Imported.INVALIDATE).op(Op.i32Eqz);
    this.invalidates = true;
    this.open(Op.if);
    this.inArm(() => this.call());
    this.close();
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
  protected addSite(kind: Site['kind'], checksAlignment: boolean, flags: readonly FlagRecipe[]): number {
    const { instructions } = this.node;
    const { eip } = instructions[this.position];
    return this.options.addSite({ kind, eip, refund: instructions.length - this.position, host: this.hostOf(eip), checksAlignment, flags, region: undefined, heat: 0, history: undefined });
  }
  protected hostOf(eip: number): number { return this.node.host + eip - this.node.eip; }
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
