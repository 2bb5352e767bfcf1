import { Word } from '../state.js';
import type { SystemProcedure } from '../system/operands.js';
import { Extended, Kind, QUIET_BIT, SIGN_SHIFT, SPECIAL_EXPONENT, kindOf, raise, set, unit } from './extended.js';
import { fromDecimal, fromInteger, stored, toDecimal, toDouble, toInteger, toSingle } from './formats.js';
import { loadOperand, loaded, storeOperand } from './memory.js';
import { double, integer16, integer32, single, type Source } from './numeric-instructions.js';
import { numeric } from './procedure.js';
import { roundTo } from './rounding.js';
import { constantWords, type ConstantName } from './scaling.js';
import { commit, isEmpty, loadStack, physical, pop, push, stackOverflow, stackUnderflow, storeStack } from './stack.js';
import { Exception, Precision } from './words.js';

/** Loads, stores, exchanges and conditional moves. */

const x = new Extended();
const y = new Extended();

/** Pushing wants ST(7), which the push makes ST(0), to be empty. */
const PUSHED = -1;

export const extended: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 10)) return false;
  set(value, (loaded.extra >>> SIGN_SHIFT) & 1, loaded.extra & SPECIAL_EXPONENT, loaded.high, loaded.low);
  return true;
};
const integer64: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 8)) return false;
  fromInteger(loaded.low, loaded.high, value);
  return true;
};
const decimal: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 10)) return false;
  fromDecimal(loaded.low, loaded.high, loaded.extra, value);
  return true;
};

/** What a load of the smaller formats reports: an SNaN becomes quiet; a denormal becomes normal and is pushed even if the exception is not masked. */
function convertLoaded(value: Extended): boolean {
  if (value.denormal !== 0) {
    raise(Exception.DENORMAL);
    return true;
  }
  if (kindOf(value) !== Kind.SIGNALLING_NAN) return true;
  value.high |= QUIET_BIT;
  return raise(Exception.INVALID);
}

/** FLD, FILD, FBLD; `converts`: the source may be a denormal or an SNaN that is reported. */
function load(source: Source, converts: boolean): SystemProcedure {
  return numeric((silicon, op, state) => {
    if (!source(silicon, op, x)) return false;
    if (!isEmpty(state, PUSHED)) {
      if (stackOverflow(x)) push(state, x);
    } else if (!converts || convertLoaded(x)) push(state, x);
    commit(state);
    return true;
  });
}

const loadFromStack = numeric((_silicon, op, state) => {
  loadStack(state, op.stack, x);
  let delivered = true;
  if (isEmpty(state, op.stack)) delivered = stackUnderflow(x);
  else if (!isEmpty(state, PUSHED)) delivered = stackOverflow(x);
  if (delivered) push(state, x);
  commit(state);
  return true;
});

function loadConstant(name: ConstantName): SystemProcedure {
  const [exponent, high, low, extra] = constantWords(name);
  return numeric((_silicon, _op, state) => {
    if (isEmpty(state, PUSHED)) {
      roundTo(x, 0, exponent, high, low, extra, Precision.EXTENDED);
      // A constant is not an inexact result.
      unit.raised = 0;
      unit.roundedUp = 0;
      push(state, x);
    } else if (stackOverflow(x)) push(state, x);
    commit(state);
    return true;
  });
}

const loadZero = numeric((_silicon, _op, state) => {
  set(x, 0, 0, 0, 0);
  if (isEmpty(state, PUSHED) || stackOverflow(x)) push(state, x);
  commit(state);
  return true;
});

/** Converts ST(0) into `stored`; false: nothing is stored. */
type Conversion = (value: Extended) => boolean;

/** The 80-bit format is stored as it is. */
const toExtended: Conversion = (value) => {
  stored.low = value.low;
  stored.high = value.high;
  stored.extra = (value.sign << SIGN_SHIFT) | value.exponent;
  return true;
};
const toInteger16: Conversion = (value) => toInteger(value, 16);
const toInteger32: Conversion = (value) => toInteger(value, 32);
const toInteger64: Conversion = (value) => toInteger(value, 64);

/** An empty ST(0) is stored as the indefinite of the format, which is what the conversion of the QNaN indefinite, or of any NaN to an integer, gives. */
function store(convert: Conversion, bytes: 2 | 4 | 8 | 10, pops: boolean): SystemProcedure {
  return numeric((silicon, op, state) => {
    loadStack(state, 0, x);
    const isPresent = !isEmpty(state, 0) || stackUnderflow(x);
    const delivered = isPresent && convert(x);
    if (delivered && !storeOperand(silicon, op, bytes, stored.low, stored.high, stored.extra)) return false;
    if (delivered && pops) pop(state);
    commit(state);
    return true;
  });
}

function storeToStack(pops: boolean): SystemProcedure {
  return numeric((_silicon, op, state) => {
    loadStack(state, 0, x);
    if (!isEmpty(state, 0) || stackUnderflow(x)) {
      storeStack(state, op.stack, x);
      if (pops) pop(state);
    }
    commit(state);
    return true;
  });
}

const exchange = numeric((_silicon, op, state) => {
  loadStack(state, 0, x);
  loadStack(state, op.stack, y);
  let delivered = true;
  if (isEmpty(state, 0)) delivered = stackUnderflow(x);
  if (isEmpty(state, op.stack)) delivered = stackUnderflow(y);
  if (delivered) {
    storeStack(state, 0, y);
    storeStack(state, op.stack, x);
  }
  commit(state);
  return true;
});

/** FSTPNCE: FSTP that does not check for an empty ST(0) and then only pops. */
const storeUnchecked = numeric((_silicon, op, state) => {
  loadStack(state, 0, x);
  if (!isEmpty(state, 0)) storeStack(state, op.stack, x);
  pop(state);
  commit(state);
  return true;
});

/** FCMOVcc: an empty register is a stack fault whether the condition holds or not. Else it leaves C1 alone. */
export function conditionalMove(holds: (state: Int32Array) => boolean): SystemProcedure {
  return numeric((_silicon, op, state) => {
    loadStack(state, op.stack, x);
    if (isEmpty(state, 0) || isEmpty(state, op.stack)) {
      if (stackUnderflow(x)) storeStack(state, 0, x);
      commit(state);
    } else if (holds(state)) storeStack(state, 0, x);
    return true;
  });
}

function freeRegister(pops: boolean): SystemProcedure {
  return numeric((_silicon, op, state) => {
    state[Word.X87_VALID] &= ~(1 << physical(state, op.stack));
    if (pops) pop(state);
    commit(state);
    return true;
  });
}

export const transferProcedures = {
  'fld-m32': load(single, true), 'fld-m64': load(double, true), 'fld-m80': load(extended, false), fld: loadFromStack,
  'fild-m16': load(integer16, false), 'fild-m32': load(integer32, false), 'fild-m64': load(integer64, false), fbld: load(decimal, false),
  'fst-m32': store(toSingle, 4, false), 'fst-m64': store(toDouble, 8, false), 'fstp-m32': store(toSingle, 4, true), 'fstp-m64': store(toDouble, 8, true), 'fstp-m80': store(toExtended, 10, true),
  'fist-m16': store(toInteger16, 2, false), 'fist-m32': store(toInteger32, 4, false),
  'fistp-m16': store(toInteger16, 2, true), 'fistp-m32': store(toInteger32, 4, true), 'fistp-m64': store(toInteger64, 8, true), fbstp: store(toDecimal, 10, true),
  fst: storeToStack(false), fstp: storeToStack(true), fstpnce: storeUnchecked, fxch: exchange, ffree: freeRegister(false), ffreep: freeRegister(true),
  fld1: loadConstant('one'), fldl2t: loadConstant('log2Of10'), fldl2e: loadConstant('log2OfE'), fldpi: loadConstant('pi'),
  fldlg2: loadConstant('log10Of2'), fldln2: loadConstant('lnOf2'), fldz: loadZero,
} as const satisfies Record<string, SystemProcedure>;
