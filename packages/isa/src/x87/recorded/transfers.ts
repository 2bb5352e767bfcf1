import type { OperandSource, Recorder } from '../../ir/recorder.js';
import type { Semantic, Semantics } from '../../semantics/semantics.js';
import { constant, type Expression } from '../../ir/expression.js';
import { Register } from '../../state.js';
import { BIAS, INTEGER_BIT, SIGN_SHIFT, SPECIAL_EXPONENT } from '../extended.js';
import { Control, Exception, Status } from '../words.js';
import {
  begin, clearC1, leaveUnlessPresent, loadFields, operandAddress, physical, popFields, present, pushFields, pushedRegister, readStack, setPointers, stackOperand, storeFields,
  type Fields,
} from './frame.js';
import { DOUBLE, SINGLE, fromFormat, fromInteger, toFormat, type Format } from './numbers.js';

/** The common cases of loads, stores, exchanges, sign changes and the control word. */

const PAGE_MASK = 0xfff;
const PAGE_BYTES = 4096;
const SIGN_BIT = 1 << SIGN_SHIFT;

/** A memory operand's value, and its offset for the operand pointer. */
export interface LoadedNumber {
  readonly fields: Fields;
  readonly offset: Expression;
}

/** The words of a number in memory; only `upper` for the 32-bit format. */
function loadWords(o: Recorder, format: Format, linear: Expression): { upper: Expression; lower: Expression | undefined } {
  const first = o.load(linear, 32);
  return format.bits === 32 ? { upper: first, lower: undefined } : { lower: first, upper: o.load(o.add(linear, 4), 32) };
}

/** Loads and converts a memory operand; leaves unless it is a normal number or zero. */
export function loadNumber(o: Recorder, format: Format, operand: OperandSource): LoadedNumber {
  const { offset, linear } = operandAddress(o, operand, format.bits, false);
  const { upper, lower } = loadWords(o, format, linear);
  const { fields, isNumber } = fromFormat(o, format, upper, lower);
  o.leaveIf(o.isZero(isNumber));
  return { fields, offset };
}

export function loadInteger(o: Recorder, size: 16 | 32, operand: OperandSource): LoadedNumber {
  const { offset, linear } = operandAddress(o, operand, size, false);
  const value = o.load(linear, size);
  return { fields: fromInteger(o, size === 16 ? o.let(o.signExtend(value, 16)) : value), offset };
}

/** A push whose value is there: FLD, FILD. */
function pushing(load: (o: Recorder, operand: OperandSource) => LoadedNumber): Semantic {
  return (o, operand) => {
    begin(o, true);
    const stack = readStack(o);
    const register = pushedRegister(o, stack);
    const { fields, offset } = load(o, operand);
    pushFields(o, stack, register, fields);
    clearC1(o);
    setPointers(o, offset);
  };
}

function pushingConstant(fields: Fields): Semantic {
  return (o) => {
    begin(o, false);
    const stack = readStack(o);
    pushFields(o, stack, pushedRegister(o, stack), fields);
    clearC1(o);
    setPointers(o);
  };
}

const loadFromStack: Semantic = (o) => {
  begin(o, false);
  const stack = readStack(o);
  const source = physical(o, stack, stackOperand(o));
  leaveUnlessPresent(o, present(o, stack, source));
  const register = pushedRegister(o, stack);
  pushFields(o, stack, register, loadFields(o, source));
  clearC1(o);
  setPointers(o);
};

/** FST, FSTP m32 and m64. An operand in two pages is the procedure's: the second store must not fault behind the first. */
function storing(format: Format, pops: number): Semantic {
  return (o, operand) => {
    begin(o, true);
    const stack = readStack(o);
    leaveUnlessPresent(o, present(o, stack, stack.top));
    const { upper, lower, status } = toFormat(o, format, loadFields(o, stack.top));
    const { offset, linear } = operandAddress(o, operand, format.bits, true);
    if (lower === undefined) o.store(linear, upper, 32);
    else {
      o.leaveIf(o.lessUnsigned(PAGE_BYTES - format.bits / 8, o.and(linear, PAGE_MASK)));
      o.store(linear, lower, 32);
      o.store(o.add(linear, 4), upper, 32);
    }
    o.setWord('X87_STATUS', status);
    if (pops !== 0) popFields(o, stack, pops);
    setPointers(o, offset);
  };
}

/** FST, FSTP ST(i). */
function storingToStack(pops: number): Semantic {
  return (o) => {
    begin(o, false);
    const stack = readStack(o);
    leaveUnlessPresent(o, present(o, stack, stack.top));
    const target = physical(o, stack, stackOperand(o));
    storeFields(o, target, loadFields(o, stack.top));
    const valid = o.let(o.or(stack.valid, o.shl(1, target)));
    if (pops === 0) o.setWord('X87_VALID', valid);
    else popFields(o, stack, pops, valid);
    clearC1(o);
    setPointers(o);
  };
}

const exchange: Semantic = (o) => {
  begin(o, false);
  const stack = readStack(o);
  const other = physical(o, stack, stackOperand(o));
  leaveUnlessPresent(o, present(o, stack, stack.top), present(o, stack, other));
  const first = loadFields(o, stack.top);
  const second = loadFields(o, other);
  storeFields(o, stack.top, second);
  storeFields(o, other, first);
  clearC1(o);
  setPointers(o);
};

/** FABS, FCHS: no number is too special for them. */
function changingSign(change: (o: Recorder, top: Expression) => Expression): Semantic {
  return (o) => {
    begin(o, false);
    const stack = readStack(o);
    leaveUnlessPresent(o, present(o, stack, stack.top));
    const fields = loadFields(o, stack.top);
    storeFields(o, stack.top, { ...fields, top: change(o, fields.top) });
    clearC1(o);
    setPointers(o);
  };
}

/** FLDCW of a control word under which no exception that is flagged is unmasked. */
const loadControl: Semantic = (o, operand) => {
  begin(o, true);
  const { linear } = operandAddress(o, operand, 16, false);
  const control = o.let(o.or(o.and(o.load(linear, 16), Control.WRITABLE), Control.FIXED_ONES));
  o.leaveIf(o.and(o.and(o.word('X87_STATUS'), o.not(control)), Exception.ALL));
  o.setWord('X87_CONTROL', control);
};

const storeControl: Semantic = (o, operand) => {
  begin(o, true);
  o.store(operandAddress(o, operand, 16, true).linear, o.word('X87_CONTROL'), 16);
};

const storeStatus: Semantic = (o) => {
  begin(o, false);
  o.setRegister(Register.EAX, o.or(o.word('X87_STATUS'), o.shl(o.word('X87_TOP'), Status.TOP_SHIFT)), 16);
};

export const recordedTransfers: Semantics = {
  'fld-m32': pushing((o, operand) => loadNumber(o, SINGLE, operand)), 'fld-m64': pushing((o, operand) => loadNumber(o, DOUBLE, operand)),
  'fild-m16': pushing((o, operand) => loadInteger(o, 16, operand)), 'fild-m32': pushing((o, operand) => loadInteger(o, 32, operand)),
  fld: loadFromStack,
  fldz: pushingConstant({ high: constant(0), low: constant(0), top: constant(0) }), fld1: pushingConstant({ high: constant(INTEGER_BIT), low: constant(0), top: constant(BIAS) }),
  'fst-m32': storing(SINGLE, 0), 'fst-m64': storing(DOUBLE, 0), 'fstp-m32': storing(SINGLE, 1), 'fstp-m64': storing(DOUBLE, 1),
  fst: storingToStack(0), fstp: storingToStack(1), fxch: exchange,
  fchs: changingSign((o, top) => o.xor(top, SIGN_BIT)), fabs: changingSign((o, top) => o.and(top, SPECIAL_EXPONENT)),
  fldcw: loadControl, fnstcw: storeControl, fnstsw: storeStatus,
};
