import type { AccessSize, BinaryOperator, DivisionOperator, Expression, ParameterName, UnaryOperator } from './expression.js';
import { constant } from './expression.js';
import type { WordName } from '../state.js';

export type Value = Expression | number;

export const asExpression = (value: Value): Expression => (typeof value === 'number' ? constant(value) : value);

/** The operators of the expression language as methods, so that semantics read like formulas. */
export abstract class ExpressionBuilder {
  /** Operand size of the instruction in bits. */
  abstract get size(): AccessSize;

  private binary(operator: BinaryOperator, left: Value, right: Value): Expression {
    return { kind: 'binary', operator, left: asExpression(left), right: asExpression(right) };
  }
  add(a: Value, b: Value): Expression { return this.binary('add', a, b); }
  sub(a: Value, b: Value): Expression { return this.binary('sub', a, b); }
  mul(a: Value, b: Value): Expression { return this.binary('mul', a, b); }
  mulHighUnsigned(a: Value, b: Value): Expression { return this.binary('mulhu', a, b); }
  mulHighSigned(a: Value, b: Value): Expression { return this.binary('mulhs', a, b); }
  and(a: Value, b: Value): Expression { return this.binary('and', a, b); }
  or(a: Value, b: Value): Expression { return this.binary('or', a, b); }
  xor(a: Value, b: Value): Expression { return this.binary('xor', a, b); }
  not(a: Value): Expression { return this.xor(a, -1); }
  shl(a: Value, b: Value): Expression { return this.binary('shl', a, b); }
  shr(a: Value, b: Value): Expression { return this.binary('shr', a, b); }
  sar(a: Value, b: Value): Expression { return this.binary('sar', a, b); }
  eq(a: Value, b: Value): Expression { return this.binary('eq', a, b); }
  ne(a: Value, b: Value): Expression { return this.binary('ne', a, b); }
  lessUnsigned(a: Value, b: Value): Expression { return this.binary('ltu', a, b); }
  lessSigned(a: Value, b: Value): Expression { return this.binary('lts', a, b); }
  lessOrEqualUnsigned(a: Value, b: Value): Expression { return this.binary('leu', a, b); }
  lessOrEqualSigned(a: Value, b: Value): Expression { return this.binary('les', a, b); }
  private unary(operator: UnaryOperator, operand: Value): Expression { return { kind: 'unary', operator, operand: asExpression(operand) }; }
  isZero(a: Value): Expression { return this.unary('eqz', a); }
  leadingZeros(a: Value): Expression { return this.unary('clz', a); }
  trailingZeros(a: Value): Expression { return this.unary('ctz', a); }
  divide(operator: DivisionOperator, high: Value, low: Value, divisor: Value): Expression {
    return { kind: 'divide', operator, high: asExpression(high), low: asExpression(low), divisor: asExpression(divisor) };
  }
  select(condition: Value, whenTrue: Value, whenFalse: Value): Expression {
    return { kind: 'select', condition: asExpression(condition), whenTrue: asExpression(whenTrue), whenFalse: asExpression(whenFalse) };
  }
  parameter(name: ParameterName): Expression { return { kind: 'parameter', name }; }
  word(word: WordName): Expression { return { kind: 'word', word }; }
  wordAt(word: WordName, index: Value): Expression { return { kind: 'word-at', word, index: asExpression(index) }; }

  /** Zero-extends the low `size` bits. */
  truncate(value: Expression, size: AccessSize = this.size): Expression {
    return size === 32 ? value : this.and(value, size === 16 ? 0xffff : 0xff);
  }
  /** Sign-extends the low `size` bits. */
  signExtend(value: Expression, size: AccessSize = this.size): Expression {
    return size === 32 ? value : this.sar(this.shl(value, 32 - size), 32 - size);
  }
  signBit(value: Expression, size: AccessSize = this.size): Expression { return this.and(this.shr(value, size - 1), 1); }
}
