import { JavaScriptPrinter, Word, type ExpressionRuntime, type ParameterName, type Statement } from '@ringbench/isa';
import { Region, TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { Field, fieldOfParameter, Leave, MICRO_OP_BYTES } from './micro-op.js';
import type { Operation } from './operations.js';

/**
 * Prints recorded semantics as JavaScript: one function per operation, `(u) => next micro-op or Leave`. These run whatever leaves the hot loop, all code in
 * segments that are not flat, and single steps; they are also the readable reference that the hot loop is tested against.
 *
 * Names in the printed text: W H B the linear memory as 32-, 16-, 8-bit words (CPU state starts at 0), V a DataView of it, C event counters,
 * M the MMU, X the runtime below, u the micro-op's byte address, tN temporaries.
 */
export interface HandlerRuntime extends ExpressionRuntime {
  /** Linear address of an access in a segment, or any value with `M.faulted` or a raised fault. */
  linear(segment: number, offset: number, bytes: number, write: boolean): number;
  raise(vector: number, errorCode: number): void;
  /** Runs the instruction's system procedure; result like a handler's. */
  procedure(u: number): number;
  readonly faulted: boolean;
  /** Set by a store that changed decoded code. */
  codeChanged: boolean;
}

class HandlerPrinter extends JavaScriptPrinter {
  private readonly lines: string[] = [];
  private terminal = false;
  private stores = false;

  constructor(private readonly operation: Operation) {
    super();
  }

  print(code: readonly Statement[]): string {
    for (const statement of code) this.statement(statement);
    if (!this.terminal) {
      if (this.stores) this.lines.push(`if(X.codeChanged)return ${Leave.CODE_CHANGED};`);
      this.lines.push(`return u+${MICRO_OP_BYTES};`);
    }
    return this.lines.join('\n');
  }

  private field(field: number): string { return `W[(u>>2)+${field}]`; }

  protected parameter(name: ParameterName): string { return this.field(fieldOfParameter(name, this.operation.hasMemoryOperand)); }

  private loadText(address: string, size: number): string { return size === 8 ? `B[${address}]` : size === 16 ? `V.getUint16(${address},true)` : `V.getInt32(${address},true)`; }
  private storeText(address: string, value: string, size: number): string {
    return size === 8 ? `B[${address}]=${value};` : size === 16 ? `V.setUint16(${address},${value},true);` : `V.setInt32(${address},${value},true);`;
  }
  /** Declares `eN`, the translation entry of an address, and a condition that is true when the fast path does not apply. */
  private missing(address: string, size: number, write: boolean, name: string): string {
    const table = write ? `W[${Word.DATA_TLB}]+${TLB_WRITE_DISTANCE}` : `W[${Word.DATA_TLB}]`;
    this.lines.push(`const ${name}=W[(${table}>>2)+(${address}>>>12)];`);
    return this.misses(address, name, size);
  }

  /** A byte cannot cross a page, and at offset 0 the sum would not show an absent entry (layout.ts, NO_ENTRY). */
  private misses(address: string, entry: string, size: number): string {
    return size === 8 ? `(${entry}&4095)!==0` : `(${address}&4095)+(${entry}&4095)>${4096 - size / 8}`;
  }

  private statement(s: Statement): void {
    switch (s.kind) {
      case 'let': this.lines.push(`const t${s.to.id}=${this.expression(s.value)};`); break;
      case 'linear': this.linear(s); break;
      case 'load': case 'store': case 'translate-write': this.memory(s); break;
      case 'load-host': this.lines.push(`const t${s.to.id}=${this.loadText(this.expression(s.host), s.size)};`); break;
      case 'store-host':
        this.lines.push(this.storeText(this.expression(s.host), this.expression(s.value), s.size));
        if (s.last) this.lines.push('if(slow)M.commitWrite();');
        break;
      case 'set-register': this.lines.push(`${this.register(s.size, s.offset)}=${this.expression(s.value)};`); break;
      case 'set-word': this.lines.push(`W[${Word[s.word]}]=${this.expression(s.value)};`); break;
      case 'set-word-at': this.lines.push(`W[${Word[s.word]}+${this.expression(s.index)}]=${this.expression(s.value)};`); break;
      case 'load-system': this.loadSystem(s); break;
      case 'probe-system': this.requireSystem(this.expression(s.address), s.size, `p${this.lines.length}`); break;
      case 'store-system': this.storeSystem(s); break;
      case 'privilege-changed': case 'bulk': break;
      case 'count': this.lines.push(`C[${s.event}]+=${s.amount === undefined ? 1 : this.expression(s.amount)};`); break;
      case 'leave-if': this.lines.push(`if(${this.expression(s.condition)}!==0)return X.procedure(u);`); break;
      case 'raise-if': this.lines.push(`if(${this.expression(s.condition)}!==0){X.raise(${s.vector},0);return ${Leave.FAULT};}`); break;
      case 'done-if': this.lines.push(`if(${this.expression(s.condition)}!==0){${this.goTo(this.field(Field.DISPLACEMENT))}}`); break;
      case 'branch': this.end(`const to=${this.expression(s.condition)}!==0?${this.field(Field.IMMEDIATE)}:${this.field(Field.DISPLACEMENT)};${this.goTo('to')}`); break;
      case 'jump': this.end(this.goTo(this.field(Field.IMMEDIATE))); break;
      case 'jump-to': this.end(this.goTo(this.expression(s.target))); break;
      case 'advance': throw new Error('a fused sequence has no handler function');
    }
  }
  private loadSystem(s: Extract<Statement, { kind: 'load-system' }>): void {
    const address = this.expression(s.address);
    const entry = `e${s.to.id}`;
    this.lines.push(`const ${entry}=W[${Region.DATA_READ_SUPERVISOR >> 2}+(${address}>>>12)];if(${this.misses(address, entry, s.size)})return X.procedure(u);const t${s.to.id}=${this.loadText(`${address}+${entry}|0`, s.size)};`);
  }
  /** Declares a constant with the supervisor's write entry of an address; leaves where there is none. */
  private requireSystem(address: string, size: number, entry: string): void {
    this.lines.push(`const ${entry}=W[${Region.DATA_WRITE_SUPERVISOR >> 2}+(${address}>>>12)];if(${this.misses(address, entry, size)})return X.procedure(u);`);
  }
  private storeSystem(s: Extract<Statement, { kind: 'store-system' }>): void {
    this.stores = true;
    const address = this.expression(s.address);
    const entry = `s${this.lines.length}`;
    this.requireSystem(address, s.size, entry);
    this.lines.push(this.storeText(`${address}+${entry}|0`, this.expression(s.value), s.size));
  }
  private goTo(eip: string): string { return `W[${Word.EIP}]=${eip};return ${Leave.LOOK_UP};`; }
  private end(text: string): void {
    this.lines.push(text);
    this.terminal = true;
  }
  private linear(s: Extract<Statement, { kind: 'linear' }>): void {
    this.lines.push(`const t${s.to.id}=X.linear(${this.expression(s.segment)},${this.expression(s.offset)},${s.size / 8},${s.write});if(X.faulted)return ${Leave.FAULT};`);
  }
  private memory(s: Extract<Statement, { kind: 'load' | 'store' | 'translate-write' }>): void {
    const address = this.expression(s.address);
    const user = `W[${Word.CPL}]===3`;
    if (s.kind === 'load') {
      const slow = this.missing(address, s.size, false, `e${s.to.id}`);
      this.lines.push(`let t${s.to.id};if(${slow}){t${s.to.id}=M.load(${address},${s.size / 8},${user});if(M.faulted)return ${Leave.FAULT};}else t${s.to.id}=${this.loadText(`${address}+e${s.to.id}|0`, s.size)};`);
    } else if (s.kind === 'store') {
      this.stores = true;
      const entry = `s${this.lines.length}`;
      const value = this.expression(s.value);
      const slow = this.missing(address, s.size, true, entry);
      this.lines.push(`if(${slow}){M.store(${address},${s.size / 8},${value},${user});if(M.faulted)return ${Leave.FAULT};}else ${this.storeText(`${address}+${entry}|0`, value, s.size)}`);
    } else {
      this.stores = true;
      const slow = this.missing(address, s.size, true, `e${s.to.id}`);
      this.lines.push(`let t${s.to.id},slow=false;if(${slow}){t${s.to.id}=M.translateWrite(${address},${s.size / 8},${user});if(M.faulted)return ${Leave.FAULT};slow=true;}else t${s.to.id}=${address}+e${s.to.id}|0;`);
    }
  }
}

/** Body of the handler function of a recorded operation, for `new Function`. */
export function printHandler(operation: Operation): string {
  if (operation.code === undefined) throw new Error(`${operation.key} is a system procedure`);
  return new HandlerPrinter(operation).print(operation.code);
}
