import { Word } from '../../state.js';
import type { SystemProcedure } from '../../system/operands.js';
import { BIAS, Extended, INTEGER_BIT, copy, set } from '../extended.js';
import { numeric } from '../procedure.js';
import { commit, isEmpty, loadStack, pop, push, stackOverflow, stackUnderflow, storeStack } from '../stack.js';
import { Status } from '../words.js';
import { arctangent } from './arctangent.js';
import { exponentialLessOne, timesLogarithm, timesLogarithmOfOneMore } from './exponential.js';
import { Reduction, deliverCosine, deliverSine, deliverTangent, reduceArgument } from './trigonometric.js';

/** The transcendental instructions. The precision control does not affect them (SDM vol. 1, 8.1.5.2). */

const x = new Extended();
const y = new Extended();
const z = new Extended();

/** Sets or clears C2: the argument is out of range, and nothing else is done. */
function commitRange(state: Int32Array, outOfRange: boolean): void {
  commit(state);
  state[Word.X87_STATUS] = (state[Word.X87_STATUS] & ~Status.C2) | (outOfRange ? Status.C2 : 0);
}

/** FSIN, FCOS. */
function function1(deliver: (result: Extended) => void): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    let reduction: number;
    if (isEmpty(state, 0)) reduction = stackUnderflow(z) ? Reduction.DELIVERED : Reduction.SUPPRESSED;
    else reduction = reduceArgument(x, z);
    if (reduction === Reduction.VALUE) deliver(z);
    if (reduction <= Reduction.DELIVERED) storeStack(state, 0, z);
    commitRange(state, reduction === Reduction.OUT_OF_RANGE);
    return true;
  });
}

/** FSINCOS and FPTAN replace ST(0) and push: cosine, 1. A NaN is both results. */
function function2(deliver: (result: Extended) => void, deliverPushed: (result: Extended) => void): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    let reduction: number;
    if (isEmpty(state, 0)) reduction = stackUnderflow(y) ? Reduction.DELIVERED : Reduction.SUPPRESSED;
    else if (!isEmpty(state, -1)) reduction = stackOverflow(y) ? Reduction.DELIVERED : Reduction.SUPPRESSED;
    else reduction = reduceArgument(x, y);
    if (reduction === Reduction.VALUE) {
      // C1 is about the result that replaces the operand (found on the silicon), so that one goes last.
      deliverPushed(z);
      deliver(y);
    } else copy(y, z);
    if (reduction <= Reduction.DELIVERED) {
      storeStack(state, 0, y);
      push(state, z);
    }
    commitRange(state, reduction === Reduction.OUT_OF_RANGE);
    return true;
  });
}

function setOne(result: Extended): void {
  set(result, 0, BIAS, INTEGER_BIT, 0);
}

/** FYL2X, FYL2XP1, FPATAN: of ST(0) and ST(1), into ST(1), and pop. */
function intoNext(operation: (x: Extended, y: Extended, result: Extended) => boolean): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    loadStack(state, 0, x);
    loadStack(state, 1, y);
    const isMissing = isEmpty(state, 0) || isEmpty(state, 1);
    if (isMissing ? stackUnderflow(z) : operation(x, y, z)) {
      storeStack(state, 1, z);
      pop(state);
    }
    commit(state);
    return true;
  });
}

const exponential = numeric((_silicon, _op, state) => {
  loadStack(state, 0, x);
  if (isEmpty(state, 0) ? stackUnderflow(z) : exponentialLessOne(x, z)) storeStack(state, 0, z);
  commit(state);
  return true;
});

export const transcendentalProcedures = {
  fsin: function1(deliverSine), fcos: function1(deliverCosine), fsincos: function2(deliverSine, deliverCosine), fptan: function2(deliverTangent, setOne),
  f2xm1: exponential, fyl2x: intoNext(timesLogarithm), fyl2xp1: intoNext(timesLogarithmOfOneMore), fpatan: intoNext(arctangent),
} as const satisfies Record<string, SystemProcedure>;
