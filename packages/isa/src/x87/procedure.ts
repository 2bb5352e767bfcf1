import { CR0, Feature, Segment, Vector, Word } from '../state.js';
import { advance } from '../system/access.js';
import type { SystemOperands, SystemProcedure } from '../system/operands.js';
import type { Silicon } from '../system/silicon.js';
import { unit } from './extended.js';
import { Status } from './words.js';

/** What surrounds every x87 instruction: availability, pending exceptions, pointers to the instruction and its operand. */

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { CR0: CR0_WORD, EIP, FEATURES, SELECTOR, X87_CONTROL, X87_FCS, X87_FDP, X87_FDS, X87_FIP, X87_FOP, X87_STATUS } = Word;
const CODE_SELECTOR = SELECTOR + Segment.CS;
const UNAVAILABLE = CR0.EM | CR0.TS;

/** The instruction's own part. False: a memory operand faulted, and nothing may have changed. */
export type Body = (silicon: Silicon, op: SystemOperands, state: Int32Array) => boolean;

/** What is to be done about an instruction before its own part. */
const Start = { GO: 0, COMPLETED: 1, FAULTED: 2 } as const;

/**
 * An ESC instruction is #NM while CR0.EM or CR0.TS is set. A processor without x87 otherwise ignores it, as a 486SX without coprocessor: memory and
 * registers stay as they are, which is how programs find out (they look for a status word that FNSTSW has not stored).
 */
function checkAvailable(silicon: Silicon, op: SystemOperands): number {
  const { state } = silicon;
  if ((state[CR0_WORD] & UNAVAILABLE) !== 0) {
    silicon.raise(Vector.NM, 0);
    return Start.FAULTED;
  }
  if ((state[FEATURES] & Feature.FPU) !== 0) return Start.GO;
  advance(silicon, op);
  return Start.COMPLETED;
}

/**
 * An unmasked exception is pending. With CR0.NE it is #MF. Without, the processor asserts FERR# and stops until an interrupt comes, unless
 * IGNNE# is asserted (SDM vol. 1, appendix D): the instruction stays where it is and is tried again.
 */
function reportPending(silicon: Silicon): number {
  if ((silicon.state[CR0_WORD] & CR0.NE) !== 0) {
    silicon.raise(Vector.MF, 0);
    return Start.FAULTED;
  }
  const ignored = silicon.floatingPointError === undefined || silicon.floatingPointError();
  return ignored ? Start.GO : Start.COMPLETED;
}

function runBody(silicon: Silicon, op: SystemOperands, body: Body): boolean {
  const { state } = silicon;
  unit.control = state[X87_CONTROL];
  unit.raised = 0;
  unit.roundedUp = 0;
  if (!body(silicon, op, state)) return false;
  state[X87_FIP] = state[EIP];
  state[X87_FCS] = state[CODE_SELECTOR];
  state[X87_FOP] = op.escape;
  if (op.memory) {
    state[X87_FDP] = op.offset;
    state[X87_FDS] = state[SELECTOR + op.segment];
  }
  state[EIP] = op.nextEip;
  return true;
}

/** A numeric instruction: reports a pending exception first, and leaves its address and its operand's in the pointers. */
export function numeric(body: Body): SystemProcedure {
  return (silicon, op) => {
    const { state } = silicon;
    const isReady = (state[CR0_WORD] & UNAVAILABLE) === 0 && (state[FEATURES] & Feature.FPU) !== 0 && (state[X87_STATUS] & Status.ERROR_SUMMARY) === 0;
    if (!isReady) {
      let start = checkAvailable(silicon, op);
      if (start === Start.GO && (state[X87_STATUS] & Status.ERROR_SUMMARY) !== 0) start = reportPending(silicon);
      if (start !== Start.GO) return start === Start.COMPLETED;
    }
    return runBody(silicon, op, body);
  };
}

/** A control instruction: leaves the pointers alone; `waits`: reports a pending exception first. */
export function control(waits: boolean, body: Body): SystemProcedure {
  return (silicon, op) => {
    let start = checkAvailable(silicon, op);
    if (start === Start.GO && waits && (silicon.state[X87_STATUS] & Status.ERROR_SUMMARY) !== 0) start = reportPending(silicon);
    if (start !== Start.GO) return start === Start.COMPLETED;
    return body(silicon, op, silicon.state) && advance(silicon, op);
  };
}

/** FWAIT with an exception pending; its recorded semantics settle the rest. */
export function waitForException(silicon: Silicon, op: SystemOperands): boolean {
  if ((silicon.state[X87_STATUS] & Status.ERROR_SUMMARY) === 0) return advance(silicon, op);
  const start = reportPending(silicon);
  return start === Start.GO ? advance(silicon, op) : start === Start.COMPLETED;
}
