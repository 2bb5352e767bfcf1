import { multiplyHigh } from '../x87/wide.js';

/** What expressions mean that JavaScript numbers cannot do in one operation. Operands and results are 32-bit patterns as signed integers. */

export { multiplyHigh as multiplyHighUnsigned };

/** High 32 bits of the signed product: the unsigned one less each operand where the other is negative. */
export function multiplyHighSigned(a: number, b: number): number {
  return (multiplyHigh(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

function unsignedQuotient(high: number, low: number, divisor: number): { quotient: bigint; remainder: bigint } {
  const dividend = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const by = BigInt(divisor >>> 0);
  return { quotient: dividend / by, remainder: dividend % by };
}
function signedQuotient(high: number, low: number, divisor: number): { quotient: bigint; remainder: bigint } {
  const dividend = (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
  const by = BigInt(divisor | 0);
  return { quotient: dividend / by, remainder: dividend % by };
}

/** The `divide` expression (expression.ts, DivisionOperator). */
export function divide(operator: string, high: number, low: number, divisor: number): number {
  switch (operator) {
    case 'fitsUnsigned': return divisor >>> 0 > high >>> 0 ? 1 : 0;
    case 'fitsSigned': return divisor !== 0 && BigInt.asIntN(32, signedQuotient(high, low, divisor).quotient) === signedQuotient(high, low, divisor).quotient ? 1 : 0;
    case 'quotientUnsigned': return high === 0 ? ((low >>> 0) / (divisor >>> 0)) | 0 : fromBig(unsignedQuotient(high, low, divisor).quotient);
    case 'remainderUnsigned': return high === 0 ? ((low >>> 0) % (divisor >>> 0)) | 0 : fromBig(unsignedQuotient(high, low, divisor).remainder);
    case 'quotientSigned': return high === low >> 31 ? Math.trunc(low / divisor) | 0 : fromBig(signedQuotient(high, low, divisor).quotient);
    case 'remainderSigned': return high === low >> 31 ? (low % divisor) | 0 : fromBig(signedQuotient(high, low, divisor).remainder);
    default: throw new Error(`no division operator ${operator}`);
  }
}

function fromBig(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
