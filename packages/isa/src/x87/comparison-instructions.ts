import { composeFlags, storeArithmeticFlags } from '../flags.js';
import { Flag } from '../state.js';
import type { SystemProcedure } from '../system/operands.js';
import { EMPTY_CLASS, Order, compare, examine } from './comparison.js';
import { Extended, setZero, unit } from './extended.js';
import { double, integer16, integer32, single, type Source } from './numeric-instructions.js';
import { numeric } from './procedure.js';
import { commit, commitConditions, isEmpty, loadStack, pop, stackUnderflow } from './stack.js';
import { conditionalMove } from './transfer-instructions.js';
import { Exception, Status } from './words.js';

/** FCOM to FUCOMIP, FTST, FXAM, FCMOVcc. */

const x = new Extended();
const y = new Extended();
const unused = new Extended();

/** The order of ST(0) and y, or of an empty register and anything: unordered. */
function orderWithStackCheck(isMissing: boolean, quiet: boolean): number {
  if (isMissing) return stackUnderflow(unused) ? Order.UNORDERED : Order.SUPPRESSED;
  return compare(x, y, quiet);
}

/** True if an unmasked exception keeps the operands on the stack. */
function keepsOperands(): boolean {
  return (unit.raised & ~unit.control & Exception.ALL) !== 0;
}

function finish(state: Int32Array, order: number, pops: number): void {
  commit(state);
  if (order === Order.SUPPRESSED) return;
  commitConditions(state, order);
  if (keepsOperands()) return;
  for (let count = 0; count < pops; count++) pop(state);
}

/** FCOM, FCOMP, FCOMPP, FUCOM, FUCOMP, FUCOMPP with a register. */
function withStack(quiet: boolean, pops: number): SystemProcedure {
  return numeric((_silicon, op, state) => {
    const i = pops === 2 ? 1 : op.stack; // those that pop twice compare with ST(1)
    loadStack(state, 0, x);
    loadStack(state, i, y);
    finish(state, orderWithStackCheck(isEmpty(state, 0) || isEmpty(state, i), quiet), pops);
    return true;
  });
}

function withMemory(source: Source, pops: number): SystemProcedure {
  return numeric((silicon, op, state) => {
    if (!source(silicon, op, y)) return false;
    loadStack(state, 0, x);
    finish(state, orderWithStackCheck(isEmpty(state, 0), false), pops);
    return true;
  });
}

const withZero = numeric((_silicon, _op, state) => {
  loadStack(state, 0, x);
  setZero(y, 0);
  finish(state, orderWithStackCheck(isEmpty(state, 0), false), 0);
  return true;
});

/** FCOMI and its kin: ZF, PF and CF in the places of C3, C2 and C0 (SDM vol. 2, FCOMI). */
function intoFlags(quiet: boolean, pops: number): SystemProcedure {
  return numeric((_silicon, op, state) => {
    loadStack(state, 0, x);
    loadStack(state, op.stack, y);
    const order = orderWithStackCheck(isEmpty(state, 0) || isEmpty(state, op.stack), quiet);
    commit(state);
    if (order === Order.SUPPRESSED) return true;
    const flags = ((order & Status.C3) !== 0 ? Flag.ZF : 0) | ((order & Status.C2) !== 0 ? Flag.PF : 0) | ((order & Status.C0) !== 0 ? Flag.CF : 0);
    storeArithmeticFlags(state, flags);
    if (keepsOperands()) return true;
    for (let count = 0; count < pops; count++) pop(state);
    return true;
  });
}

const examination = numeric((_silicon, _op, state) => {
  loadStack(state, 0, x);
  const sign = x.sign !== 0 ? Status.C1 : 0;
  commitConditions(state, (isEmpty(state, 0) ? EMPTY_CLASS : examine(x)) | sign);
  return true;
});

const tests = (mask: number, expected: boolean) => (state: Int32Array): boolean => ((composeFlags(state) & mask) !== 0) === expected;

export const comparisonProcedures = {
  'fcom-m32': withMemory(single, 0), 'fcom-m64': withMemory(double, 0), 'ficom-m16': withMemory(integer16, 0), 'ficom-m32': withMemory(integer32, 0),
  'fcomp-m32': withMemory(single, 1), 'fcomp-m64': withMemory(double, 1), 'ficomp-m16': withMemory(integer16, 1), 'ficomp-m32': withMemory(integer32, 1),
  fcom: withStack(false, 0), fcomp: withStack(false, 1), fcompp: withStack(false, 2), fucom: withStack(true, 0), fucomp: withStack(true, 1), fucompp: withStack(true, 2),
  fcomi: intoFlags(false, 0), fcomip: intoFlags(false, 1), fucomi: intoFlags(true, 0), fucomip: intoFlags(true, 1),
  ftst: withZero, fxam: examination,
  fcmovb: conditionalMove(tests(Flag.CF, true)), fcmove: conditionalMove(tests(Flag.ZF, true)), fcmovbe: conditionalMove(tests(Flag.CF | Flag.ZF, true)), fcmovu: conditionalMove(tests(Flag.PF, true)),
  fcmovnb: conditionalMove(tests(Flag.CF, false)), fcmovne: conditionalMove(tests(Flag.ZF, false)), fcmovnbe: conditionalMove(tests(Flag.CF | Flag.ZF, false)), fcmovnu: conditionalMove(tests(Flag.PF, false)),
} as const satisfies Record<string, SystemProcedure>;
