import { Register, Vector } from '../state.js';
import type { Recorder, OperandSource } from '../ir/recorder.js';
import type { Semantics } from './semantics.js';

type Operator = 'and' | 'or' | 'xor';

const logic = (operator: Operator) => (o: Recorder, destination: OperandSource, source: OperandSource): void => {
  const right = o.read(source);
  const left = o.readForWrite(destination);
  const result = o.let(o[operator](left, right));
  o.write(destination, result);
  o.flagsOfLogic(result);
};

/** ADD and ADC, SUB and SBB: SDM vol. 2; the carry-in does not change how the flags follow from operands and result. */
const addition = (carryIn: boolean) => (o: Recorder, destination: OperandSource, source: OperandSource): void => {
  const right = o.read(source);
  const left = o.readForWrite(destination);
  const sum = o.add(left, right);
  const result = o.let(o.truncate(carryIn ? o.add(sum, o.carry()) : sum));
  o.write(destination, result);
  o.flagsOfAdd(left, right, result);
};
const subtraction = (borrowIn: boolean) => (o: Recorder, destination: OperandSource, source: OperandSource): void => {
  const right = o.read(source);
  const left = o.readForWrite(destination);
  const difference = o.sub(left, right);
  const result = o.let(o.truncate(borrowIn ? o.sub(difference, o.carry()) : difference));
  o.write(destination, result);
  o.flagsOfSub(left, right, result, !borrowIn);
};

/** INC and DEC overflow exactly when the result is the most negative (most positive) number, and leave CF alone. */
const step = (direction: 'add' | 'sub') => (o: Recorder, destination: OperandSource): void => {
  const before = o.readForWrite(destination);
  const result = o.let(o.truncate(o[direction](before, 1)));
  o.write(destination, result);
  const extreme = direction === 'add' ? 2 ** (o.size - 1) : 2 ** (o.size - 1) - 1;
  // Bit 4 of (before xor result) is the carry out of bit 3: AF sits in bit 3 of the carry word.
  o.flagsKeepingCarry(result, o.let(o.eq(result, extreme | 0)), o.let(o.and(o.shr(o.xor(before, result), 1), 8)));
};

const multiplyWide = (signed: boolean) => (o: Recorder, source: OperandSource): void => {
  const right = o.read(source);
  if (o.size === 32) {
    const left = o.let(o.register(Register.EAX));
    const high = o.let(signed ? o.mulHighSigned(left, right) : o.mulHighUnsigned(left, right));
    const low = o.let(o.mul(left, right));
    o.setRegister(Register.EAX, low);
    o.setRegister(Register.EDX, high);
    const overflow = o.let(signed ? o.ne(high, o.sar(low, 31)) : o.ne(high, 0));
    return o.flagsExplicit(low, overflow, overflow);
  }
  const extend = (value: ReturnType<Recorder['let']>) => (signed ? o.signExtend(value) : value);
  const product = o.let(o.mul(extend(o.let(o.register(Register.EAX, o.size))), extend(right)));
  if (o.size === 8) o.setRegister(Register.EAX, product, 16);
  else {
    o.setRegister(Register.EAX, product, 16);
    o.setRegister(Register.EDX, o.shr(product, 16), 16);
  }
  const low = o.let(o.truncate(product));
  const overflow = o.let(signed ? o.ne(o.signExtend(low), product) : o.ne(o.shr(product, o.size), 0));
  o.flagsExplicit(low, overflow, overflow);
};

const multiply = (o: Recorder, destination: OperandSource, first: OperandSource, second: OperandSource): void => {
  const right = o.read(second);
  const left = o.read(first);
  const product = o.let(o.mul(o.signExtend(left), o.signExtend(right)));
  const result = o.let(o.truncate(product));
  o.write(destination, result);
  const overflow = o.let(o.size === 32 ? o.ne(o.mulHighSigned(left, right), o.sar(product, 31)) : o.ne(o.signExtend(result), product));
  o.flagsExplicit(result, overflow, overflow);
};

/** #DE when the divisor is 0 or the quotient does not fit; flags are undefined and stay. */
const division = (signed: boolean) => (o: Recorder, source: OperandSource): void => {
  const divisor = o.read(source);
  if (o.size === 32) {
    const low = o.let(o.register(Register.EAX));
    const high = o.let(o.register(Register.EDX));
    o.raiseIf(o.isZero(o.divide(signed ? 'fitsSigned' : 'fitsUnsigned', high, low, divisor)), Vector.DE);
    const quotient = o.let(o.divide(signed ? 'quotientSigned' : 'quotientUnsigned', high, low, divisor));
    const remainder = o.let(o.divide(signed ? 'remainderSigned' : 'remainderUnsigned', high, low, divisor));
    o.setRegister(Register.EAX, quotient);
    return o.setRegister(Register.EDX, remainder);
  }
  const wide = o.let(o.size === 8 ? o.register(Register.EAX, 16) : o.or(o.shl(o.register(Register.EDX, 16), 16), o.register(Register.EAX, 16)));
  const dividend = o.let(signed && o.size === 8 ? o.signExtend(wide, 16) : wide);
  const high = o.let(signed ? o.sar(dividend, 31) : o.and(dividend, 0));
  const by = o.let(signed ? o.signExtend(divisor) : divisor);
  o.raiseIf(o.isZero(by), Vector.DE);
  const quotient = o.let(o.divide(signed ? 'quotientSigned' : 'quotientUnsigned', high, dividend, by));
  const representable = signed ? o.eq(o.signExtend(quotient), quotient) : o.eq(o.truncate(quotient), quotient);
  o.raiseIf(o.isZero(representable), Vector.DE);
  const remainder = o.let(o.divide(signed ? 'remainderSigned' : 'remainderUnsigned', high, dividend, by));
  if (o.size === 8) return o.setRegister(Register.EAX, o.or(o.truncate(quotient), o.shl(o.truncate(remainder), 8)), 16);
  o.setRegister(Register.EAX, quotient, 16);
  o.setRegister(Register.EDX, remainder, 16);
};

export const arithmetic: Semantics = {
  add: addition(false),
  adc: addition(true),
  sub: subtraction(false),
  sbb: subtraction(true),
  and: logic('and'),
  or: logic('or'),
  xor: logic('xor'),
  cmp: (o, destination, source) => {
    const right = o.read(source);
    const left = o.read(destination);
    o.flagsOfSub(left, right, o.let(o.truncate(o.sub(left, right))));
  },
  test: (o, destination, source) => {
    const right = o.read(source);
    o.flagsOfLogic(o.let(o.and(o.read(destination), right)));
  },
  inc: step('add'),
  dec: step('sub'),
  neg: (o, destination) => {
    const before = o.readForWrite(destination);
    const result = o.let(o.truncate(o.sub(0, before)));
    o.write(destination, result);
    o.flagsOfSub(o.let(o.and(before, 0)), before, result);
  },
  not: (o, destination) => o.write(destination, o.let(o.truncate(o.not(o.readForWrite(destination))))),
  mul: multiplyWide(false),
  imul: multiplyWide(true),
  imul2: (o, destination, source) => multiply(o, destination, destination, source),
  imul3: multiply,
  div: division(false),
  idiv: division(true),
};
