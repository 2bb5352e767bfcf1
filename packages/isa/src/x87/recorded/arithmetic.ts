import { constant, type Expression } from '../../ir/expression.js';
import type { OperandSource, Recorder } from '../../ir/recorder.js';
import type { Semantic, Semantics } from '../../semantics/semantics.js';
import { BIAS, SIGN_SHIFT } from '../extended.js';
import { begin, leaveUnlessPresent, loadFields, physical, popFields, present, readStack, setPointers, stackOperand, storeFields, type Fields } from './frame.js';
import { DOUBLE, SINGLE, exponentOf, isNumber, round, type Format, type Unrounded } from './numbers.js';
import { loadInteger, loadNumber, type LoadedNumber } from './transfers.js';

/** The common cases of addition, subtraction and multiplication: operands normal or zero, a normal result (or a product 0), rounded to nearest. The mechanism is that of ../arithmetic.ts. */

const WORD_BITS = 32;
const SIGN_BIT = 1 << SIGN_SHIFT;
/** Shift counts are taken modulo 32, so 31 - n is n ^ 31 and a shift by 32 - n is one by 1 and one by that. */
const LAST_SHIFT = 31;

interface Result {
  readonly sign: Expression;
  readonly magnitude: Unrounded;
  /** All ones, or 0 where the result is a zero with that sign. Without it, it is no zero. */
  readonly mask?: Expression;
}
type Operation = (o: Recorder, destination: Fields, source: Fields) => Result;

/** Leaves unless both are normal or zero; their exponents. */
function exponents(o: Recorder, x: Fields, y: Fields): readonly [Expression, Expression] {
  const exponentX = exponentOf(o, x);
  const exponentY = exponentOf(o, y);
  o.leaveIf(o.isZero(o.and(isNumber(o, x, exponentX), isNumber(o, y, exponentY))));
  return [exponentX, exponentY];
}

interface Words {
  readonly high: Expression;
  readonly low: Expression;
  readonly extra: Expression;
}

/** (upper:lower) << distance, the upper word, for distances from 0 to 31. */
function shiftedUp(o: Recorder, upper: Expression, lower: Expression, distance: Expression): Expression {
  return o.or(o.shl(upper, distance), o.shr(o.shr(lower, 1), o.xor(distance, LAST_SHIFT)));
}

/** (upper:lower) >>> distance, the lower word. */
function shiftedDown(o: Recorder, upper: Expression, lower: Expression, distance: Expression): Expression {
  return o.or(o.shr(lower, distance), o.shl(o.shl(upper, 1), o.xor(distance, LAST_SHIFT)));
}

/** A significand shifted right by up to 63 into 96 bits, the last one sticky. */
function align(o: Recorder, high: Expression, low: Expression, distance: Expression): Words {
  const isFar = o.let(o.shr(distance, 5));
  const upper = o.let(o.select(isFar, 0, high));
  const middle = o.let(o.select(isFar, high, low));
  const lower = o.let(o.select(isFar, low, 0));
  const lost = o.ne(o.shl(o.shl(lower, 1), o.xor(distance, LAST_SHIFT)), 0);
  return {
    high: o.let(o.shr(upper, distance)), low: o.let(shiftedDown(o, upper, middle, distance)),
    extra: o.let(o.or(shiftedDown(o, middle, lower, distance), lost)),
  };
}

/** x + y + carry, and the carry out, which is 0 or 1. */
function addWords(o: Recorder, x: Expression, y: Expression, carry: Expression): { readonly sum: Expression; readonly carry: Expression } {
  const partial = o.let(o.add(x, y));
  const sum = o.let(o.add(partial, carry));
  return { sum, carry: o.let(o.or(o.lessUnsigned(partial, y), o.lessUnsigned(sum, carry))) };
}

/** Adds the aligned smaller magnitude to the larger or, with `differ` 1, subtracts it; normalised. Leaves where 32 bits or more cancel. */
function combine(o: Recorder, large: Fields, exponent: Expression, small: Words, differ: Expression): Unrounded {
  const mask = o.let(o.sub(0, differ));
  const extra = o.let(o.sub(o.xor(small.extra, mask), mask));
  const low = addWords(o, large.low, o.let(o.xor(small.low, mask)), o.let(o.and(differ, o.isZero(extra))));
  const high = addWords(o, large.high, o.let(o.xor(small.high, mask)), low.carry);
  // A sum may need one step to the right, a difference up to 31 to the left.
  const carried = o.let(o.and(high.carry, o.not(mask)));
  o.leaveIf(o.and(differ, o.isZero(high.sum)));
  const left = o.let(o.and(o.leadingZeros(high.sum), mask));
  const downLow = shiftedDown(o, high.sum, low.sum, carried);
  const downExtra = o.or(shiftedDown(o, low.sum, extra, carried), o.and(extra, carried));
  const downHigh = shiftedDown(o, carried, high.sum, carried);
  return {
    exponent: o.let(o.sub(o.add(exponent, carried), left)),
    high: o.let(o.select(differ, shiftedUp(o, high.sum, low.sum, left), downHigh)),
    low: o.let(o.select(differ, shiftedUp(o, low.sum, extra, left), downLow)),
    extra: o.let(o.select(differ, o.shl(extra, left), downExtra)),
  };
}

/** x + y or x - y. */
function sum(o: Recorder, x: Fields, y: Fields, subtract: number): Result {
  const [exponentX, exponentY] = exponents(o, x, y);
  const signX = o.and(x.top, SIGN_BIT);
  const signY = o.xor(o.and(y.top, SIGN_BIT), subtract << SIGN_SHIFT);
  const isBelow = o.or(o.lessUnsigned(x.high, y.high), o.and(o.eq(x.high, y.high), o.lessUnsigned(x.low, y.low)));
  const swap = o.let(o.or(o.lessUnsigned(exponentX, exponentY), o.and(o.eq(exponentX, exponentY), isBelow)));
  const pick = (whenSwapped: Expression, otherwise: Expression): Expression => o.let(o.select(swap, whenSwapped, otherwise));
  const large = { high: pick(y.high, x.high), low: pick(y.low, x.low), top: x.top };
  const exponent = pick(exponentY, exponentX);
  const smallHigh = pick(x.high, y.high);
  // A zero has no exponent to align: it is added where it is.
  const distance = o.let(o.and(o.sub(exponent, pick(exponentX, exponentY)), o.sar(smallHigh, WORD_BITS - 1)));
  // Beyond, the procedure: the smaller operand is hardly more than a sticky bit.
  o.leaveIf(o.lessUnsigned(2 * WORD_BITS - 1, distance));
  const small = align(o, smallHigh, pick(x.low, y.low), distance);
  const differ = o.let(o.ne(o.let(signX), o.let(signY)));
  return { sign: pick(signY, signX), magnitude: combine(o, large, exponent, small, differ) };
}

function product(o: Recorder, x: Fields, y: Fields): Result {
  const [exponentX, exponentY] = exponents(o, x, y);
  const d = o.let(o.mul(x.low, y.low));
  const high1 = o.let(o.mulHighUnsigned(x.high, y.low));
  const high2 = o.let(o.mulHighUnsigned(x.low, y.high));
  const zero = constant(0);
  const c1 = addWords(o, o.mulHighUnsigned(x.low, y.low), o.let(o.mul(x.high, y.low)), zero);
  const c2 = addWords(o, c1.sum, o.let(o.mul(x.low, y.high)), zero);
  const b1 = addWords(o, o.mul(x.high, y.high), high1, c1.carry);
  const b2 = addWords(o, b1.sum, high2, c2.carry);
  const top = o.let(o.add(o.mulHighUnsigned(x.high, y.high), o.add(b1.carry, b2.carry)));
  // The product of the significands is in [1, 4): its top bit may be the second one.
  const left = o.let(o.xor(o.shr(top, WORD_BITS - 1), 1));
  return {
    sign: o.and(o.xor(x.top, y.top), SIGN_BIT), mask: o.let(o.sar(o.and(x.high, y.high), WORD_BITS - 1)),
    magnitude: {
      exponent: o.let(o.sub(o.add(exponentX, exponentY), o.add(left, BIAS - 1))),
      high: o.let(shiftedUp(o, top, b2.sum, left)), low: o.let(shiftedUp(o, b2.sum, c2.sum, left)), extra: o.let(o.or(o.shl(c2.sum, left), o.ne(d, 0))),
    },
  };
}

const add: Operation = (o, x, y) => sum(o, x, y, 0);
const subtract: Operation = (o, x, y) => sum(o, x, y, 1);
const subtractReversed: Operation = (o, x, y) => sum(o, y, x, 1);

function finish(o: Recorder, operation: Operation, x: Fields, y: Fields, register: Expression): void {
  const { sign, magnitude, mask } = operation(o, x, y);
  const { fields, status } = round(o, sign, magnitude, mask);
  storeFields(o, register, fields);
  o.setWord('X87_STATUS', status);
}

type Load = (o: Recorder, operand: OperandSource) => LoadedNumber;
const ofFormat = (format: Format): Load => (o, operand) => loadNumber(o, format, operand);
const ofInteger = (size: 16 | 32): Load => (o, operand) => loadInteger(o, size, operand);

/** ST(0) ∘ memory. */
function withMemory(operation: Operation, load: Load): Semantic {
  return (o, operand) => {
    begin(o, true);
    const stack = readStack(o);
    leaveUnlessPresent(o, present(o, stack, stack.top));
    const { fields, offset } = load(o, operand);
    finish(o, operation, loadFields(o, stack.top), fields, stack.top);
    setPointers(o, offset);
  };
}

/** ST(0) ∘ ST(i), or with `toOperand` ST(i) ∘ ST(0), and then perhaps pop. */
function withStack(operation: Operation, toOperand: boolean, pops: number): Semantic {
  return (o) => {
    begin(o, false);
    const stack = readStack(o);
    const other = physical(o, stack, stackOperand(o));
    leaveUnlessPresent(o, present(o, stack, stack.top), present(o, stack, other));
    const [to, from] = toOperand ? [other, stack.top] : [stack.top, other];
    finish(o, operation, loadFields(o, to), loadFields(o, from), to);
    if (pops !== 0) popFields(o, stack, pops);
    setPointers(o);
  };
}

const forms = (name: string, operation: Operation): Semantics => ({
  [`f${name}-m32`]: withMemory(operation, ofFormat(SINGLE)), [`f${name}-m64`]: withMemory(operation, ofFormat(DOUBLE)),
  [`fi${name}-m16`]: withMemory(operation, ofInteger(16)), [`fi${name}-m32`]: withMemory(operation, ofInteger(32)),
  [`f${name}`]: withStack(operation, false, 0), [`f${name}-to`]: withStack(operation, true, 0), [`f${name}p`]: withStack(operation, true, 1),
});

export const recordedArithmetic: Semantics = { ...forms('add', add), ...forms('sub', subtract), ...forms('subr', subtractReversed), ...forms('mul', product) };
