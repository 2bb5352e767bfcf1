import { CodeBuffer, EMPTY_BLOCK, FIRST_ENTRY_OPERATION, JumpCacheEntry, JUMP_CACHE_MASK, Op } from '@ringbench/interpreter';
import { Word } from '@ringbench/isa';
import { Region } from '@ringbench/machine';
import { Outcome } from './locals.js';

const Local = { TARGET: 0, ENTRY: 1, LINK: 2, OPERATION: 3, COUNT: 4 } as const;
const PAGE_OFFSET_MASK = 0xfff;
const USER_LEVEL = 3;
/** Magic number and version, and section numbers, of the WebAssembly Core Specification, 5.5. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const Section = { TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, EXPORT: 7, CODE: 10 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCTION_REFERENCE = 0x70;
const I32 = 0x7f;

/** Goes from region to region without coming back to JavaScript: looks EIP up as the interpreter's hot loop does, and calls what is marked there. */
export interface Dispatcher {
  /** Runs regions from EIP on as long as there are any; result like a region's. `Outcome.ELSEWHERE`: the interpreter goes on at EIP. */
  readonly dispatch: () => number;
  /** A region that there is not: returns `Outcome.ELSEWHERE`. */
  readonly none: () => number;
  /** Functions of the regions by entry number. Even ones run at CPL 0 to 2, odd ones at CPL 3. Behind those are the links, see Links. */
  readonly table: WebAssembly.Table;
}

function body(): CodeBuffer {
  const code = new CodeBuffer();
  // The outer block is left when there is no region; the loop goes round after each.
  code.op(Op.block, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK);
  code.constant(0).memory(Op.i32Load, 2, Word.EIP * 4).tee(Local.TARGET);
  code.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And).constant(0).memory(Op.i32Load, 2, Word.CODE_TLB * 4).op(Op.i32Add).memory(Op.i32Load, 2, 0).tee(Local.ENTRY);
  code.constant(PAGE_OFFSET_MASK).op(Op.i32And).branch(Op.brIf, 1);
  code.get(Local.ENTRY).get(Local.TARGET).op(Op.i32Add).tee(Local.ENTRY).get(Local.ENTRY).constant(12).op(Op.i32ShrU, Op.i32Xor);
  code.constant(JUMP_CACHE_MASK).op(Op.i32And).constant(4).op(Op.i32Shl).tee(Local.LINK);
  code.memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.HOST).get(Local.ENTRY).op(Op.i32Ne).branch(Op.brIf, 1);
  code.get(Local.LINK).memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.EIP).get(Local.TARGET).op(Op.i32Ne).branch(Op.brIf, 1);
  code.get(Local.LINK).memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.MICRO_OP).memory(Op.i32Load16U, 1, 0);
  code.constant(FIRST_ENTRY_OPERATION).op(Op.i32Sub).tee(Local.OPERATION).constant(0).op(Op.i32LtS).branch(Op.brIf, 1);
  code.get(Local.OPERATION).constant(1).op(Op.i32And).constant(0).memory(Op.i32Load, 2, Word.CPL * 4).constant(USER_LEVEL).op(Op.i32Eq, Op.i32Ne).branch(Op.brIf, 1);
  code.get(Local.OPERATION).op(Op.callIndirect).unsigned(0).unsigned(0).tee(Local.OPERATION);
  code.constant(Outcome.ELSEWHERE).op(Op.i32Eq).branch(Op.brIf, 0);
  code.get(Local.OPERATION).op(Op.return, Op.end, Op.end).constant(Outcome.ELSEWHERE).op(Op.end);
  return code;
}

function encode(places: number): Uint8Array<ArrayBuffer> {
  const out = new CodeBuffer();
  for (const byte of HEADER) out.byte(byte);
  const section = (id: number, write: (content: CodeBuffer) => void): void => {
    const content = new CodeBuffer();
    write(content);
    out.byte(id).unsigned(content.length).append(content);
  };
  section(Section.TYPE, (content) => content.unsigned(1).op(FUNCTION_TYPE, 0, 1, I32));
  section(Section.IMPORT, (content) => content.unsigned(1).text('machine').text('memory').op(2, 0).unsigned(1));
  section(Section.FUNCTION, (content) => content.unsigned(2).unsigned(0).unsigned(0));
  section(Section.TABLE, (content) => content.unsigned(1).op(FUNCTION_REFERENCE, 0).unsigned(places));
  section(Section.EXPORT, (content) => content.unsigned(3).text('dispatch').op(0).unsigned(0).text('none').op(0).unsigned(1).text('regions').op(1).unsigned(0));
  section(Section.CODE, (content) => {
    content.unsigned(2);
    const functions = [new CodeBuffer().unsigned(1).unsigned(Local.COUNT).byte(I32).append(body()), new CodeBuffer().unsigned(0).append(new CodeBuffer().constant(Outcome.ELSEWHERE).op(Op.end))];
    for (const code of functions) content.unsigned(code.length).append(code);
  });
  return out.toBytes();
}

/** @param places of the table. */
export function createDispatcher(memory: WebAssembly.Memory, places: number): Dispatcher {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(encode(places)), { machine: { memory } });
  return { dispatch: instance.exports.dispatch as () => number, none: instance.exports.none as () => number, table: instance.exports.regions as WebAssembly.Table };
}
