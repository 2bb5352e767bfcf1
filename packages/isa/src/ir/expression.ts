import type { WordName } from '../state.js';

/**
 * The little language in which semantics are recorded: 32-bit integer expressions without side effects, and statements in program order.
 * A consumer prints it: as JavaScript or WebAssembly over micro-op fields (interpreter), as WebAssembly over constants (translator).
 */

/** What a recorded operation takes from each occurrence of the instruction; the consumer decides where it is kept. */
export type ParameterName =
  | 'destination' // byte offset of the first register operand in the state
  | 'source' // byte offset of a later register operand
  | 'immediate' // immediate value; for direct jumps the target EIP
  | 'base' // byte offset of the base register (ZERO when absent)
  | 'index' // byte offset of the index register | scale << 8 | segment << 16
  | 'displacement'
  | 'next'; // EIP of the next instruction

export type BinaryOperator =
  | 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr' | 'sar' // shift counts are taken modulo 32
  | 'eq' | 'ne' | 'ltu' | 'lts' | 'leu' | 'les' // 1 or 0
  | 'mulhu' | 'mulhs'; // high 32 bits of the 64-bit product

/** `clz` and `ctz` of 0 are 32. */
export type UnaryOperator = 'eqz' | 'clz' | 'ctz';

/** Division of the 64-bit number high:low. `fits…` is 1 when the quotient exists and is representable in 32 bits; the others may only be evaluated then. */
export type DivisionOperator = 'quotientUnsigned' | 'remainderUnsigned' | 'quotientSigned' | 'remainderSigned' | 'fitsUnsigned' | 'fitsSigned';

export type AccessSize = 8 | 16 | 32;

export type Expression =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'temporary'; readonly id: number }
  | { readonly kind: 'parameter'; readonly name: ParameterName }
  /** A general register (or part of one) at a byte offset of the state; zero-extended. */
  | { readonly kind: 'register'; readonly size: AccessSize; readonly offset: Expression }
  | { readonly kind: 'word'; readonly word: WordName }
  /** Word number `index` of an array of state words. */
  | { readonly kind: 'word-at'; readonly word: WordName; readonly index: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | { readonly kind: 'divide'; readonly operator: DivisionOperator; readonly high: Expression; readonly low: Expression; readonly divisor: Expression }
  /** Both alternatives may be evaluated. */
  | { readonly kind: 'select'; readonly condition: Expression; readonly whenTrue: Expression; readonly whenFalse: Expression };

export type Temporary = Extract<Expression, { kind: 'temporary' }>;

/** Memory addresses are linear. A statement that can fault or leave precedes every statement that commits: what faults must have changed nothing. */
export type Statement =
  | { readonly kind: 'let'; readonly to: Temporary; readonly value: Expression }
  /** Linear address of `size / 8` bytes at an offset of a segment; faults when the segment forbids the access. */
  | { readonly kind: 'linear'; readonly to: Temporary; readonly segment: Expression; readonly offset: Expression; readonly size: number; readonly write: boolean }
  | { readonly kind: 'load'; readonly to: Temporary; readonly address: Expression; readonly size: AccessSize }
  /** With supervisor privilege; without a translation at hand it is like leave-if. */
  | { readonly kind: 'load-system'; readonly to: Temporary; readonly address: Expression; readonly size: AccessSize }
  /** Like leave-if unless a later store-system of the same bytes will succeed. */
  | { readonly kind: 'probe-system'; readonly address: Expression; readonly size: AccessSize }
  | { readonly kind: 'store-system'; readonly address: Expression; readonly value: Expression; readonly size: AccessSize }
  | { readonly kind: 'store'; readonly address: Expression; readonly value: Expression; readonly size: AccessSize }
  /** Read-modify-write: checks that the bytes may be written and yields a host address for load-host and store-host. */
  | { readonly kind: 'translate-write'; readonly to: Temporary; readonly address: Expression; readonly size: number }
  | { readonly kind: 'load-host'; readonly to: Temporary; readonly host: Expression; readonly size: AccessSize }
  | { readonly kind: 'store-host'; readonly host: Expression; readonly value: Expression; readonly size: AccessSize; readonly last: boolean }
  | { readonly kind: 'set-register'; readonly size: AccessSize; readonly offset: Expression; readonly value: Expression }
  | { readonly kind: 'set-word'; readonly word: WordName; readonly value: Expression }
  | { readonly kind: 'set-word-at'; readonly word: WordName; readonly index: Expression; readonly value: Expression }
  /** CPL and the tables of its level were set: a consumer that keeps one of those words elsewhere reads it again. */
  | { readonly kind: 'privilege-changed' }
  /** Adds `amount` (not negative; 1 when absent) to an event. */
  | { readonly kind: 'count'; readonly event: number; readonly amount: Expression | undefined }
  /** Leaves the fast path when the condition is not zero: the instruction's system procedure decides. */
  | { readonly kind: 'leave-if'; readonly condition: Expression }
  /** Faults when the condition is not zero; error code 0. */
  | { readonly kind: 'raise-if'; readonly condition: Expression; readonly vector: number }
  /**
   * Leave to hurry: a consumer may execute iterations of a repeated MOVS or STOS here, as many as it likes but the last, each as if it had been
   * executed by itself (flat segments, 32-bit addresses). Doing nothing is right too.
   */
  | { readonly kind: 'bulk'; readonly action: 'move' | 'fill'; readonly size: AccessSize }
  /** Completes the instruction here when the condition is not zero. */
  | { readonly kind: 'done-if'; readonly condition: Expression }
  /** Ends the block: to `immediate` when the condition is not zero, else to `next`. */
  | { readonly kind: 'branch'; readonly condition: Expression }
  /** Ends the block: to `immediate`. */
  | { readonly kind: 'jump' }
  /** Ends the block: to a computed EIP. */
  | { readonly kind: 'jump-to'; readonly target: Expression }
  /** Between two instructions recorded as one: parameters from here on are the next micro-op's. */
  | { readonly kind: 'advance' };

export const constant = (value: number): Expression => ({ kind: 'constant', value: value | 0 });

/** Calls `visit` for each direct operand of an expression. */
export function forEachOperand(expression: Expression, visit: (operand: Expression) => void): void {
  switch (expression.kind) {
    case 'register': visit(expression.offset); break;
    case 'word-at': visit(expression.index); break;
    case 'binary': visit(expression.left); visit(expression.right); break;
    case 'unary': visit(expression.operand); break;
    case 'divide': visit(expression.high); visit(expression.low); visit(expression.divisor); break;
    case 'select': visit(expression.condition); visit(expression.whenTrue); visit(expression.whenFalse); break;
    case 'constant': case 'temporary': case 'parameter': case 'word': break;
  }
}

/** Calls `visit` for each expression that a statement evaluates. */
export function forEachExpression(statement: Statement, visit: (expression: Expression) => void): void {
  switch (statement.kind) {
    case 'let': visit(statement.value); break;
    case 'linear': visit(statement.segment); visit(statement.offset); break;
    case 'load': case 'load-system': case 'probe-system': case 'translate-write': visit(statement.address); break;
    case 'store': case 'store-system': visit(statement.address); visit(statement.value); break;
    case 'load-host': visit(statement.host); break;
    case 'store-host': visit(statement.host); visit(statement.value); break;
    case 'set-register': visit(statement.offset); visit(statement.value); break;
    case 'set-word': visit(statement.value); break;
    case 'set-word-at': visit(statement.index); visit(statement.value); break;
    case 'leave-if': case 'raise-if': case 'done-if': case 'branch': visit(statement.condition); break;
    case 'jump-to': visit(statement.target); break;
    case 'count': if (statement.amount !== undefined) visit(statement.amount); break;
    case 'jump': case 'advance': case 'privilege-changed': case 'bulk': break;
  }
}

/** True for a statement after which control does not fall through. */
export function isTerminal(statement: Statement): boolean {
  return statement.kind === 'branch' || statement.kind === 'jump' || statement.kind === 'jump-to';
}
