import { COUNTED_INSTRUCTIONS, divide, eventIndex, multiplyHighSigned, multiplyHighUnsigned, Segment, SYSTEM_PROCEDURES, Vector, Word, type SystemProcedure } from '@ringbench/isa';
import type { Executor, ExecutorStop, Processor } from '@ringbench/machine';
import { CodeCache, LookUp } from './code-cache.js';
import { FaultEntry } from './fault-entry.js';
import { createHotLoop, type HotLoop } from './hot-loop.js';
import { HOT_SET } from './hot-set.js';
import { ENTRY_SHIFT, Field, fieldOfInstructionNumber, FIRST_ENTRY_OPERATION, INVALID_OPERATION, Leave, MICRO_OP_BYTES, OPERATION_MASK, REMAINING_MASK, REMAINING_SHIFT } from './micro-op.js';
import { OperationTable, type Operation } from './operations.js';
import { printHandler, type HandlerRuntime } from './print-javascript.js';
import type { LoweredInstruction } from './lowering.js';
import { RepeatedPatch } from './patched-immediates.js';
import { createQuickFill, type QuickFill } from './quick-fill.js';
import { SystemInstruction } from './system-operands.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { BASE, BUDGET, ECX, EIP, MICRO_OP, REPEATING } = Word;

type Handler = (u: number) => number;
export type BlocksStop = ExecutorStop | 'tail' | 'entry';

const countedEvents = new Map<string, number>(COUNTED_INSTRUCTIONS.map((mnemonic) => [mnemonic, eventIndex(`executed.${mnemonic}`)]));
/** UD2, and two that exist only in decoded code: bytes that are no instruction. */
const FAULTING: Readonly<Record<string, number>> = { ud2: Vector.UD, 'undefined-opcode': Vector.UD, 'general-protection': Vector.GP };
const procedures: Readonly<Record<string, SystemProcedure | undefined>> = SYSTEM_PROCEDURES;

type HandlerFactory = (...environment: unknown[]) => Handler;
/** By the key of the operation, from which the text follows: the interpreters of a process share what was compiled. */
const handlerFactories = new Map<string, HandlerFactory>();

function handlerFactory(operation: Operation): HandlerFactory {
  const known = handlerFactories.get(operation.key);
  if (known !== undefined) return known;
  // The text is printed from our own semantics; a guest contributes nothing to it.
  const factory = new Function('W', 'H', 'B', 'V', 'C', 'M', 'X', `'use strict';return function(u){\n${printHandler(operation)}\n}`) as HandlerFactory;
  handlerFactories.set(operation.key, factory);
  return factory;
}

/**
 * The interpreter: a WebAssembly loop over micro-ops for the frequent operations of flat 32-bit code, and a JavaScript handler for each operation for
 * everything else. Both are printed from the same recorded semantics.
 */
export class Interpreter implements Executor, HandlerRuntime {
  readonly name = 'interpreter';
  codeChanged = false;
  private readonly table = new OperationTable();
  private readonly loop: HotLoop;
  readonly cache: CodeCache;
  /** For executors above this one. */
  readonly quickFill: QuickFill;
  private readonly faults: FaultEntry;
  private readonly handlers: Handler[] = [];
  /** Handlers of the procedures to which recorded operations leave. */
  private readonly procedureHandlers: Handler[] = [];
  private readonly words: Int32Array;
  private readonly state: Int32Array;
  /** Called after bytes of watched code changed, whatever that changed here; says whether it dropped code. */
  onCodeWritten: ((host: number, bytes: number) => boolean) | undefined = undefined;
  /** Called instead where the same was found to change nothing but immediates, and no code was decoded or forgotten since. */
  onPatched: ((host: number, bytes: number) => void) | undefined = undefined;
  private readonly patch: RepeatedPatch;
  /** Takes the recorded fault at EIP, which `lookUp` met. */
  deliverFault(): void { this.faults.deliver(); }
  /** Called with each micro-op outside the hot loop, for scripts/profile-operations.mjs. */
  onMicroOp: ((u: number, operation: Operation | undefined) => void) | undefined = undefined;
  /** First operation of each fused pair, by number. */
  private readonly firstOfFused = new Map<number, number>();

  constructor(private readonly processor: Processor, hot = HOT_SET) {
    const { memory } = processor;
    this.words = memory.words;
    this.state = memory.state;
    this.loop = createHotLoop(this.table, hot, memory.wasm);
    for (const [pair, id] of this.loop.fused) this.firstOfFused.set(id, pair >>> 16);
    this.cache = new CodeCache(memory, processor.mmu, this.table, this.loop.fused);
    this.faults = new FaultEntry(processor, this.table, (operation, runtime) => this.compileCode(operation, runtime));
    this.quickFill = createQuickFill(memory.wasm);
    processor.mmu.quickFill = this.quickFill;
    this.patch = new RepeatedPatch(memory.words, memory.view);
    processor.mmu.onCodeWrite = (host, bytes) => this.codeWritten(host, bytes);
  }

  private codeWritten(host: number, bytes: number): void {
    const { cache, patch } = this;
    if (patch.repeat(host, bytes, cache.age)) {
      this.onPatched?.(host, bytes);
      return;
    }
    // Who keeps code of the page elsewhere decides for itself what of it is stale.
    const isDropped = cache.codeWritten(host, bytes);
    if (this.onCodeWritten?.(host, bytes) === true || isDropped) this.codeChanged = true;
    else patch.note(host, bytes, cache.age, cache.immediatesAt(host, bytes));
  }

  /** System instructions that the code cache keeps, for tests. */
  get decodedSystemInstructions(): number { return this.cache.instructions.length; }
  get trapPage(): number { return this.cache.trapPage; }
  set trapPage(page: number) { this.cache.trapPage = page; }

  execute(instructions: number): ExecutorStop {
    this.processor.beginSlice(instructions);
    const stop = this.executeBlocks();
    if (stop === 'entry') throw new Error('a block is an entry of an executor that is not there');
    return stop === 'tail' ? this.stepThrough() : stop;
  }

  /**
   * Runs whole blocks of the slice that has begun. `tail`: what is left is shorter than the next block; see `stepThrough`. `entry`: the block at EIP, which
   * `lookUp` finds, is marked as an entry of another executor's.
   */
  executeBlocks(): BlocksStop {
    const { processor, state, words } = this;
    for (;;) {
      if (processor.attention) return 'attention';
      // Before the look-up: what comes next may be an interrupt's handler, and then this code is never fetched.
      if (state[BUDGET] === 0) return 'slice';
      const u = this.lookUp(false);
      if (u === LookUp.TRAP_PAGE) return 'trap-page';
      if (u < 0) {
        this.faults.deliver();
        continue;
      }
      if ((words[u >> 2] & OPERATION_MASK) >= FIRST_ENTRY_OPERATION) return 'entry';
      const price = words[u >> 2] >>> ENTRY_SHIFT;
      if (state[BUDGET] < price) return 'tail';
      state[BUDGET] -= price;
      this.run(u);
    }
  }

  /** Runs the rest of a slice, which is shorter than the next block, one instruction at a time. */
  stepThrough(): ExecutorStop {
    const { processor, state } = this;
    while (state[BUDGET] > 0) {
      if (processor.attention) return 'attention';
      const u = this.lookUp(true);
      if (u === LookUp.TRAP_PAGE) return 'trap-page';
      if (u < 0) {
        this.faults.deliver();
        continue;
      }
      state[BUDGET]--;
      this.settle(this.step(u), u);
    }
    return processor.attention ? 'attention' : 'slice';
  }
  /**
   * Executes the instruction at a place of its own (CodeCache, `placeSingle`); at least one instruction is left in the slice. True when it is complete, and did not
   * transfer control by itself: then the next one is behind it unless EIP says otherwise.
   */
  stepPlaced(u: number): boolean {
    const { state, words } = this;
    state[BUDGET]--;
    const result = this.handlerOf(words[u >> 2] & OPERATION_MASK)(u);
    if (result >= 0) {
      this.codeChanged = false;
      state[EIP] = words[((u + MICRO_OP_BYTES) >> 2) + Field.EIP];
      return true;
    }
    this.settle(result, u);
    return result !== Leave.FAULT;
  }
  /**
   * What `stepPlaced` does, for an instruction that is executed over and over by itself: a function that executes it, which the slice has charged already. It has
   * the same result; when that is true EIP may still lead elsewhere. Undefined when there is no room, and everything was dropped.
   */
  prepareCall(single: LoweredInstruction): (() => boolean) | undefined {
    const { operation, instruction } = single;
    const procedure = operation.code === undefined && instruction?.repeat === 'none' ? procedures[operation.shape.mnemonic] : undefined;
    if (procedure !== undefined && instruction !== undefined) return this.procedureCall(single, new SystemInstruction(instruction), procedure);
    const u = this.cache.placeSingle(single);
    if (u === 0) return undefined;
    const { state } = this;
    const handler = this.handlerOf(operation.id);
    return () => {
      const result = handler(u);
      if (result < 0) this.settle(result, u);
      else {
        this.codeChanged = false;
        state[EIP] = single.next;
      }
      return result !== Leave.FAULT;
    };
  }
  /** A procedure needs nothing of what is around a micro-op. */
  private procedureCall({ eip, next, operation }: LoweredInstruction, system: SystemInstruction, procedure: SystemProcedure): () => boolean {
    const { processor, state } = this;
    const { counts } = processor.memory;
    const event = countedEvents.get(operation.shape.mnemonic);
    return () => {
      state[EIP] = eip;
      processor.uncompleted = 1;
      system.prepare(state, eip, next);
      const isComplete = procedure(processor, system.operands);
      processor.uncompleted = 0;
      if (!isComplete) {
        state[BUDGET]++;
        this.faults.deliver();
      } else if (event !== undefined) counts[event]++;
      this.codeChanged = false;
      return isComplete;
    };
  }
  private step(u: number): number {
    const next = this.handlerOf(this.words[u >> 2] & OPERATION_MASK)(u);
    // A single instruction has no successor: where it would go on, look the next one up.
    return next >= 0 ? Leave.CODE_CHANGED : next;
  }

  /** Micro-op of the block at EIP, decoded if need be, or a LookUp code. */
  lookUp(single: boolean): number {
    const { processor, state, cache } = this;
    const { context } = processor;
    const eip = state[EIP];
    const linear = context.flat ? eip : (eip + state[BASE + Segment.CS]) | 0;
    return single ? cache.lookUpSingle(eip, linear, context) : cache.lookUp(eip, linear, context);
  }

  /** Runs from a micro-op on until the next block has to be looked up. */
  private run(from: number): void {
    const { words, state, processor } = this;
    const flat = processor.context.flat;
    let u = from;
    for (;;) {
      let result: number = flat ? this.loop.run(u) : Leave.SLOW;
      if (result === Leave.SLOW) {
        if (flat) u = state[MICRO_OP];
        const id = words[u >> 2] & OPERATION_MASK;
        if (this.onMicroOp !== undefined) this.onMicroOp(u, this.table.all[id]);
        const isCode = id !== INVALID_OPERATION && id < FIRST_ENTRY_OPERATION;
        result = isCode ? this.handlerOf(id)(u) : Leave.FAULT;
        if (result >= 0 && !processor.attention) {
          u = result;
          continue;
        }
        // Complete, but the driver must look before the next one: a data breakpoint was met.
        if (result >= 0) result = Leave.CODE_CHANGED;
        if (!isCode) {
          this.refund(u, 0);
          return;
        }
      }
      this.settle(result, u);
      return;
    }
  }

  /** Makes EIP and BUDGET exact after a handler left at micro-op u. */
  private settle(result: number, u: number): void {
    const { state, words } = this;
    this.codeChanged = false;
    if (result === Leave.FAULT) {
      this.refund(u, 0);
      this.faults.deliver();
    } else if (result === Leave.CODE_CHANGED) {
      this.refund(u, 1);
      state[EIP] = words[((u + MICRO_OP_BYTES) >> 2) + Field.EIP];
    }
  }
  /** Gives back what the block was charged for u and its successors, less `completed`; EIP becomes u's. */
  private refund(u: number, completed: number): void {
    this.state[BUDGET] += this.remaining(u) - completed;
    this.state[EIP] = this.words[(u >> 2) + Field.EIP];
  }
  private remaining(u: number): number { return (this.words[u >> 2] >>> REMAINING_SHIFT) & REMAINING_MASK; }

  // ---- handlers

  private handlerOf(id: number): Handler {
    return this.handlers[id] ?? this.compile(id);
  }
  private compile(id: number): Handler {
    const operation = this.table.all[this.firstOfFused.get(id) ?? id];
    if (operation === undefined) throw new Error(`operation ${id} does not exist`);
    const handler = this.createHandler(operation);
    this.handlers[id] = handler;
    return handler;
  }
  private createHandler(operation: Operation): Handler {
    const vector = FAULTING[operation.shape.mnemonic];
    if (vector !== undefined) {
      return () => {
        this.processor.raise(vector, 0);
        return Leave.FAULT;
      };
    }
    if (operation.code === undefined) return this.systemHandler(operation);
    return this.compileCode(operation, this);
  }
  private compileCode(operation: Operation, runtime: HandlerRuntime): Handler {
    const { memory, mmu } = this.processor;
    return handlerFactory(operation)(memory.words, new Uint16Array(memory.buffer), memory.bytes, memory.view, memory.counts, mmu, runtime);
  }
  private systemHandler(operation: Operation): Handler {
    const { mnemonic } = operation.shape;
    const procedure = procedures[mnemonic];
    if (procedure === undefined) throw new Error(`${mnemonic} has neither recorded semantics nor a system procedure, or leaves to one that does not exist`);
    const event = countedEvents.get(mnemonic);
    const numberField = fieldOfInstructionNumber(operation.hasMemoryOperand);
    return (u) => this.runProcedure(u, this.cache.instructions[this.words[(u >> 2) + numberField]], procedure, event);
  }

  private runProcedure(u: number, system: SystemInstruction, procedure: SystemProcedure, event: number | undefined): number {
    const { processor, state, words } = this;
    const eip = words[(u >> 2) + Field.EIP];
    const next = words[((u + MICRO_OP_BYTES) >> 2) + Field.EIP];
    state[EIP] = eip;
    processor.uncompleted = this.remaining(u);
    const repetition = system.prepare(state, eip, next);
    const completed = repetition === 'none' ? this.completeEmptyRepetition(next) : procedure(processor, system.operands);
    processor.uncompleted = 0;
    if (!completed) return state[EIP] === eip ? Leave.FAULT : this.faultInNewTask(u);
    const { instruction } = system;
    if (repetition === 'some') this.countDown(instruction.addressSize, state[EIP] !== next);
    if (event !== undefined) processor.memory.counts[event]++;
    const goesOn = state[EIP] === next && instruction.row.traits.endsBlock !== true && repetition === 'not';
    if (goesOn && !processor.attention && !this.codeChanged) return u + MICRO_OP_BYTES;
    state[BUDGET] += this.remaining(u) - 1;
    return Leave.LOOK_UP;
  }
  /** A fault behind the commit point of a task switch belongs to the new task: the EIP that it pushes is that task's (SDM vol. 3, 7.3). */
  private faultInNewTask(u: number): number {
    this.state[BUDGET] += this.remaining(u);
    this.faults.deliver();
    return Leave.LOOK_UP;
  }
  /** REP INS, REP OUTS with a count of 0. */
  private completeEmptyRepetition(next: number): true {
    this.state[EIP] = next;
    return true;
  }
  private countDown(addressSize: 16 | 32, isUnfinished: boolean): void {
    const { state } = this;
    state[REPEATING] = isUnfinished ? 1 : 0;
    state[ECX] = addressSize === 32 ? state[ECX] - 1 : (state[ECX] & ~0xffff) | ((state[ECX] - 1) & 0xffff);
  }

  // ---- what printed handlers call

  get faulted(): boolean { return this.processor.faulted; }
  linear(segment: number, offset: number, bytes: number, write: boolean): number { return this.processor.linear(segment, offset, bytes, write); }
  raise(vector: number, errorCode: number): void { this.processor.raise(vector, errorCode); }
  procedure(u: number): number {
    const id = this.words[u >> 2] & OPERATION_MASK;
    const known = this.procedureHandlers[id];
    if (known !== undefined) return known(u);
    const operation = this.table.all[this.firstOfFused.get(id) ?? id];
    if (operation === undefined) throw new Error(`operation ${id} does not exist`);
    const handler = this.systemHandler(operation);
    this.procedureHandlers[id] = handler;
    return handler(u);
  }
  mulhu(a: number, b: number): number { return multiplyHighUnsigned(a, b); }
  mulhs(a: number, b: number): number { return multiplyHighSigned(a, b); }
  divide(operator: string, high: number, low: number, divisor: number): number { return divide(operator, high, low, divisor); }
}
