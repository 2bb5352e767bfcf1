import { Word, type DivisionOperator, type Expression, type Statement } from '@ringbench/isa';
import { Region, TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { Field, fieldOfParameter, MICRO_OP_BYTES } from './micro-op.js';
import { Local } from './locals.js';
import { printBulk } from './print-bulk.js';
import { CodeBuffer, EMPTY_BLOCK, Op } from './wasm-encoder.js';

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

/** Where a translation table starts: from local TLB for the current privilege level, from 0 for the system's. */
const TABLE_OFFSET = { read: 0, write: TLB_WRITE_DISTANCE, 'system-read': Region.DATA_READ_SUPERVISOR, 'system-write': Region.DATA_WRITE_SUPERVISOR } as const;
const ONE_AS_F64 = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
const PAGE_OFFSET_MASK = 0xfff;
const PAGE_BYTES = 0x1000;

const BINARY: Readonly<Record<string, number>> = {
  add: Op.i32Add, sub: Op.i32Sub, mul: Op.i32Mul, and: Op.i32And, or: Op.i32Or, xor: Op.i32Xor, shl: Op.i32Shl, shr: Op.i32ShrU, sar: Op.i32ShrS,
  eq: Op.i32Eq, ne: Op.i32Ne, ltu: Op.i32LtU, lts: Op.i32LtS, leu: Op.i32LeU, les: Op.i32LeS,
};
const LOAD: Readonly<Record<number, readonly [opcode: number, alignment: number]>> = { 8: [Op.i32Load8U, 0], 16: [Op.i32Load16U, 0], 32: [Op.i32Load, 0] };
const STORE: Readonly<Record<number, readonly [opcode: number, alignment: number]>> = { 8: [Op.i32Store8, 0], 16: [Op.i32Store16, 0], 32: [Op.i32Store, 0] };

/** Prints recorded semantics as WebAssembly whose parameters are the fields of the micro-op at local U. Misses and faults leave with nothing committed. */
export class WasmPrinter {
  /** Most temporaries that any printed sequence needed. */
  temporaries = 0;

  constructor(private readonly out: CodeBuffer) {}

  /** `memoryOperands[i]` tells whether the i-th instruction of the sequence has a memory operand (it decides where `next` is). */
  print(code: readonly Statement[], memoryOperands: readonly boolean[], targets: BranchTargets): void {
    let terminal = false;
    let position = 0;
    for (const statement of code) {
      if (statement.kind === 'advance') {
        position++;
        this.advance();
      } else {
        terminal = this.statement(statement, memoryOperands[position], targets) || terminal;
      }
    }
    if (terminal) return;
    this.advance();
    this.out.branch(Op.br, targets.next);
  }

  private advance(): void { this.out.get(Local.U).constant(MICRO_OP_BYTES).op(Op.i32Add).set(Local.U); }

  private local(temporary: number): number {
    this.temporaries = Math.max(this.temporaries, temporary + 1);
    return Local.FIRST_TEMPORARY + temporary;
  }
  private field(field: number): void { this.out.get(Local.U).memory(Op.i32Load, 2, field * 4); }

  private expression(e: Expression, memory: boolean): void {
    const { out } = this;
    switch (e.kind) {
      case 'constant': out.constant(e.value); break;
      case 'temporary': out.get(this.local(e.id)); break;
      case 'parameter': this.field(fieldOfParameter(e.name, memory)); break;
      case 'word': out.constant(0).memory(Op.i32Load, 2, Word[e.word] * 4); break;
      case 'word-at':
        this.expression(e.index, memory);
        out.constant(2).op(Op.i32Shl).memory(Op.i32Load, 2, Word[e.word] * 4);
        break;
      case 'register': {
        const [opcode, alignment] = LOAD[e.size];
        if (e.offset.kind === 'constant') out.constant(0).memory(opcode, alignment, e.offset.value);
        else {
          this.expression(e.offset, memory);
          out.memory(opcode, alignment, 0);
        }
        break;
      }
      case 'select':
        this.expression(e.whenTrue, memory);
        this.expression(e.whenFalse, memory);
        this.expression(e.condition, memory);
        out.op(Op.select);
        break;
      case 'unary':
        this.expression(e.operand, memory);
        out.op(e.operator === 'eqz' ? Op.i32Eqz : e.operator === 'clz' ? Op.i32Clz : Op.i32Ctz);
        break;
      case 'divide': this.divide(e.operator, e, memory); break;
      case 'binary': this.binary(e, memory); break;
    }
  }
  private binary(e: Extract<Expression, { kind: 'binary' }>, memory: boolean): void {
    const { out } = this;
    if (e.operator === 'mulhu' || e.operator === 'mulhs') {
      const extend = e.operator === 'mulhu' ? Op.i64ExtendI32U : Op.i64ExtendI32S;
      this.expression(e.left, memory);
      out.op(extend);
      this.expression(e.right, memory);
      out.op(extend, Op.i64Mul, Op.i64Const, 32, Op.i64ShrU, Op.i32WrapI64);
      return;
    }
    this.expression(e.left, memory);
    this.expression(e.right, memory);
    out.op(BINARY[e.operator]);
  }
  /** high:low as an i64. */
  private wide(high: Expression, low: Expression, memory: boolean): void {
    this.expression(high, memory);
    this.out.op(Op.i64ExtendI32U, Op.i64Const, 32, Op.i64Shl);
    this.expression(low, memory);
    this.out.op(Op.i64ExtendI32U, Op.i64Or);
  }
  private divide(operator: DivisionOperator, e: Extract<Expression, { kind: 'divide' }>, memory: boolean): void {
    const { out } = this;
    if (operator === 'fitsUnsigned') {
      this.expression(e.divisor, memory);
      this.expression(e.high, memory);
      out.op(Op.i32GtU);
      return;
    }
    if (operator === 'fitsSigned') throw new Error('fitsSigned is not in the hot loop');
    const signed = operator === 'quotientSigned' || operator === 'remainderSigned';
    this.wide(e.high, e.low, memory);
    this.expression(e.divisor, memory);
    out.op(signed ? Op.i64ExtendI32S : Op.i64ExtendI32U);
    const quotient = operator === 'quotientSigned' || operator === 'quotientUnsigned';
    out.op(quotient ? (signed ? Op.i64DivS : Op.i64DivU) : signed ? Op.i64RemS : Op.i64RemU, Op.i32WrapI64);
  }

  /** Leaves the translation entry of an address in local ENTRY, or branches to `slow`. */
  private translate(address: Expression, size: number, table: keyof typeof TABLE_OFFSET, memory: boolean, slow: number): void {
    const { out } = this;
    // Table word of the page: (address >>> 12) * 4 = (address >>> 10) & ~3.
    this.expression(address, memory);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And);
    if (!table.startsWith('system')) out.get(Local.TLB).op(Op.i32Add);
    out.memory(Op.i32Load, 2, TABLE_OFFSET[table]).tee(Local.ENTRY);
    out.constant(PAGE_OFFSET_MASK).op(Op.i32And);
    if (size > 8) {
      this.expression(address, memory);
      out.constant(PAGE_OFFSET_MASK).op(Op.i32And, Op.i32Add).constant(PAGE_BYTES - size / 8).op(Op.i32GtU);
    }
    out.branch(Op.brIf, slow);
  }

  /** True if control does not fall through. */
  private statement(s: Statement, memory: boolean, targets: BranchTargets): boolean {
    const { out } = this;
    switch (s.kind) {
      case 'let':
        this.expression(s.value, memory);
        out.set(this.local(s.to.id));
        return false;
      case 'linear': this.linear(s, memory, targets.slow); return false;
      case 'load': case 'load-system':
        this.translate(s.address, s.size, s.kind === 'load' ? 'read' : 'system-read', memory, targets.slow);
        this.expression(s.address, memory);
        out.get(Local.ENTRY).op(Op.i32Add).memory(LOAD[s.size][0], LOAD[s.size][1], 0).set(this.local(s.to.id));
        return false;
      case 'probe-system': this.translate(s.address, s.size, 'system-write', memory, targets.slow); return false;
      case 'store': case 'store-system':
        this.translate(s.address, s.size, s.kind === 'store' ? 'write' : 'system-write', memory, targets.slow);
        this.expression(s.address, memory);
        out.get(Local.ENTRY).op(Op.i32Add);
        this.expression(s.value, memory);
        out.memory(STORE[s.size][0], STORE[s.size][1], 0);
        return false;
      case 'translate-write':
        this.translate(s.address, s.size, 'write', memory, targets.slow);
        this.expression(s.address, memory);
        out.get(Local.ENTRY).op(Op.i32Add).set(this.local(s.to.id));
        return false;
      case 'load-host':
        this.expression(s.host, memory);
        out.memory(LOAD[s.size][0], LOAD[s.size][1], 0).set(this.local(s.to.id));
        return false;
      case 'store-host':
        this.expression(s.host, memory);
        this.expression(s.value, memory);
        out.memory(STORE[s.size][0], STORE[s.size][1], 0);
        return false;
      default: return this.stateOrControl(s, memory, targets);
    }
  }
  private stateOrControl(s: Statement, memory: boolean, targets: BranchTargets): boolean {
    const { out } = this;
    switch (s.kind) {
      case 'set-register':
        if (s.offset.kind === 'constant') out.constant(0);
        else this.expression(s.offset, memory);
        this.expression(s.value, memory);
        out.memory(STORE[s.size][0], STORE[s.size][1], s.offset.kind === 'constant' ? s.offset.value : 0);
        return false;
      case 'set-word':
        out.constant(0);
        this.expression(s.value, memory);
        out.memory(Op.i32Store, 2, Word[s.word] * 4);
        return false;
      case 'set-word-at':
        this.expression(s.index, memory);
        out.constant(2).op(Op.i32Shl);
        this.expression(s.value, memory);
        out.memory(Op.i32Store, 2, Word[s.word] * 4);
        return false;
      case 'bulk': printBulk(out, s.action, s.size); return false;
      case 'privilege-changed': out.constant(0).memory(Op.i32Load, 2, Word.DATA_TLB * 4).set(Local.TLB); return false;
      case 'count': this.count(s.event, s.amount, memory); return false;
      case 'leave-if': case 'raise-if':
        this.expression(s.condition, memory);
        out.branch(Op.brIf, targets.slow);
        return false;
      case 'done-if':
        this.expression(s.condition, memory);
        out.op(Op.if, EMPTY_BLOCK);
        this.link(Field.INDEX, Field.DISPLACEMENT);
        out.branch(Op.br, targets.linked + 1).op(Op.end);
        return false;
      case 'branch':
        this.expression(s.condition, memory);
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
        this.expression(s.target, memory);
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
  private count(event: number, amount: Expression | undefined, memory: boolean): void {
    const offset = Region.COUNTS + event * 8;
    this.out.constant(0).constant(0).memory(Op.f64Load, 3, offset);
    if (amount === undefined) this.out.op(Op.f64Const, ...ONE_AS_F64);
    else {
      this.expression(amount, memory);
      this.out.op(Op.f64ConvertI32U);
    }
    this.out.op(Op.f64Add).memory(Op.f64Store, 3, offset);
  }
  /** Fast bound of the segment, else the slow path decides. */
  private linear(s: Extract<Statement, { kind: 'linear' }>, memory: boolean, slow: number): void {
    const { out } = this;
    this.expression(s.offset, memory);
    this.expression({ kind: 'word-at', word: s.write ? 'WRITE_TOP' : 'READ_TOP', index: s.segment }, memory);
    out.op(Op.i32GeU).branch(Op.brIf, slow);
    this.expression({ kind: 'word-at', word: 'BASE', index: s.segment }, memory);
    this.expression(s.offset, memory);
    out.op(Op.i32Add).set(this.local(s.to.id));
  }
}

