import type { SystemOperands, SystemProcedure } from '../system/operands.js';
import type { Silicon } from '../system/silicon.js';
import { Word } from '../state.js';
import { add, divide, multiply, squareRoot } from './arithmetic.js';
import { Extended } from './extended.js';
import { fromDouble, fromInteger, fromSingle } from './formats.js';
import { loadOperand, loaded } from './memory.js';
import { remainderConditions, remainderOf } from './partial-remainder.js';
import { numeric } from './procedure.js';
import { extract, roundToInteger, scale } from './scaling.js';
import { commit, isEmpty, loadStack, pop, push, stackOverflow, stackUnderflow, storeStack } from './stack.js';

/** FADD to FDIVR in all their forms, FSQRT, FPREM, FSCALE, FXTRACT, FRNDINT, FABS, FCHS. */

/** destination ∘ source. */
export type Operation = (destination: Extended, source: Extended, result: Extended) => boolean;

export const fadd: Operation = (x, y, result) => add(x, y, 0, result);
export const fmul: Operation = multiply;
export const fsub: Operation = (x, y, result) => add(x, y, 1, result);
export const fsubr: Operation = (x, y, result) => add(y, x, 1, result);
export const fdiv: Operation = divide;
export const fdivr: Operation = (x, y, result) => divide(y, x, result);

const x = new Extended();
const y = new Extended();
const z = new Extended();

/** Loads a memory operand into an `Extended`; false after a fault. */
export type Source = (silicon: Silicon, op: SystemOperands, value: Extended) => boolean;

export const single: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 4)) return false;
  fromSingle(loaded.low, value);
  return true;
};
export const double: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 8)) return false;
  fromDouble(loaded.low, loaded.high, value);
  return true;
};
export const integer16: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 2)) return false;
  const word = (loaded.low << 16) >> 16;
  fromInteger(word, word >> 31, value);
  return true;
};
export const integer32: Source = (silicon, op, value) => {
  if (!loadOperand(silicon, op, 4)) return false;
  fromInteger(loaded.low, loaded.low >> 31, value);
  return true;
};

/** ST(0) ∘ memory. */
export function withMemory(operation: Operation, source: Source): SystemProcedure {
  return numeric((silicon, op, state) => {
    if (!source(silicon, op, y)) return false;
    loadStack(state, 0, x);
    if (isEmpty(state, 0) ? stackUnderflow(z) : operation(x, y, z)) storeStack(state, 0, z);
    commit(state);
    return true;
  });
}

/** ST(0) ∘ ST(i). */
export function fromStack(operation: Operation): SystemProcedure {
  return numeric((_silicon, op, state) => {
    loadStack(state, 0, x);
    loadStack(state, op.stack, y);
    const isMissing = isEmpty(state, 0) || isEmpty(state, op.stack);
    if (isMissing ? stackUnderflow(z) : operation(x, y, z)) storeStack(state, 0, z);
    commit(state);
    return true;
  });
}

/** ST(i) ∘ ST(0), and then perhaps pop. */
export function toStack(operation: Operation, pops: boolean): SystemProcedure {
  return numeric((_silicon, op, state) => {
    loadStack(state, op.stack, x);
    loadStack(state, 0, y);
    const isMissing = isEmpty(state, 0) || isEmpty(state, op.stack);
    if (isMissing ? stackUnderflow(z) : operation(x, y, z)) {
      storeStack(state, op.stack, z);
      if (pops) pop(state);
    }
    commit(state);
    return true;
  });
}

/** An instruction with one operand and result in ST(0). */
function onTop(operation: (x: Extended, result: Extended) => boolean): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    if (isEmpty(state, 0) ? stackUnderflow(z) : operation(x, z)) storeStack(state, 0, z);
    commit(state);
    return true;
  });
}

/** FABS and FCHS change the sign bit of anything that is there. */
function changingSign(sign: (old: number) => number): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    if (!isEmpty(state, 0)) {
      x.sign = sign(x.sign);
      storeStack(state, 0, x);
    } else if (stackUnderflow(x)) storeStack(state, 0, x);
    commit(state);
    return true;
  });
}

function partialRemainder(nearest: boolean): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    loadStack(state, 1, y);
    remainderConditions.clear();
    const isMissing = isEmpty(state, 0) || isEmpty(state, 1);
    if (isMissing ? stackUnderflow(z) : remainderOf(x, y, nearest, z)) storeStack(state, 0, z);
    commit(state);
    state[Word.X87_STATUS] = (state[Word.X87_STATUS] & ~remainderConditions.affected) | remainderConditions.conditions;
    return true;
  });
}

/** FXTRACT: the exponent replaces ST(0), the significand is pushed. */
const extraction = numeric((_silicon, _op, state) => {
  loadStack(state, 0, x);
  let delivered: boolean;
  if (isEmpty(state, 0)) {
    delivered = stackUnderflow(y);
    stackUnderflow(z);
  } else if (!isEmpty(state, -1)) {
    delivered = stackOverflow(y);
    stackOverflow(z);
  } else delivered = extract(x, y, z);
  if (delivered) {
    storeStack(state, 0, y);
    push(state, z);
  }
  commit(state);
  return true;
});

const scaling = numeric((_silicon, _op, state) => {
  loadStack(state, 0, x);
  loadStack(state, 1, y);
  const isMissing = isEmpty(state, 0) || isEmpty(state, 1);
  if (isMissing ? stackUnderflow(z) : scale(x, y, z)) storeStack(state, 0, z);
  commit(state);
  return true;
});

export const numericProcedures = {
  fsqrt: onTop(squareRoot), frndint: onTop(roundToInteger), fabs: changingSign(() => 0), fchs: changingSign((sign) => sign ^ 1),
  fprem: partialRemainder(false), fprem1: partialRemainder(true), fxtract: extraction, fscale: scaling,
} as const satisfies Record<string, SystemProcedure>;
