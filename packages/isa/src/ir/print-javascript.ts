import { Word } from '../state.js';
import type { Expression, ParameterName } from './expression.js';

const INFIX: Readonly<Record<string, string>> = { add: '+', sub: '-', and: '&', or: '|', xor: '^', shl: '<<', sar: '>>', shr: '>>>' };
const COMPARE: Readonly<Record<string, string>> = { eq: '===', ne: '!==', lts: '<', les: '<=', ltu: '<', leu: '<=' };

/** What printed expressions call for arithmetic that JavaScript has no operator for (wide-arithmetic.ts). */
export interface ExpressionRuntime {
  mulhu(a: number, b: number): number;
  mulhs(a: number, b: number): number;
  divide(operator: string, high: number, low: number, divisor: number): number;
}

/**
 * Prints the expressions of recorded semantics as JavaScript. Names in the text: W H B the processor's state as 32-, 16- and 8-bit words (as many more behind it
 * as the consumer has), X an `ExpressionRuntime`, tN temporaries. Statements are the consumer's own: they say where memory is.
 */
export abstract class JavaScriptPrinter {
  protected abstract parameter(name: ParameterName): string;

  protected expression(e: Expression): string {
    switch (e.kind) {
      case 'constant': return e.value < 0 ? `(${e.value})` : `${e.value}`;
      case 'temporary': return `t${e.id}`;
      case 'parameter': return this.parameter(e.name);
      case 'word': return `W[${Word[e.word]}]`;
      case 'word-at': return `W[${Word[e.word]}+${this.expression(e.index)}]`;
      case 'register': return this.register(e.size, e.offset);
      case 'select': return `(${this.expression(e.condition)}!==0?${this.expression(e.whenTrue)}:${this.expression(e.whenFalse)})`;
      case 'unary': return this.unary(e.operator, this.expression(e.operand));
      case 'divide': return `X.divide('${e.operator}',${this.expression(e.high)},${this.expression(e.low)},${this.expression(e.divisor)})`;
      case 'binary': return this.binary(e.operator, this.expression(e.left), this.expression(e.right));
    }
  }

  protected register(size: number, offset: Expression): string {
    const array = size === 32 ? 'W' : size === 16 ? 'H' : 'B';
    const shift = size === 32 ? 2 : size === 16 ? 1 : 0;
    if (offset.kind === 'constant') return `${array}[${offset.value >> shift}]`;
    return `${array}[${this.expression(offset)}${shift > 0 ? `>>${shift}` : ''}]`;
  }

  private unary(operator: string, operand: string): string {
    if (operator === 'eqz') return `(${operand}===0?1:0)`;
    if (operator === 'clz') return `Math.clz32(${operand})`;
    return `(${operand}===0?32:31-Math.clz32(${operand}&-${operand}))`;
  }

  private binary(operator: string, left: string, right: string): string {
    if (operator === 'mul') return `Math.imul(${left},${right})`;
    if (operator === 'mulhu' || operator === 'mulhs') return `X.${operator}(${left},${right})`;
    const compare = COMPARE[operator];
    if (compare !== undefined) {
      const cast = operator.endsWith('u') ? '>>>0' : '';
      return cast === '' ? `(${left}${compare}${right}?1:0)` : `((${left})>>>0${compare}(${right})>>>0?1:0)`;
    }
    return `((${left})${INFIX[operator]}(${right})|0)`;
  }
}
