import { Segment, Vector, Word, segmentAllows } from '../../src/index.js';
import type { AccessSize, Expression, ParameterName, Silicon, Statement } from '../../src/index.js';

/** How recorded code ended: `left` when the instruction's system procedure has to decide. */
export type Ending = 'completed' | 'left' | 'faulted';
export type Parameters = Readonly<Partial<Record<ParameterName, number>>>;
type Of<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>;

/**
 * Executes recorded statements one by one on a processor: the slowest consumer of the little language of ir/expression.ts, and its plainest definition.
 * A host address here is a linear address that was checked. `bulk` hints are not taken; sequences of several instructions are not its business.
 */
export class Evaluator {
  private readonly temporaries: number[] = [];
  private readonly bytes: DataView;

  constructor(private readonly silicon: Silicon, private readonly parameters: Parameters) {
    this.bytes = new DataView(silicon.state.buffer, silicon.state.byteOffset);
  }

  /** After 'completed', EIP is that of the next instruction: the target of a transfer, or the parameter `next`. */
  run(code: readonly Statement[]): Ending {
    for (const statement of code) {
      const ending = this.execute(statement);
      if (ending !== undefined) return ending;
    }
    return this.goTo(this.parameter('next'));
  }

  private execute(s: Statement): Ending | undefined {
    switch (s.kind) {
      case 'let': return this.keep(s.to.id, this.value(s.value));
      case 'linear': return this.linear(s);
      case 'load': return this.load(s.address, s, false);
      case 'store': return this.store(s.address, s, false);
      case 'load-system': return this.asSystem(() => this.load(s.address, s, true));
      case 'store-system': return this.asSystem(() => this.store(s.address, s, true));
      case 'probe-system': return this.asSystem(() => this.probe(this.value(s.address), s.size / 8, true));
      case 'translate-write': return this.translateWrite(s);
      case 'load-host': return this.load(s.host, s, true);
      case 'store-host': return this.store(s.host, s, true);
      case 'leave-if': return this.value(s.condition) === 0 ? undefined : 'left';
      case 'raise-if': return this.value(s.condition) === 0 ? undefined : this.raise(s.vector);
      case 'done-if': return this.value(s.condition) === 0 ? undefined : this.goTo(this.parameter('next'));
      case 'branch': return this.goTo(this.parameter(this.value(s.condition) === 0 ? 'next' : 'immediate'));
      case 'jump': return this.goTo(this.parameter('immediate'));
      case 'jump-to': return this.goTo(this.value(s.target));
      case 'advance': throw new Error('a sequence of instructions recorded as one is not evaluated');
      default: return this.change(s);
    }
  }

  /** Statements that change the processor's state and cannot fail. */
  private change(s: Of<'set-register' | 'set-word' | 'set-word-at' | 'privilege-changed' | 'count' | 'bulk'>): undefined {
    const { silicon, bytes } = this;
    switch (s.kind) {
      case 'set-register': setBits(bytes, this.value(s.offset), s.size, this.value(s.value)); break;
      case 'set-word': silicon.state[Word[s.word]] = this.value(s.value); break;
      case 'set-word-at': silicon.state[Word[s.word] + this.value(s.index)] = this.value(s.value); break;
      case 'privilege-changed': silicon.privilegeChanged(); break;
      case 'count': for (let left = s.amount === undefined ? 1 : this.value(s.amount); left > 0; left--) silicon.count(s.event); break;
      case 'bulk': break;
    }
  }

  // ---- memory

  private load(address: Expression, { to, size }: Of<'load' | 'load-host' | 'load-system'>, system: boolean): Ending | undefined {
    return this.keep(to.id, this.silicon.load(this.value(address), byteCount(size), system));
  }
  private store(address: Expression, { size, value }: Of<'store' | 'store-host' | 'store-system'>, system: boolean): Ending | undefined {
    this.silicon.store(this.value(address), byteCount(size), this.value(value), system);
    return this.silicon.faulted ? 'faulted' : undefined;
  }

  private linear(s: Of<'linear'>): Ending | undefined {
    const { state } = this.silicon;
    const segment = this.value(s.segment);
    const offset = this.value(s.offset);
    if (!segmentAllows(state, segment, offset, s.size / 8, s.write)) return this.raise(segment === Segment.SS ? Vector.SS : Vector.GP);
    return this.keep(s.to.id, state[Word.BASE + segment] + offset);
  }

  private translateWrite(s: Of<'translate-write'>): Ending | undefined {
    const address = this.value(s.address);
    return this.probe(address, s.size / 8, false) ?? this.keep(s.to.id, address);
  }

  /** Reads every byte and writes it back: that faults where a write of all of them would, and changes nothing. */
  private probe(address: number, bytes: number, system: boolean): Ending | undefined {
    const { silicon } = this;
    for (let at = 0; at < bytes; at++) {
      const held = silicon.load((address + at) | 0, 1, system);
      // Where nothing can be read the write faults too, and it is the write's error code that counts.
      if (silicon.faulted) silicon.clearFault();
      silicon.store((address + at) | 0, 1, held, system);
      if (silicon.faulted) return 'faulted';
    }
    return undefined;
  }

  /** A fault of the processor's own access is the procedure's to find: take it back, CR2 included. */
  private asSystem(access: () => Ending | undefined): Ending | undefined {
    const { silicon } = this;
    const address = silicon.state[Word.CR2];
    if (access() === undefined) return undefined;
    silicon.clearFault();
    silicon.state[Word.CR2] = address;
    return 'left';
  }

  private keep(temporary: number, value: number): Ending | undefined {
    this.temporaries[temporary] = value | 0;
    return this.silicon.faulted ? 'faulted' : undefined;
  }
  private raise(vector: number): 'faulted' {
    this.silicon.raise(vector, 0);
    return 'faulted';
  }
  private goTo(eip: number): 'completed' {
    this.silicon.state[Word.EIP] = eip;
    return 'completed';
  }

  // ---- expressions: 32-bit patterns as signed integers

  private parameter(name: ParameterName): number {
    const value = this.parameters[name];
    if (value === undefined) throw new Error(`the code reads the parameter ${name}, which was not given`);
    return value | 0;
  }

  private value(e: Expression): number {
    const { state } = this.silicon;
    switch (e.kind) {
      case 'constant': return e.value;
      case 'temporary': return this.temporaries[e.id];
      case 'parameter': return this.parameter(e.name);
      case 'register': return bits(this.bytes, this.value(e.offset), e.size);
      case 'word': return state[Word[e.word]];
      case 'word-at': return state[Word[e.word] + this.value(e.index)];
      case 'binary': return BINARY[e.operator](this.value(e.left), this.value(e.right)) | 0;
      case 'unary': return UNARY[e.operator](this.value(e.operand));
      case 'divide': return DIVISION[e.operator](this.value(e.high), this.value(e.low), this.value(e.divisor)) | 0;
      case 'select': return this.value(this.value(e.condition) === 0 ? e.whenFalse : e.whenTrue);
    }
  }
}

const byteCount = (size: AccessSize): 1 | 2 | 4 => (size === 32 ? 4 : size === 16 ? 2 : 1);

function bits(bytes: DataView, offset: number, size: AccessSize): number {
  return size === 32 ? bytes.getInt32(offset, true) : size === 16 ? bytes.getUint16(offset, true) : bytes.getUint8(offset);
}
function setBits(bytes: DataView, offset: number, size: AccessSize, value: number): void {
  if (size === 32) bytes.setInt32(offset, value, true);
  else if (size === 16) bytes.setUint16(offset, value, true);
  else bytes.setUint8(offset, value);
}

type Binary = Extract<Expression, { kind: 'binary' }>['operator'];
const truth = (condition: boolean): number => (condition ? 1 : 0);
const high = (product: bigint): number => Number(BigInt.asIntN(32, product >> 32n));
const unsigned = (value: number): bigint => BigInt(value >>> 0);
const BINARY: Readonly<Record<Binary, (left: number, right: number) => number>> = {
  add: (a, b) => a + b, sub: (a, b) => a - b, mul: Math.imul, and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b,
  shl: (a, b) => a << b, shr: (a, b) => a >>> b, sar: (a, b) => a >> b,
  eq: (a, b) => truth(a === b), ne: (a, b) => truth(a !== b), ltu: (a, b) => truth(a >>> 0 < b >>> 0), lts: (a, b) => truth(a < b),
  leu: (a, b) => truth(a >>> 0 <= b >>> 0), les: (a, b) => truth(a <= b),
  mulhu: (a, b) => high(unsigned(a) * unsigned(b)), mulhs: (a, b) => high(BigInt(a) * BigInt(b)),
};

const UNARY: Readonly<Record<Extract<Expression, { kind: 'unary' }>['operator'], (value: number) => number>> = {
  eqz: (value) => truth(value === 0), clz: Math.clz32, ctz: (value) => (value === 0 ? 32 : 31 - Math.clz32(value & -value)),
};

type Division = (high: number, low: number, divisor: number) => number;
const wideUnsigned = (upper: number, lower: number): bigint => (unsigned(upper) << 32n) | unsigned(lower);
const wideSigned = (upper: number, lower: number): bigint => (BigInt(upper) << 32n) | unsigned(lower);
const DIVISION: Readonly<Record<Extract<Expression, { kind: 'divide' }>['operator'], Division>> = {
  quotientUnsigned: (h, l, d) => Number(BigInt.asIntN(32, wideUnsigned(h, l) / unsigned(d))),
  remainderUnsigned: (h, l, d) => Number(BigInt.asIntN(32, wideUnsigned(h, l) % unsigned(d))),
  quotientSigned: (h, l, d) => Number(BigInt.asIntN(32, wideSigned(h, l) / BigInt(d))),
  remainderSigned: (h, l, d) => Number(BigInt.asIntN(32, wideSigned(h, l) % BigInt(d))),
  fitsUnsigned: (h, l, d) => truth(d !== 0 && wideUnsigned(h, l) / unsigned(d) <= 0xffffffffn),
  fitsSigned: (h, l, d) => {
    if (d === 0) return 0;
    const quotient = wideSigned(h, l) / BigInt(d);
    return truth(BigInt.asIntN(32, quotient) === quotient);
  },
};
