import { CPU_MODELS, modelOf, type CpuModel } from '../cpu-models.js';
import { CR4, Vector, Word } from '../state.js';
import { advance } from './access.js';
import { storeFloat, storePair, timeStamp } from './clock.js';
import { isV386Root, requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { V386Block, V386Msr, V386MsrAccess, V386_REVISION } from './v386-block.js';
import { requestV386Exit, storeField } from './v386-exit.js';

/**
 * Model-specific registers (SDM vol. 4, chapter 2). The APIC and the microcode revision read as zero: there is neither. So do the Pentium's registers of
 * the last machine check, of which there never was one.
 */
export const Msr = { P5_MC_ADDR: 0x0, P5_MC_TYPE: 0x1, TSC: 0x10, APIC_BASE: 0x1b, BIOS_SIGN_ID: 0x8b, SYSENTER_CS: 0x174, SYSENTER_ESP: 0x175, SYSENTER_EIP: 0x176 } as const;

/** Those of each model that has any. */
const REGISTERS: ReadonlyMap<CpuModel, ReadonlySet<number>> = new Map([
  [CPU_MODELS.i586, new Set<number>([Msr.P5_MC_ADDR, Msr.P5_MC_TYPE, Msr.TSC])],
  [CPU_MODELS.i686, new Set<number>([Msr.TSC, Msr.APIC_BASE, Msr.BIOS_SIGN_ID, Msr.SYSENTER_CS, Msr.SYSENTER_ESP, Msr.SYSENTER_EIP])],
]);

/** Names of a model's registers. */
export function modelRegisterNames(model: CpuModel): string[] {
  return Object.entries(Msr).filter(([, index]) => REGISTERS.get(model)?.has(index) === true).map(([name]) => name);
}

/** Whether the processor has a register of this number, those of V386 mode apart. */
function existsOnModel(state: Int32Array, index: number): boolean {
  return REGISTERS.get(modelOf(state))?.has(index) === true;
}

const PAGE_OFFSET = 0xfff;
const PERFORMANCE_COUNTERS = 2;

function isV386Register(index: number): boolean {
  return index === V386Msr.CAPABILITY || index === V386Msr.CONTROL_BLOCK;
}

/** In V386 mode every access exits but one to the mode's own registers, which do not exist there. */
function exitsToHost(silicon: Silicon): boolean {
  return silicon.state[Word.IN_V386] !== 0 && !isV386Register(silicon.state[Word.ECX]);
}

/** RDMSR. */
export function readModelRegister(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  if (exitsToHost(silicon)) return requestV386Exit(silicon, 'msr', op, 0);
  const state = silicon.state;
  const value = modelRegister(silicon, state[Word.ECX]);
  if (value < 0) return silicon.raise(Vector.GP, 0);
  storePair(state, value);
  return advance(silicon, op);
}

/** The register's value, or -1 when there is none of this number. */
function modelRegister(silicon: Silicon, index: number): number {
  const state = silicon.state;
  if (!isV386Register(index) && !existsOnModel(state, index)) return -1;
  switch (index) {
    case Msr.TSC: return timeStamp(silicon);
    case Msr.P5_MC_ADDR: case Msr.P5_MC_TYPE: case Msr.APIC_BASE: case Msr.BIOS_SIGN_ID: return 0;
    case Msr.SYSENTER_CS: return state[Word.SYSENTER_CS] >>> 0;
    case Msr.SYSENTER_ESP: return state[Word.SYSENTER_ESP] >>> 0;
    case Msr.SYSENTER_EIP: return state[Word.SYSENTER_EIP] >>> 0;
    case V386Msr.CAPABILITY: return isV386Root(state) ? V386_REVISION : -1;
    case V386Msr.CONTROL_BLOCK: return isV386Root(state) ? state[Word.V386_BLOCK] >>> 0 : -1;
    default: return -1;
  }
}

/** WRMSR. */
export function writeModelRegister(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  const state = silicon.state;
  if (exitsToHost(silicon)) {
    storeField(silicon, V386Block.EXIT_VALUE, state[Word.EAX]);
    storeField(silicon, V386Block.EXIT_VALUE + 4, state[Word.EDX]);
    return requestV386Exit(silicon, 'msr', op, V386MsrAccess.WRITE);
  }
  if (!storeModelRegister(silicon, state[Word.ECX], state[Word.EAX], state[Word.EDX])) return silicon.raise(Vector.GP, 0);
  return advance(silicon, op);
}

function storeModelRegister(silicon: Silicon, index: number, low: number, high: number): boolean {
  const state = silicon.state;
  if (!isV386Register(index) && !existsOnModel(state, index)) return false;
  switch (index) {
    case Msr.TSC:
      // Only the low word can be written, the high one becomes zero (SDM vol. 3, chapter 17, "Time-Stamp Counter").
      storeFloat(state, Word.TSC_OFFSET, (low >>> 0) - silicon.now());
      return true;
    case Msr.APIC_BASE: return low === 0 && high === 0;
    case Msr.P5_MC_ADDR: case Msr.P5_MC_TYPE: case Msr.BIOS_SIGN_ID: return true;
    case Msr.SYSENTER_CS: state[Word.SYSENTER_CS] = low; return true;
    case Msr.SYSENTER_ESP: state[Word.SYSENTER_ESP] = low; return true;
    case Msr.SYSENTER_EIP: state[Word.SYSENTER_EIP] = low; return true;
    case V386Msr.CONTROL_BLOCK:
      if (!isV386Root(state) || (low & PAGE_OFFSET) !== 0 || high !== 0) return false;
      state[Word.V386_BLOCK] = low;
      return true;
    default: return false;
  }
}

/** RDTSC: CR4.TSD reserves it for CPL 0 (SDM vol. 2). Real mode has CPL 0, virtual-8086 mode 3. */
export function readTimeStamp(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  if ((state[Word.CR4] & CR4.TSD) !== 0 && state[Word.CPL] !== 0) return silicon.raise(Vector.GP, 0);
  storePair(state, timeStamp(silicon));
  return advance(silicon, op);
}

/** RDPMC: two counters that never count. */
export function readPerformanceCounter(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const denied = (state[Word.CR4] & CR4.PCE) === 0 && state[Word.CPL] !== 0;
  if (denied || state[Word.ECX] >>> 0 >= PERFORMANCE_COUNTERS) return silicon.raise(Vector.GP, 0);
  storePair(state, 0);
  return advance(silicon, op);
}
