import { Debug7, Flag, Vector, VECTORS_WITH_ERROR_CODE, Word } from '../state.js';
import { eventIndex } from '../events.js';
import { GENERAL_DETECT } from './debug.js';
import { isProtected } from './modes.js';
import { deliverEvent, Resumption } from './interrupts.js';
import type { Silicon } from './silicon.js';
import { Shutdown, SHUTDOWN_REASONS, V386Event, V386Block } from './v386-block.js';
import { exitV386, exitV386WithNumber } from './v386-exit.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { DR, EIP, FLAG_SYSTEM, IN_V386, NMI_BLOCKED, V386_BLOCK } = Word;

const EXCEPTION_EVENTS = Array.from({ length: 32 }, (_, vector) => eventIndex(`exception.${vector}`));
const INTERRUPT_HARDWARE = eventIndex('interrupt.hardware');
/**
 * Faults that one delivery may meet. Benign ones are handled one after the other (SDM vol. 3, table 6-5), so that an #AC whose frame is misaligned on a stack of
 * ring 3 meets itself for ever, and no processor comes out of it; what does end, ends after a few.
 */
const MOST_FAULTS_OF_A_DELIVERY = 256;
/** No fault came before: what is delivered is an interrupt or the first fault. */
const NONE = -1;

function vectorSet(...vectors: number[]): number {
  return vectors.reduce((set, vector) => set | (1 << vector), 0);
}

function isIn(set: number, vector: number): boolean {
  return vector >= 0 && vector < 32 && ((set >>> vector) & 1) !== 0;
}

const HAS_ERROR_CODE = vectorSet(...VECTORS_WITH_ERROR_CODE);
/** True for the vectors whose frames carry an error code in protected mode. */
export function pushesErrorCode(vector: number): boolean {
  return isIn(HAS_ERROR_CODE, vector);
}

/** SDM vol. 3, table 6-4. */
const CONTRIBUTORY = vectorSet(Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP);
/** Traps, aborts and interrupts: the others are faults, whose EFLAGS image has RF set so that the restart skips instruction breakpoints (SDM vol. 3, 17.3.1.1). */
const NOT_RESUMED = vectorSet(Vector.DB, Vector.NMI, Vector.BP, Vector.OF, Vector.DF);

/** SDM vol. 3, table 6-5: does fault `second`, met while delivering `first`, make a double fault? */
export function isDoubleFault(first: number, second: number): boolean {
  if (isIn(CONTRIBUTORY, first)) return isIn(CONTRIBUTORY, second);
  return first === Vector.PF && (second === Vector.PF || isIn(CONTRIBUTORY, second));
}

/** The same while delivering #DF: shutdown. */
export function isTripleFault(first: number, second: number): boolean {
  return first === Vector.DF && (second === Vector.PF || isIn(CONTRIBUTORY, second));
}

/** True when an interrupt from the pin may be taken at this boundary, interrupt shadow apart. In V386 mode the guest's IF is irrelevant: the interrupt exits. */
export function canTakeInterrupt(silicon: Silicon): boolean {
  return silicon.state[IN_V386] !== 0 || (silicon.state[FLAG_SYSTEM] & Flag.IF) !== 0;
}

/**
 * Delivers a recorded fault or a trap: EIP in the state is pushed. Nested faults are resolved here; the last resort is shutdown, or an exit from
 * V386 mode. A recorded `Vector.V3` is a V386 exit whose reason number is the error code. Returns false only after a processor shutdown.
 */
export function deliverFault(silicon: Silicon, vector: number, errorCode: number): boolean {
  return deliverFrom(silicon, NONE, vector, errorCode);
}

function deliverFrom(silicon: Silicon, before: number, vector: number, errorCode: number): boolean {
  const state = silicon.state;
  let first = before;
  let next = vector;
  let code = errorCode;
  for (let met = 0; met < MOST_FAULTS_OF_A_DELIVERY; met++) {
    silicon.clearFault();
    if (next === Vector.V3 && state[IN_V386] !== 0) return exitV386WithNumber(silicon, code);
    if (isTripleFault(first, next)) return giveUp(silicon, Shutdown.TRIPLE_FAULT);
    if (isDoubleFault(first, next)) {
      next = Vector.DF;
      code = 0;
    }
    if (deliverException(silicon, next, code)) return true;
    recordVectoring(silicon, next, code);
    first = next;
    next = silicon.faultVector;
    code = silicon.faultErrorCode;
  }
  silicon.clearFault();
  return giveUp(silicon, Shutdown.ENDLESS_DELIVERY);
}

function deliverException(silicon: Silicon, vector: number, errorCode: number): boolean {
  const state = silicon.state;
  const hasErrorCode = pushesErrorCode(vector) && isProtected(state);
  // Of the debug exceptions one is a fault like others: the use of a debug register that GD guards.
  const isFault = !isIn(NOT_RESUMED, vector) || (vector === Vector.DB && errorCode === GENERAL_DETECT);
  if (!deliverEvent(silicon, vector, false, true, hasErrorCode, errorCode, state[EIP], isFault ? Resumption.SET : Resumption.KEPT)) return false;
  // The debug handler may itself use the debug registers (SDM vol. 3, 17.2.4).
  if (vector === Vector.DB) state[DR + 7] &= ~Debug7.GD;
  // SDM vol. 3, 6.7.1: until the next IRET.
  if (vector === Vector.NMI) state[NMI_BLOCKED] = 1;
  silicon.count(EXCEPTION_EVENTS[vector]);
  return true;
}

/** In V386 mode an exit may cut a delivery short: software finds the event in the control block and injects it again. */
function recordVectoring(silicon: Silicon, vector: number, errorCode: number): void {
  const state = silicon.state;
  if (state[IN_V386] === 0 || silicon.faultVector !== Vector.V3) return;
  const hasErrorCode = pushesErrorCode(vector) && isProtected(state);
  writeVectoring(silicon, vector | V386Event.VALID | V386Event.EXCEPTION | (hasErrorCode ? V386Event.HAS_ERROR_CODE : 0), errorCode);
}

function writeVectoring(silicon: Silicon, event: number, errorCode: number): void {
  const block = silicon.state[V386_BLOCK];
  silicon.storePhysical(block + V386Block.VECTORING_EVENT, event);
  silicon.storePhysical(block + V386Block.VECTORING_ERROR_CODE, errorCode);
}

/** Shutdown, of the guest alone in V386 mode. */
function giveUp(silicon: Silicon, cause: (typeof Shutdown)[keyof typeof Shutdown]): boolean {
  if (silicon.state[IN_V386] !== 0) return exitV386(silicon, 'shutdown', cause);
  silicon.shutdown(SHUTDOWN_REASONS[cause]);
  return false;
}

/** Takes an interrupt that the caller acknowledged; the driver asks `canTakeInterrupt` first and, in V386 mode, calls `exitV386(silicon, 'interrupt')` instead. */
export function deliverHardwareInterrupt(silicon: Silicon, vector: number): boolean {
  return deliverInterrupt(silicon, vector, true);
}

/** An external interrupt, from the pin or injected by a V386 entry. False only after a processor shutdown. */
export function deliverInterrupt(silicon: Silicon, vector: number, fromPin: boolean): boolean {
  if (deliverEvent(silicon, vector, false, true, false, 0, silicon.state[EIP], Resumption.KEPT)) {
    if (fromPin) silicon.count(INTERRUPT_HARDWARE);
    return true;
  }
  if (silicon.state[IN_V386] !== 0 && silicon.faultVector === Vector.V3) writeVectoring(silicon, vector | V386Event.VALID, 0);
  return deliverFrom(silicon, NONE, silicon.faultVector, silicon.faultErrorCode);
}
