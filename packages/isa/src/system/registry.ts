import * as control from './control-registers.js';
import { identify } from './cpuid.js';
import { moveFromDebug, moveToDebug } from './debug.js';
import * as flags from './flag-instructions.js';
import * as frames from './frames.js';
import * as interrupts from './interrupts.js';
import { interruptReturn } from './iret.js';
import * as model from './model-registers.js';
import { passesSensitivity } from './modes.js';
import type { SystemProcedure } from './operands.js';
import * as ports from './ports.js';
import * as queries from './queries.js';
import { returnFar } from './returns.js';
import * as segments from './segments.js';
import * as stores from './stores.js';
import * as tables from './tables.js';
import * as test from './test-registers.js';
import { callFar, jumpFar } from './transfers.js';
import { X87_PROCEDURES } from '../x87/registry.js';

/**
 * The instruction is sensitive but not privileged (encoding/sensitive.ts): on the `sensitiveTraps` machine it faults outside CPL 0.
 */
function sensitive(procedure: SystemProcedure): SystemProcedure {
  return (silicon, op) => passesSensitivity(silicon) && procedure(silicon, op);
}

/** The meaning of every x87 instruction, and of the system instructions that are not recorded (../semantics) in all of their cases, by mnemonic. */
export const SYSTEM_PROCEDURES = {
  int: sensitive(interrupts.interrupt), int3: interrupts.breakpoint, into: interrupts.interruptOnOverflow, int1: interrupts.debugBreakpoint, iret: sensitive(interruptReturn),
  callf: sensitive(callFar), jmpf: sensitive(jumpFar), retf: sensitive(returnFar),
  'load-sreg': sensitive(segments.loadSegmentRegister), 'pop-sreg': sensitive(segments.popSegmentRegister), 'load-far-pointer': sensitive(segments.loadFarPointer),
  sgdt: sensitive(stores.storeGlobalTable), sidt: sensitive(stores.storeInterruptTable), sldt: sensitive(stores.storeLocalTable), str: sensitive(stores.storeTaskRegister),
  smsw: sensitive(stores.storeMachineStatus), 'mov-sreg': sensitive(stores.storeSegmentSelector), 'push-sreg': sensitive(stores.pushSegmentSelector),
  lar: sensitive(queries.loadAccessRights), lsl: sensitive(queries.loadLimit), verr: sensitive(queries.verifyRead), verw: sensitive(queries.verifyWrite),
  arpl: queries.adjustRequestedPrivilege, lldt: segments.loadLocalTable, ltr: segments.loadTaskRegister,
  lgdt: tables.loadGlobalTable, lidt: tables.loadInterruptTable,
  lmsw: control.loadMachineStatus, clts: control.clearTaskSwitched,
  'mov-from-cr': control.moveFromControl, 'mov-to-cr': control.moveToControl, 'mov-from-dr': moveFromDebug, 'mov-to-dr': moveToDebug,
  'mov-from-tr': test.moveFromTest, 'mov-to-tr': test.moveToTest,
  invlpg: control.invalidatePage, wbinvd: control.invalidateCaches, invd: control.invalidateCaches,
  rdmsr: model.readModelRegister, wrmsr: model.writeModelRegister, rdtsc: model.readTimeStamp, rdpmc: model.readPerformanceCounter, cpuid: identify,
  hlt: flags.halt, cli: flags.clearInterruptFlag, sti: flags.setInterruptFlag, popf: sensitive(flags.popFlags), pushf: sensitive(flags.pushFlags),
  in: ports.input, out: ports.output, ins: ports.inputString, outs: ports.outputString,
  enter: frames.enterFrame, bound: frames.checkBounds,
  ...X87_PROCEDURES,
} as const satisfies Record<string, SystemProcedure>;

export type SystemMnemonic = keyof typeof SYSTEM_PROCEDURES;
