import type { Recorder } from '../../ir/recorder.js';
import type { Semantic, Semantics } from '../../semantics/semantics.js';
import { constant, type Expression } from '../../ir/expression.js';
import { SIGN_SHIFT } from '../extended.js';
import { Status } from '../words.js';
import { begin, clearC1, leaveUnlessPresent, loadFields, physical, popFields, present, readStack, setPointers, stackOperand, type Fields } from './frame.js';
import { DOUBLE, SINGLE, exponentOf, isNormal, isZero, type Format } from './numbers.js';
import { loadNumber } from './transfers.js';

/** The common cases of FCOM and its kin: both operands normal or zero, so that it does not matter which QNaNs are invalid. */

const ZERO_FLAG_BIT = 6;
const C0_BIT = 8;
const C3_BIT = 14;
const ZERO: Fields = { high: constant(0), low: constant(0), top: constant(0) };

interface Order {
  /** 1 or 0. */
  readonly less: Expression;
  readonly equal: Expression;
}

function compareNumbers(o: Recorder, x: Fields, y: Fields): Order {
  const exponentX = exponentOf(o, x);
  const exponentY = exponentOf(o, y);
  const zeroX = o.let(isZero(o, x, exponentX));
  const zeroY = o.let(isZero(o, y, exponentY));
  o.leaveIf(o.isZero(o.and(o.or(zeroX, isNormal(o, x, exponentX)), o.or(zeroY, isNormal(o, y, exponentY)))));
  const signX = o.let(o.shr(x.top, SIGN_SHIFT));
  const signsDiffer = o.let(o.ne(signX, o.shr(y.top, SIGN_SHIFT)));
  const sameExponent = o.let(o.eq(exponentX, exponentY));
  const sameHigh = o.let(o.eq(x.high, y.high));
  const isBelow = o.or(o.lessUnsigned(x.high, y.high), o.and(sameHigh, o.lessUnsigned(x.low, y.low)));
  const smaller = o.let(o.or(o.lessUnsigned(exponentX, exponentY), o.and(sameExponent, isBelow)));
  const sameMagnitude = o.let(o.and(sameExponent, o.and(sameHigh, o.eq(x.low, y.low))));
  const bothZero = o.let(o.and(zeroX, zeroY));
  const equal = o.let(o.and(sameMagnitude, o.or(o.isZero(signsDiffer), bothZero)));
  // Of two negative numbers the larger magnitude is less.
  const less = o.select(signsDiffer, signX, o.xor(smaller, signX));
  return { less: o.let(o.and(less, o.isZero(equal))), equal };
}

function setConditions(o: Recorder, { less, equal }: Order): void {
  o.setWord('X87_STATUS', o.or(o.and(o.word('X87_STATUS'), ~Status.CONDITIONS), o.or(o.shl(less, C0_BIT), o.shl(equal, C3_BIT))));
}

/** ZF and CF (SDM vol. 2, FCOMI); the others are cleared. */
function setFlags(o: Recorder, { less, equal }: Order): void {
  clearC1(o);
  o.setAllFlags(o.let(o.or(o.shl(equal, ZERO_FLAG_BIT), less)));
}

function withStack(deliver: (o: Recorder, order: Order) => void, pops: number): Semantic {
  return (o) => {
    begin(o, false);
    const stack = readStack(o);
    const other = physical(o, stack, pops === 2 ? 1 : stackOperand(o));
    leaveUnlessPresent(o, present(o, stack, stack.top), present(o, stack, other));
    const order = compareNumbers(o, loadFields(o, stack.top), loadFields(o, other));
    if (pops !== 0) popFields(o, stack, pops);
    setPointers(o);
    deliver(o, order);
  };
}

function withMemory(format: Format, pops: number): Semantic {
  return (o, operand) => {
    begin(o, true);
    const stack = readStack(o);
    leaveUnlessPresent(o, present(o, stack, stack.top));
    const { fields, offset } = loadNumber(o, format, operand);
    const order = compareNumbers(o, loadFields(o, stack.top), fields);
    if (pops !== 0) popFields(o, stack, pops);
    setPointers(o, offset);
    setConditions(o, order);
  };
}

const withZero: Semantic = (o) => {
  begin(o, false);
  const stack = readStack(o);
  leaveUnlessPresent(o, present(o, stack, stack.top));
  const order = compareNumbers(o, loadFields(o, stack.top), ZERO);
  setPointers(o);
  setConditions(o, order);
};

export const recordedComparisons: Semantics = {
  'fcom-m32': withMemory(SINGLE, 0), 'fcom-m64': withMemory(DOUBLE, 0), 'fcomp-m32': withMemory(SINGLE, 1), 'fcomp-m64': withMemory(DOUBLE, 1),
  fcom: withStack(setConditions, 0), fcomp: withStack(setConditions, 1), fcompp: withStack(setConditions, 2),
  fucom: withStack(setConditions, 0), fucomp: withStack(setConditions, 1), fucompp: withStack(setConditions, 2),
  fcomi: withStack(setFlags, 0), fcomip: withStack(setFlags, 1), fucomi: withStack(setFlags, 0), fucomip: withStack(setFlags, 1), ftst: withZero,
};
