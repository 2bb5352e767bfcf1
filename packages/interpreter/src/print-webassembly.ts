import { Word, type AccessSize, type Expression, type ParameterName, type Statement, type WordName } from '@ringbench/isa';
import { Field, fieldOfParameter, MICRO_OP_BYTES } from './micro-op.js';
import { Local } from './locals.js';
import { printBulk, type BulkPlaces } from './print-bulk.js';
import { LOAD, StatementPrinter, STORE, TABLE_OFFSET, type TranslationTable } from './statement-printer.js';
import { type CodeBuffer, EMPTY_BLOCK, Op } from './wasm-encoder.js';

/** Where control goes from a piece of generated code: branch depths, given for the level at which the code starts. */
export interface BranchTargets {
  /** Nothing committed; the handler function must run this micro-op. */
  readonly slow: number;
  /** Direct transfer: local LINK holds the micro-op or 0, local TARGET the EIP. */
  readonly linked: number;
  /** Computed transfer: local TARGET holds the EIP. */
  readonly computed: number;
  /** Next micro-op; local U is already advanced. */
  readonly next: number;
}

const PAGE_OFFSET_MASK = 0xfff;
const PAGE_BYTES = 0x1000;
const NOWHERE: BranchTargets = { slow: 0, linked: 0, computed: 0, next: 0 };

/** Prints recorded semantics as WebAssembly whose parameters are the fields of the micro-op at local U. Misses and faults leave with nothing committed. */
export class WasmPrinter extends StatementPrinter {
  private memoryOperand = false;
  private targets = NOWHERE;

  constructor(out: CodeBuffer) {
    super(out, Local.FIRST_TEMPORARY, Local.ENTRY);
  }

  /** `memoryOperands[i]` tells whether the i-th instruction of the sequence has a memory operand (it decides where `next` is). */
  print(code: readonly Statement[], memoryOperands: readonly boolean[], targets: BranchTargets): void {
    let terminal = false;
    let position = 0;
    this.targets = targets;
    this.memoryOperand = memoryOperands[0];
    for (const statement of code) {
      if (statement.kind === 'advance') {
        position++;
        this.memoryOperand = memoryOperands[position];
        this.advance();
      } else {
        terminal = this.statement(statement) || terminal;
      }
    }
    if (terminal) return;
    this.advance();
    this.out.branch(Op.br, targets.next);
  }

  private advance(): void { this.out.get(Local.U).constant(MICRO_OP_BYTES).op(Op.i32Add).set(Local.U); }
  private field(field: number): void { this.out.get(Local.U).memory(Op.i32Load, 2, field * 4); }

  protected override parameter(name: ParameterName): void { this.field(fieldOfParameter(name, this.memoryOperand)); }
  /** The loop keeps the budget to itself while it runs. */
  protected override keptWord(word: WordName): boolean {
    if (word !== 'BUDGET') return false;
    this.out.get(Local.BUDGET);
    return true;
  }
  protected override setWord(word: WordName, value: Expression): void { this.setMemoryWord(word, value); }
  protected override register(size: AccessSize, offset: Expression): void {
    const [opcode, alignment] = LOAD[size];
    if (offset.kind === 'constant') this.out.constant(0).memory(opcode, alignment, offset.value);
    else {
      this.expression(offset);
      this.out.memory(opcode, alignment, 0);
    }
  }
  protected override setRegister(size: AccessSize, offset: Expression, value: Expression): void {
    if (offset.kind === 'constant') this.out.constant(0);
    else this.expression(offset);
    this.expression(value);
    this.out.memory(STORE[size][0], STORE[size][1], offset.kind === 'constant' ? offset.value : 0);
  }
  protected override leave(): void { this.out.branch(Op.brIf, this.targets.slow); }
  protected override bulk(action: 'move' | 'fill', size: AccessSize): void { printBulk(this.out, action, size, this.bulkPlaces); }
  private readonly bulkPlaces: BulkPlaces = {
    locals: { budget: Local.BUDGET, entry: Local.ENTRY, count: Local.COUNT, bytes: Local.BYTES, source: Local.SOURCE, destination: Local.DESTINATION },
    tableOffset: 0,
    addTable: () => void this.out.get(Local.TLB).op(Op.i32Add),
    register: (register) => void this.out.constant(0).memory(Op.i32Load, 2, register * 4),
    setRegister: (register, value) => {
      this.out.constant(0);
      value();
      this.out.memory(Op.i32Store, 2, register * 4);
    },
  };
  protected override privilegeChanged(): void { this.out.constant(0).memory(Op.i32Load, 2, Word.DATA_TLB * 4).set(Local.TLB); }

  protected override translate(address: Expression, size: number, table: TranslationTable): void {
    const { out } = this;
    // Table word of the page: (address >>> 12) * 4 = (address >>> 10) & ~3.
    this.expression(address);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And);
    if (!table.startsWith('system')) out.get(Local.TLB).op(Op.i32Add);
    out.memory(Op.i32Load, 2, TABLE_OFFSET[table]).tee(Local.ENTRY);
    out.constant(PAGE_OFFSET_MASK).op(Op.i32And);
    if (size > 8) {
      this.expression(address);
      out.constant(PAGE_OFFSET_MASK).op(Op.i32And, Op.i32Add).constant(PAGE_BYTES - size / 8).op(Op.i32GtU);
    }
    this.leave();
  }

  /** True if control does not fall through. */
  private statement(s: Statement): boolean {
    const { out, targets } = this;
    if (this.plain(s)) return false;
    switch (s.kind) {
      case 'done-if':
        this.expression(s.condition);
        out.op(Op.if, EMPTY_BLOCK);
        this.link(Field.INDEX, Field.DISPLACEMENT);
        out.branch(Op.br, targets.linked + 1).op(Op.end);
        return false;
      case 'branch':
        this.expression(s.condition);
        out.op(Op.if, EMPTY_BLOCK);
        this.link(Field.BASE, Field.IMMEDIATE);
        out.op(Op.else);
        this.link(Field.INDEX, Field.DISPLACEMENT);
        out.op(Op.end).branch(Op.br, targets.linked);
        return true;
      case 'jump':
        this.link(Field.BASE, Field.IMMEDIATE);
        out.branch(Op.br, targets.linked);
        return true;
      case 'jump-to':
        this.expression(s.target);
        out.set(Local.TARGET).branch(Op.br, targets.computed);
        return true;
      default: throw new Error(`statement ${s.kind} out of place`);
    }
  }
  private link(linkField: number, eipField: number): void {
    this.field(linkField);
    this.out.set(Local.LINK);
    this.field(eipField);
    this.out.set(Local.TARGET);
  }
}
