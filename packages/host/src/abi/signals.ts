/** Signals of the Linux i386 ABI (asm/signal.h, asm-generic/siginfo.h). */
export const Signal = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, STKFLT: 16, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22,
  URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, PWR: 30, SYS: 31,
} as const;
export const SIGNALS = 64;

/** A set of signals, bit n - 1 for signal n. */
export type SignalSet = bigint;
export const NO_SIGNALS: SignalSet = 0n;
export const signalBit = (signal: number): SignalSet => 1n << BigInt(signal - 1);
/** Neither caught, blocked nor ignored. */
export const UNBLOCKABLE: SignalSet = signalBit(Signal.KILL) | signalBit(Signal.STOP);
/** Raised by an instruction; taken before others, and fatal if blocked. */
export const SYNCHRONOUS: SignalSet = [Signal.SEGV, Signal.BUS, Signal.ILL, Signal.TRAP, Signal.FPE, Signal.SYS].map(signalBit).reduce((all, bit) => all | bit);
const WORD_BITS = 32n;
export const setFromWords = (low: number, high: number): SignalSet => BigInt(low >>> 0) | (BigInt(high >>> 0) << WORD_BITS);
export const wordsOfSet = (set: SignalSet): readonly [low: number, high: number] => [Number(BigInt.asIntN(32, set)), Number(BigInt.asIntN(32, set >> WORD_BITS))];

/** What a signal without a handler does. */
export type DefaultAction = 'terminate' | 'ignore' | 'stop' | 'continue';
const IGNORED: readonly number[] = [Signal.CHLD, Signal.URG, Signal.WINCH];
const STOPPING: readonly number[] = [Signal.STOP, Signal.TSTP, Signal.TTIN, Signal.TTOU];
export function defaultAction(signal: number): DefaultAction {
  if (IGNORED.includes(signal)) return 'ignore';
  if (signal === Signal.CONT) return 'continue';
  return STOPPING.includes(signal) ? 'stop' : 'terminate';
}

export const SIG_DEFAULT = 0;
export const SIG_IGNORE = 1;
export const ActionFlag = { NOCLDSTOP: 1, NOCLDWAIT: 2, SIGINFO: 4, RESTORER: 0x04000000, ONSTACK: 0x08000000, RESTART: 0x10000000, NODEFER: 0x40000000, RESETHAND: 0x80000000 | 0 } as const;
/** How sigprocmask changes the mask. */
export const MaskChange = { BLOCK: 0, UNBLOCK: 1, SET: 2 } as const;
export const StackFlag = { ON_STACK: 1, DISABLE: 2 } as const;
export const LEAST_SIGNAL_STACK = 2048;

/** si_code: who raised it. */
export const SignalCode = {
  USER: 0, KERNEL: 0x80, TIMER: -2, TKILL: -6, POLL_IN: 1,
  DIVIDE: 1, OPCODE: 2, MAP_ERROR: 1, ACCESS_ERROR: 2, ALIGNMENT: 1, BEYOND_FILE: 2, BREAKPOINT: 1, TRACE: 2,
  EXITED: 1, KILLED: 2, TRAPPED: 4, STOPPED: 5,
} as const;

/** A signal on its way, with what siginfo_t says of it: si_signo, si_code and the words of its union. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  /** The words behind si_code: an address; or process id, user id, status; or timer id, overrun, value. */
  readonly words: readonly number[];
}
export const SIGINFO_BYTES = 128;

/** siginfo_t as a program finds it. */
export function writeSignalInfo(info: SignalInfo): Uint8Array {
  const words = new Int32Array(SIGINFO_BYTES / Int32Array.BYTES_PER_ELEMENT);
  words.set([info.signal, 0, info.code, ...info.words]);
  return new Uint8Array(words.buffer);
}
