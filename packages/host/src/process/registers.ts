import { Flag } from '@ringbench/isa';
import { UserRegister, USER_REGISTERS } from '../abi/ptrace.js';

/** Selectors of a process, as on i386 Linux. */
export const UserSelector = { CODE: 0x73, DATA: 0x7b } as const;
/** The descriptors that set_thread_area gives. */
export const FIRST_THREAD_SEGMENT = 6;
export const THREAD_SEGMENTS = 3;
const USER_LEVEL = 3;
const SELECTOR_SHIFT = 3;
const LOW_WORD = 0xffff;
/** EFLAGS that a process, or who traces it, can set. */
const WRITABLE_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.TF | Flag.DF | Flag.OF | Flag.NT | Flag.RF | Flag.AC | Flag.ID;

/** What PTRACE_GETREGS and a signal frame show of EFLAGS. */
export const userFlags = (flags: number): number => (flags & WRITABLE_FLAGS) | Flag.FIXED | Flag.IF;

/** Registers of a program that begins. */
export function startRegisters(eip: number, esp: number): Int32Array {
  const registers = new Int32Array(USER_REGISTERS);
  registers[UserRegister.EIP] = eip;
  registers[UserRegister.ESP] = esp;
  registers[UserRegister.CS] = UserSelector.CODE;
  for (const segment of [UserRegister.SS, UserRegister.DS, UserRegister.ES]) registers[segment] = UserSelector.DATA;
  registers[UserRegister.EFLAGS] = userFlags(0);
  registers[UserRegister.ORIG_EAX] = -1;
  return registers;
}

const PRESENT = 1 << 15;
const WRITABLE = 1 << 9;
const SEGMENT_REGISTERS = [UserRegister.DS, UserRegister.ES, UserRegister.FS, UserRegister.GS] as const;

/** The upper word of the thread segment that a selector names, 0 for none. */
function threadSegment(selector: number, threadSegments: Int32Array): number {
  const index = (selector >>> SELECTOR_SHIFT) - FIRST_THREAD_SEGMENT;
  const isUsers = (selector & ((1 << SELECTOR_SHIFT) - 1)) === USER_LEVEL;
  return isUsers && index >= 0 && index < THREAD_SEGMENTS ? threadSegments[2 * index + 1] : 0;
}
const isDataSelector = (selector: number, threadSegments: Int32Array): boolean =>
  selector <= USER_LEVEL || selector === UserSelector.DATA || selector === UserSelector.CODE || (threadSegment(selector, threadSegments) & PRESENT) !== 0;
const isStackSelector = (selector: number, threadSegments: Int32Array): boolean => {
  const needed = PRESENT | WRITABLE;
  return selector === UserSelector.DATA || (threadSegment(selector, threadSegments) & needed) === needed;
};

/**
 * Makes selectors ones that a process can have: a tracer or a signal frame may have supplied others, and thread segments go while a register names them. Linux lets
 * such a register become null, or the return to the process fault; the process is no better off either way.
 */
export function settleSelectors(registers: Int32Array, threadSegments: Int32Array): void {
  for (const register of SEGMENT_REGISTERS) {
    registers[register] &= LOW_WORD;
    if (!isDataSelector(registers[register], threadSegments)) registers[register] = 0;
  }
  registers[UserRegister.CS] = UserSelector.CODE;
  registers[UserRegister.SS] &= LOW_WORD;
  if (!isStackSelector(registers[UserRegister.SS], threadSegments)) registers[UserRegister.SS] = UserSelector.DATA;
}

/** Takes registers that a tracer or a signal frame supplies; EFLAGS keeps what is not the process's to change. */
export function takeRegisters(registers: Int32Array, wanted: Int32Array, threadSegments: Int32Array): void {
  registers.set(wanted);
  settleSelectors(registers, threadSegments);
  registers[UserRegister.EFLAGS] = userFlags(wanted[UserRegister.EFLAGS]);
}
