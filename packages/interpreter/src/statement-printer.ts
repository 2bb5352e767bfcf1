import { Word, type AccessSize, type DivisionOperator, type Expression, type ParameterName, type Statement, type WordName } from '@ringbench/isa';
import { Region, TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { type CodeBuffer, Op } from './wasm-encoder.js';

/** Where a translation table starts: from the tables of a privilege level, or from 0 for the system's. */
export const TABLE_OFFSET = { read: 0, write: TLB_WRITE_DISTANCE, 'system-read': Region.DATA_READ_SUPERVISOR, 'system-write': Region.DATA_WRITE_SUPERVISOR } as const;
export type TranslationTable = keyof typeof TABLE_OFFSET;

const BINARY: Readonly<Record<string, number>> = {
  add: Op.i32Add, sub: Op.i32Sub, mul: Op.i32Mul, and: Op.i32And, or: Op.i32Or, xor: Op.i32Xor, shl: Op.i32Shl, shr: Op.i32ShrU, sar: Op.i32ShrS,
  eq: Op.i32Eq, ne: Op.i32Ne, ltu: Op.i32LtU, lts: Op.i32LtS, leu: Op.i32LeU, les: Op.i32LeS,
};
/** Opcode and alignment exponent of an access. */
export const LOAD: Readonly<Record<number, readonly [opcode: number, alignment: number]>> = { 8: [Op.i32Load8U, 0], 16: [Op.i32Load16U, 0], 32: [Op.i32Load, 0] };
export const STORE: Readonly<Record<number, readonly [opcode: number, alignment: number]>> = { 8: [Op.i32Store8, 0], 16: [Op.i32Store16, 0], 32: [Op.i32Store, 0] };
const ONE_AS_F64 = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];

/**
 * The part of printing recorded semantics as WebAssembly that does not depend on where registers, parameters and flags are kept. What leaves with nothing
 * committed goes through `leave`; control statements are a subclass's own.
 */
export abstract class StatementPrinter {
  /** Most temporaries that any printed sequence needed. */
  temporaries = 0;

  /** Temporaries start at local `firstTemporary`; local `entry` is for translation entries. */
  constructor(protected readonly out: CodeBuffer, private readonly firstTemporary: number, protected readonly entry: number) {}

  protected abstract parameter(name: ParameterName): void;
  protected abstract register(size: AccessSize, offset: Expression): void;
  protected abstract setRegister(size: AccessSize, offset: Expression, value: Expression): void;
  /** A state word that the generated function keeps elsewhere than in memory: prints it and returns true. */
  protected abstract keptWord(word: WordName): boolean;
  protected abstract setWord(word: WordName, value: Expression): void;
  /** Leaves when the value on the stack is not zero. Nothing of the instruction is committed then. */
  protected abstract leave(): void;
  /** Leaves the translation entry of an address in local `entry`, or leaves. */
  protected abstract translate(address: Expression, size: number, table: TranslationTable): void;
  protected abstract bulk(action: 'move' | 'fill', size: AccessSize): void;
  protected abstract privilegeChanged(): void;

  protected local(temporary: number): number {
    this.temporaries = Math.max(this.temporaries, temporary + 1);
    return this.firstTemporary + temporary;
  }
  protected temporary(id: number): void { this.out.get(this.local(id)); }

  expression(e: Expression): void {
    const { out } = this;
    switch (e.kind) {
      case 'constant': out.constant(e.value); break;
      case 'temporary': this.temporary(e.id); break;
      case 'parameter': this.parameter(e.name); break;
      case 'word': if (!this.keptWord(e.word)) out.constant(0).memory(Op.i32Load, 2, Word[e.word] * 4); break;
      case 'word-at': this.wordAt(e.word, e.index); break;
      case 'register': this.register(e.size, e.offset); break;
      case 'select':
        this.expression(e.whenTrue);
        this.expression(e.whenFalse);
        this.expression(e.condition);
        out.op(Op.select);
        break;
      case 'unary':
        this.expression(e.operand);
        out.op(e.operator === 'eqz' ? Op.i32Eqz : e.operator === 'clz' ? Op.i32Clz : Op.i32Ctz);
        break;
      case 'divide': this.divide(e.operator, e); break;
      case 'binary': this.binary(e); break;
    }
  }
  private wordAt(word: WordName, index: Expression): void {
    if (index.kind === 'constant') {
      this.out.constant(0).memory(Op.i32Load, 2, (Word[word] + index.value) * 4);
      return;
    }
    this.expression(index);
    this.out.constant(2).op(Op.i32Shl).memory(Op.i32Load, 2, Word[word] * 4);
  }
  private binary(e: Extract<Expression, { kind: 'binary' }>): void {
    const { out } = this;
    if (e.operator === 'mulhu' || e.operator === 'mulhs') {
      const extend = e.operator === 'mulhu' ? Op.i64ExtendI32U : Op.i64ExtendI32S;
      this.expression(e.left);
      out.op(extend);
      this.expression(e.right);
      out.op(extend, Op.i64Mul, Op.i64Const, 32, Op.i64ShrU, Op.i32WrapI64);
      return;
    }
    this.expression(e.left);
    this.expression(e.right);
    out.op(BINARY[e.operator]);
  }
  /** high:low as an i64. */
  private wide(high: Expression, low: Expression): void {
    this.expression(high);
    this.out.op(Op.i64ExtendI32U, Op.i64Const, 32, Op.i64Shl);
    this.expression(low);
    this.out.op(Op.i64ExtendI32U, Op.i64Or);
  }
  protected divide(operator: DivisionOperator, e: Extract<Expression, { kind: 'divide' }>): void {
    const { out } = this;
    if (operator === 'fitsUnsigned') {
      this.expression(e.divisor);
      this.expression(e.high);
      out.op(Op.i32GtU);
      return;
    }
    if (operator === 'fitsSigned') {
      this.fitsSigned(e);
      return;
    }
    const signed = operator === 'quotientSigned' || operator === 'remainderSigned';
    this.wide(e.high, e.low);
    this.expression(e.divisor);
    out.op(signed ? Op.i64ExtendI32S : Op.i64ExtendI32U);
    const quotient = operator === 'quotientSigned' || operator === 'quotientUnsigned';
    out.op(quotient ? (signed ? Op.i64DivS : Op.i64DivU) : signed ? Op.i64RemS : Op.i64RemU, Op.i32WrapI64);
  }
  protected fitsSigned(_e: Extract<Expression, { kind: 'divide' }>): void {
    throw new Error('fitsSigned is not printed here');
  }

  /** Prints a statement that neither transfers control nor separates instructions; false for one that does. */
  protected plain(s: Statement): boolean {
    const { out } = this;
    switch (s.kind) {
      case 'let':
        this.expression(s.value);
        out.set(this.local(s.to.id));
        return true;
      case 'set-register': this.setRegister(s.size, s.offset, s.value); return true;
      case 'set-word': this.setWord(s.word, s.value); return true;
      case 'set-word-at': this.setWordAt(s); return true;
      case 'bulk': this.bulk(s.action, s.size); return true;
      case 'privilege-changed': this.privilegeChanged(); return true;
      case 'count': this.count(s.event, s.amount); return true;
      case 'leave-if': case 'raise-if':
        this.expression(s.condition);
        this.leave();
        return true;
      default: return this.access(s);
    }
  }
  private access(s: Statement): boolean {
    const { out } = this;
    switch (s.kind) {
      case 'linear': this.linear(s); return true;
      case 'load': case 'load-system':
        this.hostAddress(s.address, s.size, s.kind === 'load' ? 'read' : 'system-read');
        out.memory(LOAD[s.size][0], LOAD[s.size][1], 0).set(this.local(s.to.id));
        return true;
      case 'probe-system': this.translate(s.address, s.size, 'system-write'); return true;
      case 'store': case 'store-system':
        this.hostAddress(s.address, s.size, s.kind === 'store' ? 'write' : 'system-write');
        this.expression(s.value);
        out.memory(STORE[s.size][0], STORE[s.size][1], 0);
        return true;
      case 'translate-write':
        this.hostAddress(s.address, s.size, 'write');
        out.set(this.local(s.to.id));
        return true;
      case 'load-host':
        this.expression(s.host);
        out.memory(LOAD[s.size][0], LOAD[s.size][1], 0).set(this.local(s.to.id));
        return true;
      case 'store-host':
        this.expression(s.host);
        this.expression(s.value);
        out.memory(STORE[s.size][0], STORE[s.size][1], 0);
        return true;
      default: return false;
    }
  }
  private hostAddress(address: Expression, size: number, table: TranslationTable): void {
    this.translate(address, size, table);
    this.expression(address);
    this.out.get(this.entry).op(Op.i32Add);
  }
  private setWordAt(s: Extract<Statement, { kind: 'set-word-at' }>): void {
    const { out } = this;
    const isConstant = s.index.kind === 'constant';
    if (isConstant) out.constant(0);
    else {
      this.expression(s.index);
      out.constant(2).op(Op.i32Shl);
    }
    this.expression(s.value);
    out.memory(Op.i32Store, 2, (Word[s.word] + (s.index.kind === 'constant' ? s.index.value : 0)) * 4);
  }
  protected setMemoryWord(word: WordName, value: Expression): void {
    this.out.constant(0);
    this.expression(value);
    this.out.memory(Op.i32Store, 2, Word[word] * 4);
  }
  private count(event: number, amount: Expression | undefined): void {
    const offset = Region.COUNTS + event * 8;
    this.out.constant(0).constant(0).memory(Op.f64Load, 3, offset);
    if (amount === undefined) this.out.op(Op.f64Const, ...ONE_AS_F64);
    else {
      this.expression(amount);
      this.out.op(Op.f64ConvertI32U);
    }
    this.out.op(Op.f64Add).memory(Op.f64Store, 3, offset);
  }
  /** Fast bound of the segment, else the slow path decides. */
  private linear(s: Extract<Statement, { kind: 'linear' }>): void {
    const { out } = this;
    this.expression(s.offset);
    this.wordAt(s.write ? 'WRITE_TOP' : 'READ_TOP', s.segment);
    out.op(Op.i32GeU);
    this.leave();
    this.wordAt('BASE', s.segment);
    this.expression(s.offset);
    out.op(Op.i32Add).set(this.local(s.to.id));
  }
}
