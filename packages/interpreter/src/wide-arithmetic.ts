/** 64-bit arithmetic that JavaScript numbers cannot do in one operation. Operands and results are 32-bit patterns as signed integers. */

/** High 32 bits of the unsigned product. */
export function multiplyHighUnsigned(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) / 0x10000 >>> 0); // below 2^32
  const middle2 = aLow * bHigh + (middle & 0xffff); // below 2^32
  return (aHigh * bHigh + (middle >>> 16) + (middle2 >>> 16)) | 0;
}

/** High 32 bits of the signed product: the unsigned one less each operand where the other is negative. */
export function multiplyHighSigned(a: number, b: number): number {
  return (multiplyHighUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
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

/** The `divide` expression of the semantics (isa, DivisionOperator). */
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
