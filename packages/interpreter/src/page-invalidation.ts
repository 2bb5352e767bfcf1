import { eventIndex, Word } from '@ringbench/isa';
import { NO_ENTRY, Region, TlbWord } from '@ringbench/machine';
import { CodeBuffer, EMPTY_BLOCK, encodeModule, Op, type FunctionBody } from './wasm-encoder.js';

/**
 * INVLPG of a linear address as a function, for generated code: does all of it but EIP and BUDGET and returns 1; or nothing, and returns 0, where the code TLB
 * has the page, pieces of a large page may be about, or the instruction is not the plain one of ring 0.
 */
export type PageInvalidation = (linear: number) => number;

/** LINEAR is the parameter; PLACE is counted from the oldest entry of the queue on, INDEX is where that is; OTHER is the place beside it. */
const Local = { LINEAR: 0, AT_PAGE: 1, PLACE: 2, COUNT: 3, OLDEST: 4, CAPACITY: 5, INDEX: 6, OTHER: 7 } as const;
const PARAMETERS = 1;
const LOCALS = 7;
const QUEUE = Region.DATA_TLB_QUEUE + TlbWord.QUEUE * 4;
const EXECUTED = Region.COUNTS + eventIndex('executed.invlpg') * 8;
/** 1.0 in IEEE 754. */
const ONE_AS_F64 = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
const TABLES = [Region.DATA_READ_SUPERVISOR, Region.DATA_WRITE_SUPERVISOR, Region.DATA_READ_USER, Region.DATA_WRITE_USER];

const control = (word: number): number => Region.DATA_TLB_QUEUE + word * 4;

/** Prints what `invalidatePage` and Tlb's `drop` do (isa, control-registers.ts; machine, tlb.ts). */
class InvalidationPrinter {
  private readonly out = new CodeBuffer();

  print(): FunctionBody {
    const { out } = this;
    this.refuse();
    out.constant(0).constant(0).memory(Op.f64Load, 3, EXECUTED).op(Op.f64Const, ...ONE_AS_F64).op(Op.f64Add).memory(Op.f64Store, 3, EXECUTED);
    out.get(Local.AT_PAGE).memory(Op.i32Load, 2, Region.DATA_TLB_ENTRY).op(Op.if, EMPTY_BLOCK);
    this.find();
    this.closeGap();
    this.forget();
    out.op(Op.end).constant(1);
    return { name: 'invalidate', parameters: PARAMETERS, locals: LOCALS, wideLocals: 0, code: out };
  }

  private word(address: number): CodeBuffer { return this.out.constant(0).memory(Op.i32Load, 2, address); }

  private refuse(): void {
    const { out } = this;
    out.get(Local.LINEAR).constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And).tee(Local.AT_PAGE).memory(Op.i32Load, 2, Region.CODE_TLB_ENTRY);
    for (const address of [Word.CPL * 4, Word.IN_V386 * 4, control(TlbWord.MAY_HOLD_LARGE), Region.CODE_TLB_QUEUE + TlbWord.MAY_HOLD_LARGE * 4]) this.word(address).op(Op.i32Or);
    out.op(Op.if, EMPTY_BLOCK).constant(0).op(Op.return, Op.end);
  }

  /** PLACE and INDEX of the page, which is in the queue because it has an entry. */
  private find(): void {
    const { out } = this;
    this.word(control(TlbWord.COUNT)).set(Local.COUNT);
    this.word(control(TlbWord.CAPACITY)).set(Local.CAPACITY);
    this.word(control(TlbWord.OLDEST)).tee(Local.OLDEST).set(Local.INDEX);
    out.constant(0).set(Local.PLACE);
    out.op(Op.block, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK);
    this.queued(Local.INDEX).get(Local.LINEAR).constant(12).op(Op.i32ShrU, Op.i32Eq).branch(Op.brIf, 1);
    this.following().set(Local.INDEX);
    out.get(Local.PLACE).constant(1).op(Op.i32Add).tee(Local.PLACE).get(Local.COUNT).op(Op.i32LtU).branch(Op.brIf, 0);
    out.op(Op.unreachable, Op.end, Op.end);
  }
  private queued(index: number): CodeBuffer { return this.out.get(index).constant(2).op(Op.i32Shl).memory(Op.i32Load, 2, QUEUE); }
  /** The index behind INDEX, around the queue's end. */
  private following(): CodeBuffer {
    const { out } = this;
    return out.constant(0).get(Local.INDEX).constant(1).op(Op.i32Add).tee(Local.OTHER).get(Local.OTHER).get(Local.CAPACITY).op(Op.i32Eq, Op.select);
  }

  /** The shorter side of the queue moves. */
  private closeGap(): void {
    const { out } = this;
    out.get(Local.PLACE).constant(1).op(Op.i32Shl).get(Local.COUNT).op(Op.i32LtU, Op.if, EMPTY_BLOCK);
    this.moveOlder();
    out.op(Op.else);
    this.moveYounger();
    out.op(Op.end);
    out.constant(0).get(Local.COUNT).constant(1).op(Op.i32Sub).memory(Op.i32Store, 2, control(TlbWord.COUNT));
  }
  private moveOlder(): void {
    const { out } = this;
    out.op(Op.block, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK).get(Local.INDEX).get(Local.OLDEST).op(Op.i32Eq).branch(Op.brIf, 1);
    out.get(Local.INDEX).get(Local.CAPACITY).get(Local.INDEX).op(Op.select).constant(1).op(Op.i32Sub).set(Local.OTHER);
    this.move();
    out.branch(Op.br, 0).op(Op.end, Op.end);
    out.constant(0);
    this.following().memory(Op.i32Store, 2, control(TlbWord.OLDEST));
  }
  private moveYounger(): void {
    const { out } = this;
    out.op(Op.block, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK).get(Local.PLACE).constant(1).op(Op.i32Add).tee(Local.PLACE).get(Local.COUNT).op(Op.i32GeU).branch(Op.brIf, 1);
    this.following().set(Local.OTHER);
    this.move();
    out.branch(Op.br, 0).op(Op.end, Op.end);
  }
  /** What is at OTHER comes to INDEX, and OTHER becomes INDEX. */
  private move(): void {
    const { out } = this;
    out.get(Local.INDEX).constant(2).op(Op.i32Shl);
    this.queued(Local.OTHER).memory(Op.i32Store, 2, QUEUE);
    out.get(Local.OTHER).set(Local.INDEX);
  }

  private forget(): void {
    const { out } = this;
    out.get(Local.AT_PAGE).constant(0).memory(Op.i32Store, 2, Region.DATA_TLB_ENTRY);
    for (const table of TABLES) out.get(Local.AT_PAGE).constant(NO_ENTRY).memory(Op.i32Store, 2, table);
  }
}

let compiled: WebAssembly.Module | undefined;

/** The same code for all machines of a process; compiled at its first use. */
export function createPageInvalidation(memory: WebAssembly.Memory): PageInvalidation {
  compiled ??= new WebAssembly.Module(encodeModule([new InvalidationPrinter().print()]));
  return new WebAssembly.Instance(compiled, { machine: { memory } }).exports.invalidate as PageInvalidation;
}
