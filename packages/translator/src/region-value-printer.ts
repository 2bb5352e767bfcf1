import { forEachExpression, forEachOperand, Register, Word, type AccessSize, type Expression, type ParameterName, type WordName } from '@ringbench/isa';
import { CodeBuffer, Op, printBulk, StatementPrinter, type TranslationTable } from '@ringbench/interpreter';
import { FillAccess, Region, TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { flagBit } from './flag-liveness.js';
import { formOf, recipeOf, type FlagRecipe } from './flag-form.js';
import { invalidatedAddress, registersOf, type PlainAddress } from './invalidation.js';
import { Local, MOST_EXIT_VALUES } from './locals.js';
import type { LoopFlags } from './loop-flags.js';
import { isDeferrable, NOTHING_PLANNED, type Temporaries } from './node-plan.js';
import type { RegionNode } from './region.js';

const PAGE_OFFSET_MASK = 0xfff;
const PAGE_BYTES = 0x1000;
const REGISTERS = 8;
const BYTE = 0xff;
const HALF = 0xffff;
/** A value's low bits are all zero in an entry that is there, all ones in one that is not (machine, layout.ts). */
const PRESENCE_BIT = 1;

type FlagName = 'FLAG_RESULT' | 'FLAG_CARRY';
const NO_FLAGS: readonly FlagRecipe[] = [];
/** Flag words whose value is known as an expression but not yet in its local; the temporaries are those of the node where they were set. */
export type PendingFlags = Map<FlagName, { readonly value: Expression; readonly temporaries: Temporaries }>;
const FLAG_LOCAL: Readonly<Record<FlagName, number>> = { FLAG_RESULT: Local.FLAG_RESULT, FLAG_CARRY: Local.FLAG_CARRY };

/**
 * Prints the values and accesses of a region's code: registers and flags are in locals, and before each access there is a check that leaves the region when it
 * fails. Flags are kept as recipes and computed where they are read, at joins, and on the way out.
 */
export abstract class RegionValuePrinter extends StatementPrinter {
  /** Registers and flag words in locals that are used at all (bit n: local n), and that change. */
  private used = 0;
  private changed = 0;
  /** Where the temporaries of the code being printed are. */
  protected place: Temporaries = { plan: NOTHING_PLANNED, first: Local.FIRST_TEMPORARY };
  protected pending: PendingFlags = new Map();
  /** The most values that an exit leaves for flags. */
  private exitValues = 0;

  /** `user`: the code being printed runs at CPL 3. */
  constructor(protected user: boolean) {
    super(new CodeBuffer(), Local.FIRST_TEMPORARY, Local.ENTRY);
  }

  // ---- what the region's control flow supplies

  /** Whether the string instruction being printed has its source where its offset says. */
  protected abstract inPlainSegments(): boolean;
  /** Leaves if the value on the stack is not 0. */
  protected abstract leaveIf(checksAlignment: boolean): void;
  /** Whether the instruction being printed often meets pages that are not in the TLB, so that its checks try to fill it before they leave. */
  protected abstract fillsTlb(): boolean;
  /** Leaves if `check` puts on the stack what is not 0, also after `fill`. */
  protected abstract leaveUnlessFilled(check: () => void, fill: () => void, checksAlignment: boolean): void;
  /** Whether the instruction being printed met misaligned addresses, so that its checks let those pass. */
  protected abstract toleratesMisaligned(): boolean;
  protected override leave(): void { this.leaveIf(false); }

  // ---- flags

  /** Puts the wanted flag words into their locals. */
  protected settleFlags(wanted: number): void {
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
  /** For an exit after which JavaScript looks: leaves what pending flags are computed from, instead of computing them. */
  protected leaveFlags(): readonly FlagRecipe[] {
    if (this.pending.size === 0) return NO_FLAGS;
    const recipes: FlagRecipe[] = [];
    const locals: number[] = [];
    for (const [name, { value, temporaries }] of this.pending) {
      const form = formOf(value, temporaries.plan);
      const leaves = form.leaves.map((leaf) => temporaries.first + temporaries.plan.places[leaf]);
      const added = leaves.filter((local) => !locals.includes(local));
      if (locals.length + added.length > MOST_EXIT_VALUES) {
        this.settleFlags(flagBit(name));
        continue;
      }
      for (const local of added) this.out.get(local).set(Local.EXIT_VALUES + locals.push(local) - 1);
      recipes.push(recipeOf(form, Word[name], leaves.map((local) => locals.indexOf(local))));
    }
    this.exitValues = Math.max(this.exitValues, locals.length);
    return recipes;
  }
  protected storeExitValues(code: CodeBuffer): void {
    for (let n = 0; n < this.exitValues; n++) code.constant(0).get(Local.EXIT_VALUES + n).memory(Op.i32Store, 2, Region.EXIT_VALUES + n * 4);
  }
  /** For an edge to a loop's head: FLAG_CARRY as that wants it. */
  protected passCarry({ form, ofZeros, value, temporaries }: LoopFlags): void {
    const { out } = this;
    const pending = this.pending.get('FLAG_CARRY');
    if (pending?.value === value) return;
    const count = form.leaves.length;
    const isOfForm = pending !== undefined && formOf(pending.value, pending.temporaries.plan) === form;
    if (isOfForm) {
      for (const leaf of form.leaves) out.get(pending.temporaries.first + pending.temporaries.plan.places[leaf]);
      out.constant(0);
    } else {
      for (let n = 0; n < count; n++) out.constant(0);
      if (pending === undefined) this.getLocal(Local.FLAG_CARRY);
      else this.pendingValue('FLAG_CARRY');
      if (ofZeros !== 0) out.constant(ofZeros).op(Op.i32Xor);
    }
    for (let n = count; n >= 0; n--) out.set(temporaries.first + n);
    this.pending.set('FLAG_CARRY', { value, temporaries });
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

  /** Notes, before anything is printed, the registers and flags of all nodes: what is put back in their midst must be known then. */
  protected useAllOf(nodes: readonly RegionNode[]): void {
    const note = (expression: Expression): void => {
      if (expression.kind === 'register' && expression.offset.kind === 'constant' && expression.offset.value >> 2 <= Register.EDI) this.used |= 1 << localOf(expression.offset.value);
      forEachOperand(expression, note);
    };
    for (const { code, instructions } of nodes) {
      for (const register of registersOf(invalidatedAddress(instructions[instructions.length - 1]))) this.used |= 1 << (Local.REGISTERS + register);
      for (const statement of code) {
        forEachExpression(statement, note);
        if (statement.kind === 'set-register') this.changed |= 1 << localOf(constantOf(statement.offset));
        if (statement.kind === 'bulk') this.changed |= (1 << Register.ECX) | (1 << Register.ESI) | (1 << Register.EDI);
        if (statement.kind === 'set-word' && flagBit(statement.word) !== 0) this.changed |= (1 << Local.FLAG_RESULT) | (1 << Local.FLAG_CARRY);
      }
    }
    this.useFlags();
  }
  protected useFlags(): void { this.used |= (1 << Local.FLAG_RESULT) | (1 << Local.FLAG_CARRY); }

  // ---- where things are

  /** For the function's beginning: puts what is used into the locals. */
  protected loadLocals(code: CodeBuffer): void {
    for (let local = 0; local <= Local.FLAG_CARRY; local++) if (((this.used | this.changed) & (1 << local)) !== 0) code.constant(0).memory(Op.i32Load, 2, addressOfLocal(local)).set(local);
  }
  /** For its end: puts what changed back. */
  protected storeLocals(code: CodeBuffer): void {
    for (let local = 0; local <= Local.FLAG_CARRY; local++) if ((this.changed & (1 << local)) !== 0) code.constant(0).get(local).memory(Op.i32Store, 2, addressOfLocal(local));
  }
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
    const { plan, first } = this.place;
    const place = plan.places[temporary];
    return place < 0 ? Local.UNUSED : first + place;
  }
  protected override temporary(id: number): void {
    const definition = this.place.plan.deferred[id];
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
  /** An address in a flat segment. */
  protected addressOf({ base, index, scale, displacement }: PlainAddress): void {
    const { out } = this;
    out.constant(displacement);
    if (base >= 0) {
      this.getLocal(Local.REGISTERS + base);
      out.op(Op.i32Add);
    }
    if (index < 0) return;
    this.getLocal(Local.REGISTERS + index);
    out.constant(scale).op(Op.i32Shl, Op.i32Add);
  }
  protected override bulk(action: 'move' | 'fill', size: AccessSize): void {
    if (!this.inPlainSegments()) return;
    printBulk(this.out, action, size, {
      locals: { budget: Local.BUDGET, entry: Local.ENTRY, count: Local.COUNT, bytes: Local.BYTES, source: Local.SOURCE, destination: Local.DESTINATION },
      tableOffset: this.tableOf('read'),
      addTable: () => undefined,
      register: (register) => this.getLocal(Local.REGISTERS + register),
      setRegister: (register, value) => {
        value();
        this.setLocal(Local.REGISTERS + register);
      },
    });
  }
  /** Only what is behind a ring transition would notice, and that is outside. */
  protected override privilegeChanged(): void { /* nothing is kept of the privilege level */ }

  // ---- accesses

  protected override translate(address: Expression, size: number, table: TranslationTable): void {
    const isAligned = (size === 16 || size === 32) && !table.startsWith('system') && !this.toleratesMisaligned();
    const check = (): void => this.checkEntry(address, size, table, isAligned);
    if (this.fillsTlb()) {
      this.leaveUnlessFilled(check, () => this.fill(address, table), isAligned);
      return;
    }
    check();
    this.leaveIf(isAligned);
  }
  /** The address and the kind of access of a `QuickFill`. */
  private fill(address: Expression, table: TranslationTable): void {
    const asUser = this.user && !table.startsWith('system');
    this.expression(address);
    this.out.constant((table.endsWith('write') ? FillAccess.WRITE : 0) | (asUser ? FillAccess.USER : 0));
  }
  /** The entry of the address's page goes into its local; on the stack is whether it does not serve. */
  private checkEntry(address: Expression, size: number, table: TranslationTable, isAligned: boolean): void {
    const { out } = this;
    this.expression(address);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And).memory(Op.i32Load, 2, this.tableOf(table));
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
