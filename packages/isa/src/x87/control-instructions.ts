import { CR0, Register, Vector, Word } from '../state.js';
import { loadSegmented, storeSegmented } from '../system/access.js';
import type { SystemProcedure } from '../system/operands.js';
import { loadEnvironment, restoreState, saveState, storeEnvironment } from './environment.js';
import * as fastSave from './fast-save.js';
import { control, numeric, waitForException } from './procedure.js';
import { commit } from './stack.js';
import { REGISTERS, composeStatus, resetX87, storeControl } from './words.js';

/** Instructions about the unit itself. */

const LOW_WORD = 0xffff;
/** FNCLEX clears the exception flags, SF, ES and B (SDM vol. 2, FCLEX). */
const EXCEPTION_FLAGS = 0xff;

const clearExceptions = control(false, (_silicon, _op, state) => {
  state[Word.X87_STATUS] &= ~EXCEPTION_FLAGS;
  return true;
});

/** FDECSTP and FINCSTP clear C1. */
function rotate(by: number): SystemProcedure {
  return numeric((_silicon, _op, state) => {
    state[Word.X87_TOP] = (state[Word.X87_TOP] + by) & (REGISTERS - 1);
    commit(state);
    return true;
  });
}

/** FXSAVE and FXRSTOR are #NM under the same conditions as the others. */
function whenAvailable(procedure: SystemProcedure): SystemProcedure {
  return (silicon, op) => ((silicon.state[Word.CR0] & (CR0.EM | CR0.TS)) !== 0 ? silicon.raise(Vector.NM, 0) : procedure(silicon, op));
}

/** FNENI, FNDISI and FNSETPM meant something to the 8087 and the 80287. */
const nothing = control(false, () => true);

export const controlProcedures = {
  fninit: control(false, (_silicon, _op, state) => {
    resetX87(state);
    return true;
  }),
  fnclex: clearExceptions, fneni: nothing, fndisi: nothing, fnsetpm: nothing,
  fldcw: control(true, (silicon, op, state) => {
    const image = loadSegmented(silicon, op.segment, op.offset, 2);
    if (silicon.faulted) return false;
    storeControl(state, image);
    return true;
  }),
  fnstcw: control(false, (silicon, op, state) => storeSegmented(silicon, op.segment, op.offset, 2, state[Word.X87_CONTROL])),
  'fnstsw-m16': control(false, (silicon, op, state) => storeSegmented(silicon, op.segment, op.offset, 2, composeStatus(state))),
  fnstsw: control(false, (_silicon, _op, state) => {
    state[Register.EAX] = (state[Register.EAX] & ~LOW_WORD) | composeStatus(state);
    return true;
  }),
  fldenv: control(true, loadEnvironment), fnstenv: control(false, storeEnvironment), frstor: control(true, restoreState), fnsave: control(false, saveState),
  fxsave: whenAvailable(fastSave.save), fxrstor: whenAvailable(fastSave.restore),
  fincstp: rotate(1), fdecstp: rotate(-1), fnop: numeric(() => true), fwait: waitForException,
} as const satisfies Record<string, SystemProcedure>;
