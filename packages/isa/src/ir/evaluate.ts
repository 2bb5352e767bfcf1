import { Segment, Vector, Word } from '../state.js';
import { segmentAllows } from '../system/access.js';
import type { Silicon } from '../system/silicon.js';
import type { Expression, ParameterName, Statement } from './expression.js';
import { JavaScriptPrinter, type ExpressionRuntime } from './print-javascript.js';
import { divide, multiplyHighSigned, multiplyHighUnsigned } from './wide-arithmetic.js';

/** How recorded code ended: `left` when the instruction's system procedure has to decide, and nothing is done yet. */
export type Ending = 'completed' | 'left' | 'faulted';

/**
 * Recorded code ready to be executed on one processor; `parameters` as the code was compiled for. After 'completed' EIP is that of the next instruction; after
 * 'faulted' the processor holds the fault and EIP is as before.
 */
export type Evaluation = (parameters: Int32Array) => Ending;

type Of<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>;
type MakeEvaluation = (silicon: Silicon, W: Int32Array, H: Uint16Array, B: Uint8Array, runtime: EvaluationRuntime) => Evaluation;

/** READ_TOP and WRITE_TOP (state.ts) hold for accesses of up to 8 bytes. */
const WIDEST_QUICK_ACCESS = 8;

/** What compiled code calls. */
class EvaluationRuntime implements ExpressionRuntime {
  private readonly state: Int32Array;
  /** The last access as the system failed, and was taken back. */
  failed = false;

  constructor(private readonly silicon: Silicon) {
    this.state = silicon.state;
  }

  /** Linear address of an access in a segment; a breach is recorded. Only for what the fast bounds do not settle. */
  linear(segment: number, offset: number, bytes: number, write: boolean): number {
    const { silicon, state } = this;
    if (!segmentAllows(state, segment, offset, bytes, write)) silicon.raise(segment === Segment.SS ? Vector.SS : Vector.GP, 0);
    return (state[Word.BASE + segment] + offset) | 0;
  }

  loadSystem(linear: number, bytes: 1 | 2 | 4): number {
    const address = this.state[Word.CR2];
    const value = this.silicon.load(linear, bytes, true);
    this.takeBack(address);
    return value;
  }
  storeSystem(linear: number, bytes: 1 | 2 | 4, value: number): void {
    const address = this.state[Word.CR2];
    this.silicon.store(linear, bytes, value, true);
    this.takeBack(address);
  }
  probeSystem(linear: number, bytes: number): void {
    const address = this.state[Word.CR2];
    this.silicon.probeWrite(linear, bytes, true);
    this.takeBack(address);
  }
  /** A fault of the processor's own access is the procedure's to find: takes it back, CR2 included. */
  private takeBack(address: number): void {
    const { silicon } = this;
    this.failed = silicon.faulted;
    if (!this.failed) return;
    silicon.clearFault();
    this.state[Word.CR2] = address;
  }

  count(event: number, amount: number): void { for (let left = amount; left > 0; left--) this.silicon.count(event); }
  mulhu(a: number, b: number): number { return multiplyHighUnsigned(a, b); }
  mulhs(a: number, b: number): number { return multiplyHighSigned(a, b); }
  divide(operator: string, high: number, low: number, divisor: number): number { return divide(operator, high, low, divisor); }
}

/** Prints statements for a `Silicon` S; a "host address" here is a linear address that was checked. P are the parameters. */
class EvaluationPrinter extends JavaScriptPrinter {
  private readonly lines: string[] = [];

  constructor(private readonly placeOf: (name: ParameterName) => number) {
    super();
  }

  print(code: readonly Statement[]): string {
    for (const statement of code) this.lines.push(this.statement(statement));
    this.lines.push(this.goTo(this.parameter('next')));
    return this.lines.join('\n');
  }

  protected parameter(name: ParameterName): string { return `P[${this.placeOf(name)}]`; }

  private statement(s: Statement): string {
    const of = (e: Expression): string => this.expression(e);
    switch (s.kind) {
      case 'let': return `const t${s.to.id}=${of(s.value)};`;
      case 'linear': return this.linear(s);
      case 'load': return `const t${s.to.id}=S.load(${of(s.address)},${s.size / 8},false);if(S.faulted)return 'faulted';`;
      case 'store': return `S.store(${of(s.address)},${s.size / 8},${of(s.value)},false);if(S.faulted)return 'faulted';`;
      case 'load-system': return `const t${s.to.id}=X.loadSystem(${of(s.address)},${s.size / 8});if(X.failed)return 'left';`;
      case 'store-system': return `X.storeSystem(${of(s.address)},${s.size / 8},${of(s.value)});if(X.failed)return 'left';`;
      case 'probe-system': return `X.probeSystem(${of(s.address)},${s.size / 8});if(X.failed)return 'left';`;
      case 'translate-write': return `const t${s.to.id}=${of(s.address)};S.probeWrite(t${s.to.id},${s.size / 8},false);if(S.faulted)return 'faulted';`;
      // What may be written at this privilege may be read and written by the system, which need not be aligned.
      case 'load-host': return `const t${s.to.id}=S.load(${of(s.host)},${s.size / 8},true);`;
      case 'store-host': return `S.store(${of(s.host)},${s.size / 8},${of(s.value)},true);`;
      case 'leave-if': return `if(${of(s.condition)}!==0)return 'left';`;
      case 'raise-if': return `if(${of(s.condition)}!==0){S.raise(${s.vector},0);return 'faulted';}`;
      case 'done-if': return `if(${of(s.condition)}!==0){${this.goTo(this.parameter('next'))}}`;
      case 'branch': return this.goTo(`${of(s.condition)}!==0?${this.parameter('immediate')}:${this.parameter('next')}`);
      case 'jump': return this.goTo(this.parameter('immediate'));
      case 'jump-to': return this.goTo(of(s.target));
      case 'advance': throw new Error('a sequence of instructions recorded as one is not evaluated');
      default: return this.change(s);
    }
  }

  /** Statements that change the processor's state and cannot fail. */
  private change(s: Of<'set-register' | 'set-word' | 'set-word-at' | 'privilege-changed' | 'count' | 'bulk'>): string {
    switch (s.kind) {
      case 'set-register': return `${this.register(s.size, s.offset)}=${this.expression(s.value)};`;
      case 'set-word': return `W[${Word[s.word]}]=${this.expression(s.value)};`;
      case 'set-word-at': return `W[${Word[s.word]}+${this.expression(s.index)}]=${this.expression(s.value)};`;
      case 'privilege-changed': return 'S.privilegeChanged();';
      case 'count': return s.amount === undefined ? `S.count(${s.event});` : `X.count(${s.event},${this.expression(s.amount)});`;
      // A hint that is not taken: one iteration is what is executed here.
      case 'bulk': return '';
    }
  }

  private linear({ to, segment, offset, size, write }: Of<'linear'>): string {
    const [name, number, at] = [`t${to.id}`, this.expression(segment), this.expression(offset)];
    const slow = `${name}=X.linear(${number},${at},${size / 8},${write});if(S.faulted)return 'faulted';`;
    if (size / 8 > WIDEST_QUICK_ACCESS) return `let ${slow}`;
    return `let ${name};if((${at})>>>0<W[${write ? Word.WRITE_TOP : Word.READ_TOP}+${number}]>>>0)${name}=W[${Word.BASE}+${number}]+${at}|0;else{${slow}}`;
  }

  private goTo(eip: string): string { return `W[${Word.EIP}]=${eip};return 'completed';`; }
}

/**
 * Compiles recorded code for processors of any kind: the plainest consumer of the little language of expression.ts. It executes one instruction, of a repeated one
 * an iteration; `placeOf` says where in `Evaluation`'s parameters each parameter is. The result makes the code one processor's.
 */
export function compileEvaluation(code: readonly Statement[], placeOf: (name: ParameterName) => number): (silicon: Silicon) => Evaluation {
  // The text is printed from our own semantics; a guest contributes nothing to it.
  const make = new Function('S', 'W', 'H', 'B', 'X', `'use strict';return function(P){\n${new EvaluationPrinter(placeOf).print(code)}\n}`) as MakeEvaluation;
  return (silicon) => {
    const { state } = silicon;
    return make(silicon, state, new Uint16Array(state.buffer, state.byteOffset), new Uint8Array(state.buffer, state.byteOffset), new EvaluationRuntime(silicon));
  };
}
