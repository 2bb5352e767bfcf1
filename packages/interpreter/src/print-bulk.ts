import { Flag, Register, Word } from '@ringbench/isa';
import { TLB_WRITE_DISTANCE } from '@ringbench/machine';
import { Local } from './locals.js';
import { BulkOp, type CodeBuffer, EMPTY_BLOCK, Op } from './wasm-encoder.js';

/**
 * Many iterations of REP MOVS or REP STOS at once, as `memory.copy` or `memory.fill` within the pages at hand. Never the last iteration, never
 * more than the budget allows, and only where nothing can be noticed: forward, both pages translated, and no byte read that was written by an
 * iteration before.
 */

const PAGE_BYTES = 4096;
const PAGE_MASK = PAGE_BYTES - 1;
const WORTH_WHILE = 8;
const SOURCE_REGISTER = Register.ESI * 4;
const DESTINATION_REGISTER = Register.EDI * 4;
const COUNT_REGISTER = Register.ECX * 4;

function register(out: CodeBuffer, offset: number): void {
  out.constant(0).memory(Op.i32Load, 2, offset);
}
/** Adds local BYTES to a register. */
function advance(out: CodeBuffer, offset: number): void {
  out.constant(0);
  register(out, offset);
  out.get(Local.BYTES).op(Op.i32Add).memory(Op.i32Store, 2, offset);
}
/** Leaves a register's host address in a local, or branches to `skip` when its page has no translation. */
function hostAddress(out: CodeBuffer, offset: number, table: number, to: number, skip: number): void {
  out.get(Local.TLB);
  register(out, offset);
  out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And, Op.i32Add).memory(Op.i32Load, 2, table).tee(to).constant(PAGE_MASK).op(Op.i32And).branch(Op.brIf, skip);
  out.get(to);
  register(out, offset);
  out.op(Op.i32Add).set(to);
}
/** Lowers local COUNT to a bound that is on the stack. */
function limitCount(out: CodeBuffer): void {
  out.tee(Local.ENTRY).get(Local.COUNT).get(Local.ENTRY).get(Local.COUNT).op(Op.i32LtU, Op.select).set(Local.COUNT);
}
/** Whole elements up to the end of the page of the address in a register. */
function limitToPage(out: CodeBuffer, offset: number, shift: number): void {
  out.constant(PAGE_BYTES);
  register(out, offset);
  out.constant(PAGE_MASK).op(Op.i32And, Op.i32Sub).constant(shift).op(Op.i32ShrU);
  limitCount(out);
}

/** Prints the statement `bulk`; afterwards the registers and the budget are as after so many single iterations. */
export function printBulk(out: CodeBuffer, action: 'move' | 'fill', size: number): void {
  const shift = size === 32 ? 2 : size === 16 ? 1 : 0;
  out.op(Op.block, EMPTY_BLOCK);
  register(out, COUNT_REGISTER);
  out.constant(1).op(Op.i32Sub).tee(Local.COUNT).constant(WORTH_WHILE).op(Op.i32LtU).branch(Op.brIf, 0);
  out.constant(0).memory(Op.i32Load, 2, Word.FLAG_SYSTEM * 4).constant(Flag.DF).op(Op.i32And).branch(Op.brIf, 0);
  hostAddress(out, DESTINATION_REGISTER, TLB_WRITE_DISTANCE, Local.DESTINATION, 0);
  if (action === 'move') hostAddress(out, SOURCE_REGISTER, 0, Local.SOURCE, 0);
  limitToPage(out, DESTINATION_REGISTER, shift);
  if (action === 'move') limitToPage(out, SOURCE_REGISTER, shift);
  out.get(Local.BUDGET);
  limitCount(out);
  out.get(Local.COUNT).constant(shift).op(Op.i32Shl).set(Local.BYTES);
  if (action === 'move') {
    out.get(Local.DESTINATION).get(Local.SOURCE).op(Op.i32Sub).get(Local.BYTES).op(Op.i32LtU).branch(Op.brIf, 0);
    out.get(Local.DESTINATION).get(Local.SOURCE).get(Local.BYTES).op(Op.bulkMemory, BulkOp.memoryCopy, 0, 0);
    advance(out, SOURCE_REGISTER);
  } else {
    requireEqualBytes(out, size);
    out.get(Local.DESTINATION);
    register(out, Register.EAX * 4);
    out.get(Local.BYTES).op(Op.bulkMemory, BulkOp.memoryFill, 0);
  }
  advance(out, DESTINATION_REGISTER);
  out.constant(0);
  register(out, COUNT_REGISTER);
  out.get(Local.COUNT).op(Op.i32Sub).memory(Op.i32Store, 2, COUNT_REGISTER);
  out.get(Local.BUDGET).get(Local.COUNT).op(Op.i32Sub).set(Local.BUDGET).op(Op.end);
}

/** `memory.fill` writes one byte value: leaves the block unless all bytes of the element are the same. */
function requireEqualBytes(out: CodeBuffer, size: number): void {
  if (size === 8) return;
  const mask = size === 32 ? -1 : 0xffff;
  register(out, Register.EAX * 4);
  out.constant(mask).op(Op.i32And);
  register(out, Register.EAX * 4);
  out.constant(0xff).op(Op.i32And).constant(0x01010101 & mask).op(Op.i32Mul, Op.i32Ne).branch(Op.brIf, 0);
}
