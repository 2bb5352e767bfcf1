import { Flag } from '@ringbench/isa';
import { UserRegister, X87_IMAGE_BYTES } from '../abi/ptrace.js';
import { ActionFlag, setFromWords, SIGINFO_BYTES, StackFlag, wordsOfSet, writeSignalInfo, type SignalInfo, type SignalSet } from '../abi/signals.js';
import type { Process } from './process.js';
import { takeRegisters, UserSelector, userFlags } from './registers.js';
import type { SignalAction } from './signal-state.js';
import { takeX87Image, x87Image } from './x87-image.js';

/**
 * The frames that Linux puts on the stack of an i386 process for a handler (arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h): `sigframe`, and with SA_SIGINFO
 * `rt_sigframe`. The x87 state lies above either, as FNSAVE stores it, with the magic number that says that there is no more.
 */

const SIGCONTEXT_BYTES = 88;
/** Words of sigcontext. */
const Context = {
  GS: 0, FS: 1, ES: 2, DS: 3, EDI: 4, ESI: 5, EBP: 6, ESP: 7, EBX: 8, EDX: 9, ECX: 10, EAX: 11, TRAP: 12, ERROR: 13, EIP: 14, CS: 15, EFLAGS: 16, ESP_AT_SIGNAL: 17, SS: 18, FPSTATE: 19, MASK: 20, CR2: 21,
} as const;
const SAVED = [
  [Context.GS, UserRegister.GS], [Context.FS, UserRegister.FS], [Context.ES, UserRegister.ES], [Context.DS, UserRegister.DS], [Context.EDI, UserRegister.EDI], [Context.ESI, UserRegister.ESI],
  [Context.EBP, UserRegister.EBP], [Context.ESP, UserRegister.ESP], [Context.EBX, UserRegister.EBX], [Context.EDX, UserRegister.EDX], [Context.ECX, UserRegister.ECX], [Context.EAX, UserRegister.EAX],
  [Context.EIP, UserRegister.EIP], [Context.CS, UserRegister.CS], [Context.EFLAGS, UserRegister.EFLAGS], [Context.SS, UserRegister.SS],
] as const;

/** An unused _fpstate lies within `sigframe`. */
const UNUSED_FPSTATE_BYTES = 624;
/** Byte offsets: return address, signal, sigcontext, the unused state, the upper mask word, code for a return. */
const Plain = { SIGNAL: 4, CONTEXT: 8, MASK: 8 + SIGCONTEXT_BYTES + UNUSED_FPSTATE_BYTES, CODE: 8 + SIGCONTEXT_BYTES + UNUSED_FPSTATE_BYTES + 4, BYTES: 8 + SIGCONTEXT_BYTES + UNUSED_FPSTATE_BYTES + 12 } as const;
/** Return address, signal, pointers to siginfo and ucontext, these two, code. ucontext: flags, link, stack (3 words), sigcontext, mask (2 words). */
const UCONTEXT = 16 + SIGINFO_BYTES;
const CONTEXT_IN_UCONTEXT = 20;
const UCONTEXT_BYTES = CONTEXT_IN_UCONTEXT + SIGCONTEXT_BYTES + 8;
const Full = {
  SIGNAL: 4, INFO_POINTER: 8, UCONTEXT_POINTER: 12, INFO: 16, STACK: UCONTEXT + 8, CONTEXT: UCONTEXT + CONTEXT_IN_UCONTEXT, MASK: UCONTEXT + CONTEXT_IN_UCONTEXT + SIGCONTEXT_BYTES, CODE: UCONTEXT + UCONTEXT_BYTES,
  BYTES: UCONTEXT + UCONTEXT_BYTES + 8,
} as const;
/** POP EAX; MOV EAX, 77h; INT 80h. And MOV EAX, ADh; INT 80h. */
const PLAIN_RETURN = Uint8Array.of(0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80);
const FULL_RETURN = Uint8Array.of(0xb8, 0xad, 0, 0, 0, 0xcd, 0x80, 0);
/** The x87 state: the image, its status word again, and the magic number of a state without more (X86_FXSR_MAGIC is 0). */
const FPSTATE_BYTES = X87_IMAGE_BYTES + 4;
const STATUS_OFFSET = 4;
const NO_EXTENSION = 0xffff0000;
const FPSTATE_ALIGNMENT = 64;
const FRAME_ALIGNMENT = 16;
const alignDown = (address: number, alignment: number): number => address - (address % alignment);

/** Whether a stack pointer is in the stack for handlers. */
export function isOnSignalStack(process: Process, pointer: number): boolean {
  const { stack } = process.signals;
  return stack !== undefined && pointer > stack.pointer && pointer - stack.pointer <= stack.size;
}

function stackTop(process: Process, action: SignalAction): number {
  const pointer = process.registers[UserRegister.ESP] >>> 0;
  const { stack } = process.signals;
  const wantsOther = (action.flags & ActionFlag.ONSTACK) !== 0 && stack !== undefined && !isOnSignalStack(process, pointer);
  return wantsOther ? stack.pointer + stack.size : pointer;
}

function writeContext(view: DataView, at: number, process: Process, fpstate: number, mask: number): void {
  const put = (word: number, value: number): void => view.setInt32(at + 4 * word, value, true);
  for (const [word, register] of SAVED) put(word, process.registers[register]);
  const { vector, errorCode, address } = process.fault;
  put(Context.TRAP, vector);
  put(Context.ERROR, errorCode);
  put(Context.CR2, address);
  put(Context.EFLAGS, userFlags(process.registers[UserRegister.EFLAGS]));
  put(Context.ESP_AT_SIGNAL, process.registers[UserRegister.ESP]);
  put(Context.FPSTATE, fpstate);
  put(Context.MASK, mask);
}

function fpstateBytes(x87: Int32Array): Uint8Array {
  const bytes = new Uint8Array(FPSTATE_BYTES);
  bytes.set(x87Image(x87));
  const view = new DataView(bytes.buffer);
  view.setInt32(X87_IMAGE_BYTES, view.getUint16(STATUS_OFFSET, true) | NO_EXTENSION, true);
  return bytes;
}

/** The frame proper, and what the handler finds in EAX, EDX, ECX. */
function compose(process: Process, info: SignalInfo, action: SignalAction, mask: SignalSet, frame: number, fpstate: number): { readonly bytes: Uint8Array; readonly edx: number; readonly ecx: number } {
  const isFull = (action.flags & ActionFlag.SIGINFO) !== 0;
  const bytes = new Uint8Array(isFull ? Full.BYTES : Plain.BYTES);
  const view = new DataView(bytes.buffer);
  const [low, high] = wordsOfSet(mask);
  const code = frame + (isFull ? Full.CODE : Plain.CODE);
  view.setInt32(0, (action.flags & ActionFlag.RESTORER) !== 0 ? action.restorer : code, true);
  bytes.set(isFull ? FULL_RETURN : PLAIN_RETURN, code - frame);
  view.setInt32(Plain.SIGNAL, info.signal, true);
  if (!isFull) {
    writeContext(view, Plain.CONTEXT, process, fpstate, low);
    view.setInt32(Plain.MASK, high, true);
    return { bytes, edx: 0, ecx: 0 };
  }
  view.setInt32(Full.INFO_POINTER, frame + Full.INFO, true);
  view.setInt32(Full.UCONTEXT_POINTER, frame + UCONTEXT, true);
  bytes.set(writeSignalInfo(info), Full.INFO);
  const { stack } = process.signals;
  const words = [stack?.pointer ?? 0, stack === undefined ? StackFlag.DISABLE : 0, stack?.size ?? 0];
  words.forEach((word, index) => view.setInt32(Full.STACK + 4 * index, word, true));
  writeContext(view, Full.CONTEXT, process, fpstate, low);
  view.setInt32(Full.MASK, low, true);
  view.setInt32(Full.MASK + 4, high, true);
  return { bytes, edx: frame + Full.INFO, ecx: frame + UCONTEXT };
}

/** Has the process go on in its handler. False when the frame has no room: the process cannot go on at all. */
export function enterHandler(process: Process, info: SignalInfo, action: SignalAction, mask: SignalSet, x87: Int32Array): boolean {
  const { registers, space } = process;
  const size = (action.flags & ActionFlag.SIGINFO) !== 0 ? Full.BYTES : Plain.BYTES;
  const fpstate = alignDown(stackTop(process, action) - FPSTATE_BYTES, FPSTATE_ALIGNMENT);
  // The handler finds its stack as after a call: aligned but for the return address.
  const frame = alignDown(fpstate - size + 4, FRAME_ALIGNMENT) - 4;
  if (frame < 0) return false;
  const { bytes, edx, ecx } = compose(process, info, action, mask, frame, fpstate);
  if (!space.writeBytes(fpstate, fpstateBytes(x87)) || !space.writeBytes(frame, bytes)) return false;
  registers[UserRegister.ESP] = frame;
  registers[UserRegister.EIP] = action.handler;
  registers[UserRegister.EAX] = info.signal;
  registers[UserRegister.EDX] = edx;
  registers[UserRegister.ECX] = ecx;
  registers[UserRegister.CS] = UserSelector.CODE;
  for (const segment of [UserRegister.DS, UserRegister.ES, UserRegister.SS]) registers[segment] = UserSelector.DATA;
  registers[UserRegister.EFLAGS] &= ~(Flag.DF | Flag.RF | Flag.TF);
  return true;
}

/** What a return from a handler brings back. */
export interface FrameContents {
  readonly mask: SignalSet;
  /** Of `rt_sigframe`: pointer, flags, size. */
  readonly stack: readonly [pointer: number, flags: number, size: number] | undefined;
}

/** sigreturn and rt_sigreturn: takes registers and x87 state from the frame. Undefined when it cannot be read. */
export function returnFromHandler(process: Process, isFull: boolean, x87: Int32Array): FrameContents | undefined {
  const { registers, space } = process;
  const pointer = registers[UserRegister.ESP] >>> 0;
  // The handler's return popped the return address; the code in the frame, or a restorer, popped the signal, too.
  const frame = pointer - (isFull ? 4 : 8);
  const bytes = frame < 0 ? undefined : space.readBytes(frame, isFull ? Full.BYTES : Plain.BYTES);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  const context = isFull ? Full.CONTEXT : Plain.CONTEXT;
  const word = (index: number): number => view.getInt32(context + 4 * index, true);
  const wanted = registers.slice();
  for (const [from, to] of SAVED) wanted[to] = word(from);
  wanted[UserRegister.ORIG_EAX] = -1;
  const fpstate = word(Context.FPSTATE) >>> 0;
  if (fpstate !== 0) {
    const image = space.readBytes(fpstate, X87_IMAGE_BYTES);
    if (image === undefined) return undefined;
    takeX87Image(x87, image);
  }
  takeRegisters(registers, wanted, process.threadSegments);
  if (!isFull) return { mask: setFromWords(word(Context.MASK), view.getInt32(Plain.MASK, true)), stack: undefined };
  const stackWord = (index: number): number => view.getInt32(Full.STACK + 4 * index, true);
  return { mask: setFromWords(view.getInt32(Full.MASK, true), view.getInt32(Full.MASK + 4, true)), stack: [stackWord(0) >>> 0, stackWord(1), stackWord(2) >>> 0] };
}
