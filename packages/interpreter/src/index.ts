export { Interpreter, type BlocksStop } from './interpreter.js';
export { HOT_INTEGER_SET, HOT_SET } from './hot-set.js';
export { JumpCacheEntry, JUMP_CACHE_MASK, type HotSet } from './hot-loop.js';
// For the translator, which prints the same recorded semantics.
export { LookUp, type CodeCache } from './code-cache.js';
export type { CodeContext, LoweredInstruction } from './lowering.js';
export { Field, FIRST_ENTRY_OPERATION, ENTRY_OPERATIONS, MAX_BLOCK_INSTRUCTIONS, MICRO_OP_BYTES, OPERATION_MASK } from './micro-op.js';
export { recordOccurrences, type Operation } from './operations.js';
export { hasPlainImmediate, IMMEDIATE_BYTES } from './patched-immediates.js';
export { printBulk } from './print-bulk.js';
export { createPageInvalidation, type PageInvalidation } from './page-invalidation.js';
export { createQuickFill, type QuickFill } from './quick-fill.js';
export { createRingTransitions, RING_TRANSITIONS, type RingTransitions } from './ring-transitions.js';
export { StatementPrinter, type TranslationTable } from './statement-printer.js';
export { CodeBuffer, EMPTY_BLOCK, encodeModule, Op, type FunctionBody, type ImportedFunction } from './wasm-encoder.js';
export { SystemInstruction, type Repetition } from './system-operands.js';
export { InstructionEvaluator, type EvaluatedInstruction } from './instruction-evaluator.js';
