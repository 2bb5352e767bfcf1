import { eventIndex, Vector, VECTORS_WITH_ERROR_CODE, Word } from '@ringbench/isa';
import { Region, type Processor } from '@ringbench/machine';
import { pseudoShape } from './lowering.js';
import { Field, Leave, MICRO_OP_BYTES } from './micro-op.js';
import type { Operation, OperationTable } from './operations.js';
import type { HandlerRuntime } from './print-javascript.js';

const EXCEPTIONS = Array.from({ length: 32 }, (_, vector) => eventIndex(`exception.${vector}`));
/** Faults that the quick way takes; a debug exception, a double fault and a V386 exit have rules of their own. */
const QUICK: readonly number[] = [Vector.DE, Vector.BR, Vector.UD, Vector.NM, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF];
/** The micro-op that the entry reads its parameters from: behind the scratch place of single steps, see CodeCache. */
const SCRATCH = Region.MICRO_OPS + 2 * MICRO_OP_BYTES;

/** Delivers faults: the common case by recorded semantics, everything else by the system procedures. */
export class FaultEntry {
  private readonly enter: (u: number) => number;
  private readonly enterWithCode: (u: number) => number;

  constructor(private readonly processor: Processor, table: OperationTable, compile: (operation: Operation, runtime: HandlerRuntime) => (u: number) => number) {
    // Where the recorded code leaves, nothing is committed: the caller takes the long way.
    const runtime: HandlerRuntime = {
      procedure: () => Leave.SLOW, faulted: false, codeChanged: false,
      linear: unused, raise: unused, mulhu: unused, mulhs: unused, divide: unused,
    };
    this.enter = compile(table.get(pseudoShape('enter-fault')), runtime);
    this.enterWithCode = compile(table.get(pseudoShape('enter-fault-with-code')), runtime);
  }

  /** Takes the recorded fault at EIP. */
  deliver(): void {
    const { processor } = this;
    const vector = processor.faultVector;
    if (!processor.context.flat || !QUICK.includes(vector) || !this.enterQuickly(vector)) {
      processor.deliverRecordedFault();
      return;
    }
    processor.clearFault();
    processor.memory.counts[EXCEPTIONS[vector]]++;
  }

  private enterQuickly(vector: number): boolean {
    const { words } = this.processor.memory;
    const at = SCRATCH >> 2;
    words[at + Field.IMMEDIATE] = vector;
    words[at + Field.DISPLACEMENT] = this.processor.state[Word.EIP];
    words[at + Field.SOURCE] = this.processor.faultErrorCode;
    return (VECTORS_WITH_ERROR_CODE.includes(vector) ? this.enterWithCode : this.enter)(SCRATCH) === Leave.LOOK_UP;
  }
}

function unused(): never {
  throw new Error('the entry of a fault needs no runtime');
}
