import { Word } from '@ringbench/isa';
import { Region } from '@ringbench/machine';
import { Leave } from './micro-op.js';
import { parseHotKey, recordSequence, type Operation, type OperationTable } from './operations.js';
import { Local } from './locals.js';
import { WasmPrinter } from './print-webassembly.js';
import { CodeBuffer, EMPTY_BLOCK, encodeModule, Op } from './wasm-encoder.js';

/** What the hot loop contains, most frequent first: keys of single operations and pairs of keys. Made by `scripts/profile-operations.mjs`. */
export interface HotSet {
  readonly operations: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
}

/** Jump cache entry: host address of the code, its EIP, its micro-op. Filled by CodeCache, read by the hot loop. */
export const JumpCacheEntry = { HOST: 0, EIP: 4, MICRO_OP: 8, BYTES: 16 } as const;
const JUMP_CACHE_INDEX_BITS = 14;
export const JUMP_CACHE_MASK = (1 << JUMP_CACHE_INDEX_BITS) - 1;
/** Folds the page number in, so that functions at the same offset of neighbouring pages do not collide. */
export const jumpCacheIndex = (host: number): number => (host ^ (host >>> 12)) & JUMP_CACHE_MASK;

/** Highest byte of a micro-op's first word: the price of entering a block. */
const ENTRY_PRICE_BYTE = 3;

export interface HotLoop {
  /** Runs micro-ops from `u` on until something leaves; BUDGET and MICRO_OP are in the state words. Result: a `Leave` code. */
  readonly run: (u: number) => number;
  /** `first << 16 | second` of operation numbers -> number of the fused operation. */
  readonly fused: ReadonlyMap<number, number>;
}

interface Handler {
  readonly id: number;
  readonly operations: readonly Operation[];
}

function collectHandlers(table: OperationTable, hot: HotSet): { handlers: Handler[]; fused: Map<number, number> } {
  const handlers: Handler[] = [];
  const known = new Set<number>();
  const single = (key: string): Operation => {
    const operation = table.get(parseHotKey(key));
    if (!known.has(operation.id)) handlers.push({ id: operation.id, operations: [operation] });
    known.add(operation.id);
    return operation;
  };
  for (const key of hot.operations) single(key);
  const pairs = hot.pairs.map(([first, second]) => [single(first), single(second)] as const);
  const fused = new Map<number, number>();
  for (const [first, second] of pairs) {
    const id = table.reserve();
    fused.set((first.id << 16) | second.id, id);
    handlers.push({ id, operations: [first, second] });
  }
  return { handlers, fused };
}

const EXIT_TYPE_LOCAL = Local.ENTRY;

class LoopGenerator {
  private readonly code = new CodeBuffer();
  private readonly printer = new WasmPrinter(this.code);

  constructor(private readonly handlers: readonly Handler[], private readonly operations: number) {}

  /**
   * Nesting, outermost first: exit, loop, slow, computed, linked, then one block a handler, innermost the dispatch. Branching to a block goes
   * behind its end; so handler n's code follows the end of block n.
   */
  generate(): Uint8Array<ArrayBuffer> {
    const { code, handlers } = this;
    code.constant(0).memory(Op.i32Load, 2, Word.BUDGET * 4).set(Local.BUDGET);
    code.constant(0).memory(Op.i32Load, 2, Word.DATA_TLB * 4).set(Local.TLB);
    code.op(Op.block, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK, Op.block, EMPTY_BLOCK, Op.block, EMPTY_BLOCK, Op.block, EMPTY_BLOCK);
    handlers.forEach(() => code.op(Op.block, EMPTY_BLOCK));
    this.dispatch();
    handlers.forEach((handler, position) => {
      code.op(Op.end);
      const inside = handlers.length - 1 - position;
      const body = handler.operations.length === 1 ? handler.operations[0].code : recordSequence(handler.operations.map(({ shape }) => shape));
      if (body === undefined) throw new Error(`${handler.operations[0].key} cannot be hot: it is a system procedure`);
      this.printer.print(body, handler.operations.map(({ hasMemoryOperand }) => hasMemoryOperand), { linked: inside, computed: inside + 1, slow: inside + 2, next: inside + 3 });
    });
    this.linked();
    this.computed();
    this.slow();
    return encodeModule([{ name: 'run', parameters: 1, locals: Local.FIRST_TEMPORARY - 1 + this.printer.temporaries, wideLocals: 0, code }]);
  }

  private dispatch(): void {
    const { code, handlers } = this;
    const slowDepth = handlers.length + 2;
    const depthOf = new Map(handlers.map(({ id }, position) => [id, position]));
    code.get(Local.U).memory(Op.i32Load16U, 1, 0).op(Op.brTable).unsigned(this.operations);
    for (let id = 0; id < this.operations; id++) code.unsigned(depthOf.get(id) ?? slowDepth);
    code.unsigned(slowDepth);
  }

  /** Enters the block at LINK or leaves for lack of budget. `exit` and `loop` are branch depths here. */
  private enterBlock(exit: number, loop: number): void {
    const { code } = this;
    code.get(Local.BUDGET).get(Local.LINK).memory(Op.i32Load8U, 0, ENTRY_PRICE_BYTE).op(Op.i32Sub).tee(Local.BUDGET).constant(0).op(Op.i32LtS, Op.if, EMPTY_BLOCK);
    code.get(Local.BUDGET).get(Local.LINK).memory(Op.i32Load8U, 0, ENTRY_PRICE_BYTE).op(Op.i32Add).set(Local.BUDGET);
    this.leaveAtTarget(Leave.BUDGET, exit + 1);
    code.op(Op.end).get(Local.LINK).set(Local.U).branch(Op.br, loop);
  }
  private leaveAtTarget(reason: number, exit: number): void {
    this.code.constant(0).get(Local.TARGET).memory(Op.i32Store, 2, Word.EIP * 4).constant(reason).set(EXIT_TYPE_LOCAL).branch(Op.br, exit);
  }

  /** Inside computed, slow, loop, exit. */
  private linked(): void {
    const { code } = this;
    code.op(Op.end).get(Local.LINK).op(Op.if, EMPTY_BLOCK);
    this.enterBlock(4, 3);
    code.op(Op.end);
  }

  /** Inside slow, loop, exit: finds the block at TARGET through the code TLB and the jump cache. */
  private computed(): void {
    const { code } = this;
    code.op(Op.end);
    code.constant(0).memory(Op.i32Load, 2, Word.CODE_TLB * 4).get(Local.TARGET).constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And, Op.i32Add).memory(Op.i32Load, 2, 0).tee(Local.ENTRY);
    code.constant(0xfff).op(Op.i32And, Op.i32Eqz, Op.if, EMPTY_BLOCK);
    // ENTRY becomes the host address, LINK the address of its jump cache entry.
    code.get(Local.ENTRY).get(Local.TARGET).op(Op.i32Add).tee(Local.ENTRY).get(Local.ENTRY).constant(12).op(Op.i32ShrU, Op.i32Xor);
    code.constant(JUMP_CACHE_MASK).op(Op.i32And).constant(4).op(Op.i32Shl).tee(Local.LINK);
    code.memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.HOST).get(Local.ENTRY).op(Op.i32Eq);
    code.get(Local.LINK).memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.EIP).get(Local.TARGET).op(Op.i32Eq, Op.i32And, Op.if, EMPTY_BLOCK);
    code.get(Local.LINK).memory(Op.i32Load, 2, Region.JUMP_CACHE + JumpCacheEntry.MICRO_OP).set(Local.LINK);
    this.enterBlock(4, 3);
    code.op(Op.end, Op.end);
    this.leaveAtTarget(Leave.LOOK_UP, 2);
  }

  /** Inside loop, exit; then the function's end. */
  private slow(): void {
    const { code } = this;
    code.op(Op.end).constant(Leave.SLOW).set(EXIT_TYPE_LOCAL).branch(Op.br, 1).op(Op.end, Op.end);
    code.constant(0).get(Local.U).memory(Op.i32Store, 2, Word.MICRO_OP * 4);
    code.constant(0).get(Local.BUDGET).memory(Op.i32Store, 2, Word.BUDGET * 4);
    code.get(EXIT_TYPE_LOCAL);
  }
}

/** Compiled loops. A loop follows from its hot set alone, because its operations are the first that a table numbers; interpreters of one process share it. */
const compiledLoops = new WeakMap<HotSet, WebAssembly.Module>();

/** Instantiates the hot loop, generated and compiled at its hot set's first use. The table must be empty, so that hot numbers are dense and always the same. */
export function createHotLoop(table: OperationTable, hot: HotSet, memory: WebAssembly.Memory): HotLoop {
  if (!table.isEmpty) throw new Error('the hot loop needs the first numbers of the table');
  const { handlers, fused } = collectHandlers(table, hot);
  const module = compiledLoops.get(hot) ?? new WebAssembly.Module(new LoopGenerator(handlers, table.all.length).generate());
  compiledLoops.set(hot, module);
  const instance = new WebAssembly.Instance(module, { machine: { memory } });
  return { run: instance.exports.run as (u: number) => number, fused };
}
