import { Flag, Register, Word } from '@ringbench/isa';
import { TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { BulkOp, type CodeBuffer, EMPTY_BLOCK, Op } from './wasm-encoder.js';

/**
 * Many iterations of REP MOVS or REP STOS at once, as `memory.copy` or `memory.fill` within the pages at hand. Never the last iteration, never
 * more than the budget allows, and only where nothing can be noticed: forward, both pages translated, and no byte read that was written by an
 * iteration before.
 */

const PAGE_BYTES = 4096;
const PAGE_MASK = PAGE_BYTES - 1;
const WORTH_WHILE = 8;

/** Where generated code keeps what the bulk works on. */
export interface BulkPlaces {
  /** Numbers of locals; `entry` and those behind it are scratch. */
  readonly locals: { readonly budget: number; readonly entry: number; readonly count: number; readonly bytes: number; readonly source: number; readonly destination: number };
  /** What `addTable` does not add of the address of the current level's read table. */
  readonly tableOffset: number;
  /** Adds to the value on the stack where the tables of the current level start, as far as it is not in `tableOffset`. */
  addTable(): void;
  /** Puts a general register on the stack. */
  register(register: number): void;
  /** Sets a general register to what `value` puts on the stack. */
  setRegister(register: number, value: () => void): void;
}

/** Prints the statement `bulk`; afterwards the registers and the budget are as after so many single iterations. */
export function printBulk(out: CodeBuffer, action: 'move' | 'fill', size: number, places: BulkPlaces): void {
  new BulkPrinter(out, size === 32 ? 2 : size === 16 ? 1 : 0, places).print(action);
}

class BulkPrinter {
  constructor(private readonly out: CodeBuffer, private readonly shift: number, private readonly places: BulkPlaces) {}

  print(action: 'move' | 'fill'): void {
    const { out, shift, places } = this;
    const { locals } = places;
    out.op(Op.block, EMPTY_BLOCK);
    places.register(Register.ECX);
    out.constant(1).op(Op.i32Sub).tee(locals.count).constant(WORTH_WHILE).op(Op.i32LtU).branch(Op.brIf, 0);
    out.constant(0).memory(Op.i32Load, 2, Word.FLAG_SYSTEM * 4).constant(Flag.DF).op(Op.i32And).branch(Op.brIf, 0);
    this.hostAddress(Register.EDI, TLB_WRITE_DISTANCE, locals.destination);
    if (action === 'move') this.hostAddress(Register.ESI, 0, locals.source);
    this.limitToPage(Register.EDI);
    if (action === 'move') this.limitToPage(Register.ESI);
    out.get(locals.budget);
    this.limitCount();
    out.get(locals.count).constant(shift).op(Op.i32Shl).set(locals.bytes);
    if (action === 'move') this.move();
    else this.fill();
    this.advance(Register.EDI);
    places.setRegister(Register.ECX, () => {
      places.register(Register.ECX);
      out.get(locals.count).op(Op.i32Sub);
    });
    out.get(locals.budget).get(locals.count).op(Op.i32Sub).set(locals.budget).op(Op.end);
  }

  private move(): void {
    const { source, destination, bytes } = this.places.locals;
    this.out.get(destination).get(source).op(Op.i32Sub).get(bytes).op(Op.i32LtU).branch(Op.brIf, 0);
    this.out.get(destination).get(source).get(bytes).op(Op.bulkMemory, BulkOp.memoryCopy, 0, 0);
    this.advance(Register.ESI);
  }
  /** `memory.fill` writes one byte value. An element of several is written once, and what is written is copied behind itself until it is enough. */
  private fill(): void {
    const { out, shift } = this;
    if (shift === 0) {
      this.fillBytes();
      return;
    }
    this.hasEqualBytes();
    out.op(Op.if, EMPTY_BLOCK);
    this.fillBytes();
    out.op(Op.else);
    this.fillPattern();
    out.op(Op.end);
  }
  private fillBytes(): void {
    const { locals } = this.places;
    this.out.get(locals.destination);
    this.places.register(Register.EAX);
    this.out.get(locals.bytes).op(Op.bulkMemory, BulkOp.memoryFill, 0);
  }
  private fillPattern(): void {
    const { out, shift, places } = this;
    const { destination, bytes, entry: done, source: more } = places.locals;
    // Pages and budget may leave room for none.
    out.get(bytes).op(Op.if, EMPTY_BLOCK).get(destination);
    places.register(Register.EAX);
    out.memory(shift === 2 ? Op.i32Store : Op.i32Store16, 0, 0).constant(1 << shift).set(done).op(Op.loop, EMPTY_BLOCK);
    out.get(destination).get(done).op(Op.i32Add).get(destination);
    out.get(bytes).get(done).op(Op.i32Sub).tee(more).get(done).get(more).get(done).op(Op.i32LtU, Op.select).tee(more);
    out.op(Op.bulkMemory, BulkOp.memoryCopy, 0, 0);
    out.get(done).get(more).op(Op.i32Add).tee(done).get(bytes).op(Op.i32LtU).branch(Op.brIf, 0).op(Op.end, Op.end);
  }
  /** Puts on the stack whether all bytes of the element are the same. */
  private hasEqualBytes(): void {
    const { out, shift, places } = this;
    const mask = shift === 2 ? -1 : 0xffff;
    places.register(Register.EAX);
    out.constant(mask).op(Op.i32And);
    places.register(Register.EAX);
    out.constant(0xff).op(Op.i32And).constant(0x01010101 & mask).op(Op.i32Mul, Op.i32Eq);
  }

  /** Adds local `bytes` to a register. */
  private advance(register: number): void {
    this.places.setRegister(register, () => {
      this.places.register(register);
      this.out.get(this.places.locals.bytes).op(Op.i32Add);
    });
  }
  /** Leaves a register's host address in a local, or leaves the block when its page has no translation. */
  private hostAddress(register: number, table: number, to: number): void {
    const { out, places } = this;
    places.register(register);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And);
    places.addTable();
    out.memory(Op.i32Load, 2, places.tableOffset + table).tee(to).constant(PAGE_MASK).op(Op.i32And).branch(Op.brIf, 0);
    out.get(to);
    places.register(register);
    out.op(Op.i32Add).set(to);
  }
  /** Lowers local `count` to a bound that is on the stack. */
  private limitCount(): void {
    const { entry, count } = this.places.locals;
    this.out.tee(entry).get(count).get(entry).get(count).op(Op.i32LtU, Op.select).set(count);
  }
  /** Whole elements up to the end of the page of the address in a register. */
  private limitToPage(register: number): void {
    this.out.constant(PAGE_BYTES);
    this.places.register(register);
    this.out.constant(PAGE_MASK).op(Op.i32And, Op.i32Sub).constant(this.shift).op(Op.i32ShrU);
    this.limitCount();
  }
}
