import { Register, Segment, type RegisterIndex, type WordName, Vector } from '../state.js';
import { asExpression, type Value } from './builder.js';
import { constant, type AccessSize, type Expression, type Statement, type Temporary } from './expression.js';
import { FlagRecorder } from './flag-recorder.js';

/** An operand as the recorder sees it: where its value is, in terms of parameters or constants. */
export type OperandSource =
  | { readonly kind: 'register'; readonly size: AccessSize; readonly offset: Expression }
  /** Already zero-extended to the operation's size. `nonZero`: known not to be 0 (shift counts). */
  | { readonly kind: 'immediate'; readonly value: Expression; readonly nonZero: boolean }
  /** A segment or control register by its number; control registers are numbered as their state words follow CR0. */
  | { readonly kind: 'numbered'; readonly number: Expression }
  /** `segment` is undefined when the segment is known to be flat: the offset then is the linear address. */
  | { readonly kind: 'memory'; readonly size: number; readonly base: Expression; readonly index: Expression | undefined; readonly displacement: Expression; readonly segment: Expression | undefined };

/** Everything about an occurrence that its code depends on, beyond its operands. */
export interface RecordingContext {
  readonly operandSize: AccessSize;
  readonly addressSize: 16 | 32;
  readonly stackSize: 16 | 32;
  /** DS, ES and SS are flat: no base, no limit. */
  readonly flat: boolean;
  /** Segment of a string source; undefined when flat. */
  readonly stringSegment: Expression | undefined;
}

const registerOffset = (register: RegisterIndex): Expression => constant(register * 4);

/**
 * The abstract operations over which semantics are written. Each semantic function runs once per form and leaves statements here.
 * Order inside a semantic: read, compute, write, flags last; so a fault commits nothing.
 */
export class Recorder extends FlagRecorder {
  readonly statements: Statement[] = [];
  private temporaries = 0;
  private host: Temporary | undefined;

  constructor(private context: RecordingContext) {
    super();
  }

  /** Starts the next instruction of a sequence recorded as one; its conditions may use the operands of the flags set before. */
  advance(context: RecordingContext): void {
    this.statements.push({ kind: 'advance' });
    this.context = context;
    this.host = undefined;
  }

  override get size(): AccessSize { return this.context.operandSize; }
  get addressSize(): 16 | 32 { return this.context.addressSize; }

  // ---- temporaries

  override let(value: Expression): Expression {
    if (value.kind === 'temporary' || value.kind === 'constant') return value;
    const to = this.temporary();
    this.statements.push({ kind: 'let', to, value });
    return to;
  }
  private temporary(): Temporary { return { kind: 'temporary', id: this.temporaries++ }; }

  // ---- registers and state

  register(register: RegisterIndex, size: AccessSize = 32): Expression { return { kind: 'register', size, offset: registerOffset(register) }; }
  /** AH: the second byte of EAX. */
  highByteOfAccumulator(): Expression { return { kind: 'register', size: 8, offset: constant(Register.EAX * 4 + 1) }; }
  setRegister(register: RegisterIndex, value: Value, size: AccessSize = 32): void {
    this.statements.push({ kind: 'set-register', size, offset: registerOffset(register), value: asExpression(value) });
  }
  setHighByteOfAccumulator(value: Value): void {
    this.statements.push({ kind: 'set-register', size: 8, offset: constant(Register.EAX * 4 + 1), value: asExpression(value) });
  }
  setWordAt(word: WordName, index: Value, value: Value): void {
    this.statements.push({ kind: 'set-word-at', word, index: asExpression(index), value: asExpression(value) });
  }
  override setWord(word: WordName, value: Value): void { this.statements.push({ kind: 'set-word', word, value: asExpression(value) }); }

  // ---- operands

  /** Effective address: the offset within the segment. */
  effectiveAddress(operand: OperandSource): Expression {
    if (operand.kind !== 'memory') throw new Error('effective address of an operand that is not memory');
    let offset = this.add({ kind: 'register', size: 32, offset: operand.base }, operand.displacement);
    if (operand.index !== undefined) offset = this.add(offset, this.scaledIndex(operand.index));
    return this.let(this.addressSize === 16 ? this.and(offset, 0xffff) : offset);
  }
  private scaledIndex(index: Expression): Expression {
    if (index.kind === 'constant') {
      return this.shl({ kind: 'register', size: 32, offset: constant(index.value & 0xff) }, (index.value >>> 8) & 3);
    }
    return this.shl({ kind: 'register', size: 32, offset: this.and(index, 0xff) }, this.and(this.shr(index, 8), 3));
  }
  private linear(segment: Expression | undefined, offset: Expression, size: number, write: boolean): Expression {
    if (segment === undefined) return offset;
    const to = this.temporary();
    this.statements.push({ kind: 'linear', to, segment, offset: this.let(offset), size, write });
    return to;
  }
  private addressOf(operand: OperandSource, size: number, write: boolean): Expression {
    return this.linearOf(operand, this.effectiveAddress(operand), size, write);
  }
  /** Linear address of a memory operand of `size` bits whose effective address is known. */
  linearOf(operand: OperandSource, offset: Expression, size: number, write: boolean): Expression {
    return this.linear(operand.kind === 'memory' ? operand.segment : undefined, offset, size, write);
  }

  private sizeOf(operand: OperandSource): AccessSize { return operand.kind === 'register' || operand.kind === 'memory' ? (operand.size as AccessSize) : this.size; }
  /** Value of an operand, zero-extended. */
  read(operand: OperandSource): Expression {
    switch (operand.kind) {
      case 'immediate': return this.let(operand.value);
      case 'numbered': throw new Error('a numbered register has no value without its array of words');
      case 'register': return this.let({ kind: 'register', size: operand.size, offset: operand.offset });
      case 'memory': return this.load(this.addressOf(operand, operand.size, false), this.sizeOf(operand));
    }
  }
  /** Value of an operand that will be written by `write`: memory is checked for writing first. */
  readForWrite(operand: OperandSource): Expression {
    if (operand.kind !== 'memory') return this.read(operand);
    const size = this.sizeOf(operand);
    const host = this.translateWrite(this.addressOf(operand, size, true), size);
    this.host = host;
    return this.loadHost(host, size);
  }
  write(operand: OperandSource, value: Value): void {
    const size = this.sizeOf(operand);
    if (operand.kind === 'register') {
      this.statements.push({ kind: 'set-register', size, offset: operand.offset, value: asExpression(value) });
    } else if (operand.kind !== 'memory') {
      throw new Error(`write to an operand of kind ${operand.kind}`);
    } else if (this.host !== undefined) {
      this.storeHost(this.host, value, size, true);
      this.host = undefined;
    } else {
      this.store(this.addressOf(operand, size, true), value, size);
    }
  }

  // ---- memory

  load(address: Expression, size: AccessSize): Expression {
    const at = this.let(address);
    const to = this.temporary();
    this.statements.push({ kind: 'load', to, address: at, size });
    return to;
  }
  /** Loads with supervisor privilege whatever CPL is; a missing translation leaves to the system procedure. */
  loadAsSystem(address: Expression, size: AccessSize): Expression {
    const at = this.let(address);
    const to = this.temporary();
    this.statements.push({ kind: 'load-system', to, address: at, size });
    return to;
  }
  /** Makes sure that stores as the system to these bytes will not leave. */
  probeAsSystem(address: Expression, size: AccessSize): void { this.statements.push({ kind: 'probe-system', address: this.let(address), size }); }
  storeAsSystem(address: Expression, value: Value, size: AccessSize): void {
    const at = this.let(address);
    this.statements.push({ kind: 'store-system', address: at, value: this.let(asExpression(value)), size });
  }
  store(address: Expression, value: Value, size: AccessSize): void {
    const at = this.let(address);
    this.statements.push({ kind: 'store', address: at, value: this.let(asExpression(value)), size });
  }
  translateWrite(address: Expression, size: number): Temporary {
    const at = this.let(address);
    const to = this.temporary();
    this.statements.push({ kind: 'translate-write', to, address: at, size });
    return to;
  }
  loadHost(host: Expression, size: AccessSize): Expression {
    const to = this.temporary();
    this.statements.push({ kind: 'load-host', to, host, size });
    return to;
  }
  storeHost(host: Expression, value: Value, size: AccessSize, last: boolean): void {
    this.statements.push({ kind: 'store-host', host, value: asExpression(value), size, last });
  }
  /** Host address of a 64-bit operand for CMPXCHG8B. */
  translateOperandForWrite(operand: OperandSource, size: number): Temporary { return this.translateWrite(this.addressOf(operand, size, true), size); }
  /** Destination of POP m: its address is computed with the stack pointer already moved (SDM vol. 2, POP). */
  translatePoppedOperand(operand: OperandSource): Temporary {
    if (operand.kind !== 'memory') throw new Error('popped operand is not memory');
    const moved = this.mul(this.eq(operand.base, registerOffset(Register.ESP)), this.stackItemSize / 8);
    return this.translateWrite(this.addressOf({ ...operand, displacement: this.add(operand.displacement, moved) }, this.size, true), this.size);
  }
  /** Linear address of `bits` at a bit-string offset (BT family): operand address plus a byte offset. */
  addressWithOffset(operand: OperandSource, byteOffset: Expression, size: AccessSize, write: boolean): Expression {
    if (operand.kind !== 'memory') throw new Error('bit string in a register');
    const offset = this.let(this.truncate(this.add(this.effectiveAddress(operand), byteOffset), this.addressSize));
    return this.linear(operand.segment, offset, size, write);
  }

  // ---- stack and strings

  private stackPointer(): Expression { return this.let(this.register(Register.ESP, this.context.stackSize)); }
  private stackLinear(offset: Expression, write: boolean, size: AccessSize): Expression {
    return this.linear(this.context.flat ? undefined : constant(Segment.SS), offset, size, write);
  }
  setStackPointer(value: Expression): void { this.setRegister(Register.ESP, value, this.context.stackSize); }
  push(value: Value, size: 16 | 32 = this.stackItemSize): void {
    const pushed = this.let(asExpression(value));
    const top = this.let(this.truncate(this.sub(this.stackPointer(), size / 8), this.context.stackSize));
    this.store(this.stackLinear(top, true, size), pushed, size);
    this.setStackPointer(top);
  }
  /** Loads the top of the stack; `commit` moves the stack pointer and must come before any other write. */
  pop(size: 16 | 32 = this.stackItemSize): { value: Expression; commit: (extraBytes?: Expression) => void } {
    const top = this.stackPointer();
    const value = this.load(this.stackLinear(top, false, size), size);
    return { value, commit: (extra) => this.setStackPointer(this.add(extra === undefined ? top : this.add(top, extra), size / 8)) };
  }
  storeToStackSegment(offset: Expression, value: Value, size: AccessSize): void { this.store(this.stackLinear(this.let(offset), true, size), value, size); }
  /** Stack pointer plus `bytes`, wrapped to the stack's width. */
  stackTop(bytes: number): Expression { return this.let(this.truncate(this.add(this.stackPointer(), bytes), this.context.stackSize)); }
  /** Address of an item `bytes` above (negative: below) the stack pointer, checked against the stack's segment. */
  stackSlot(bytes: number, size: AccessSize, write: boolean): Expression { return this.stackLinear(this.stackTop(bytes), write, size); }
  loadFromStackSegment(offset: Expression, size: AccessSize): Expression { return this.load(this.stackLinear(offset, false, size), size); }
  get stackSize(): 16 | 32 { return this.context.stackSize; }
  private get stackItemSize(): 16 | 32 { return this.size === 16 ? 16 : 32; }

  /** String source DS:[ESI] (or an override), string destination ES:[EDI]. */
  stringSource(): Expression {
    return this.linear(this.context.stringSegment, this.let(this.register(Register.ESI, this.addressSize)), this.size, false);
  }
  stringDestination(write: boolean): Expression {
    return this.linear(this.context.flat ? undefined : constant(Segment.ES), this.let(this.register(Register.EDI, this.addressSize)), this.size, write);
  }
  /** Where a repeated MOVS or STOS may be hurried along; only the plain flat case is worth it. */
  bulk(action: 'move' | 'fill'): void {
    if (this.context.flat && this.addressSize === 32 && this.context.stringSegment === undefined) this.statements.push({ kind: 'bulk', action, size: this.size });
  }
  /** Segment of XLAT's table, which takes overrides like a string source. */
  tableByte(offset: Expression): Expression { return this.load(this.linear(this.context.stringSegment, this.let(offset), 8, false), 8); }

  // ---- leaving and control transfer

  /** EIP beyond the limit of CS is #GP(0) at the transfer itself. Call before anything commits; flat code needs no check. */
  checkTarget(target: Expression, taken?: Expression): void {
    if (this.context.flat) return;
    const beyond = this.lessUnsigned(this.wordAt('LIMIT', Segment.CS), target);
    this.raiseIf(taken === undefined ? beyond : this.and(taken, beyond), Vector.GP);
  }

  leaveIf(condition: Value): void { this.statements.push({ kind: 'leave-if', condition: asExpression(condition) }); }
  raiseIf(condition: Expression, vector: number): void { this.statements.push({ kind: 'raise-if', condition, vector }); }
  doneIf(condition: Expression): void { this.statements.push({ kind: 'done-if', condition }); }
  branch(condition: Expression): void { this.statements.push({ kind: 'branch', condition }); }
  jump(): void { this.statements.push({ kind: 'jump' }); }
  jumpTo(target: Expression): void { this.statements.push({ kind: 'jump-to', target: this.let(target) }); }
  count(event: number, amount?: Expression): void { this.statements.push({ kind: 'count', event, amount }); }
  /** Makes a new CPL effective. */
  setPrivilege(level: Expression): void {
    const cpl = this.let(level);
    this.setWord('CPL', cpl);
    this.setWord('DATA_TLB', this.wordAt('DATA_TLB_OF_LEVEL', cpl));
    this.setWord('CODE_TLB', this.wordAt('CODE_TLB_OF_LEVEL', cpl));
    this.setWord('TRAP_SENSITIVE', this.wordAt('TRAP_SENSITIVE_OF_LEVEL', cpl));
    this.statements.push({ kind: 'privilege-changed' });
  }
  get flat(): boolean { return this.context.flat; }
}

