import { ErrorNumber, Restart } from '../abi/errors.js';
import { UserRegister } from '../abi/ptrace.js';
import { LEAST_SIGNAL_STACK, MaskChange, setFromWords, SIGNALS, Signal, StackFlag, UNBLOCKABLE, wordsOfSet, type SignalSet } from '../abi/signals.js';
import type { Process } from '../process/process.js';
import { isOnSignalStack, returnFromHandler } from '../process/signal-frames.js';
import { fromKernel, fromProcess } from '../process/signals.js';
import type { CallAnswer } from '../process/runner.js';
import { loadWords, storeWords, type Call, type CallServices } from './call.js';

/** Bytes of a signal set of the ABI with 64 signals. */
const SET_BYTES = 8;
const stored = (done: boolean): number => (done ? 0 : -ErrorNumber.FAULT);
const isSignal = (signal: number): boolean => signal > 0 && signal <= SIGNALS;

/** Words of both forms of struct sigaction: handler, then mask, flags, restorer; or handler, flags, restorer, mask. */
type ActionForm = 'old' | 'rt';
const ACTION_WORDS = { old: 4, rt: 5 } as const;

function action(process: Process, form: ActionForm, [signal, at, old]: readonly [number, number, number]): number {
  if (!isSignal(signal) || (at !== 0 && (signal === Signal.KILL || signal === Signal.STOP))) return -ErrorNumber.INVAL;
  const { actions } = process.signals;
  const before = actions.get(signal);
  if (at !== 0) {
    const words = loadWords(process, at, ACTION_WORDS[form]);
    if (words === undefined) return -ErrorNumber.FAULT;
    const [flags, restorer, mask] = form === 'rt' ? [words[1], words[2], setFromWords(words[3], words[4])] : [words[2], words[3], setFromWords(words[1], 0)];
    actions.set(signal, { handler: words[0] >>> 0, flags, restorer: restorer >>> 0, mask: mask & ~UNBLOCKABLE });
  }
  if (old === 0) return 0;
  const mask = wordsOfSet(before.mask);
  return stored(storeWords(process, old, form === 'rt' ? [before.handler, before.flags, before.restorer, ...mask] : [before.handler, mask[0], before.flags, before.restorer]));
}

function changeMask(process: Process, how: number, set: SignalSet): number {
  const { signals } = process;
  if (how === MaskChange.BLOCK) signals.blocked |= set & ~UNBLOCKABLE;
  else if (how === MaskChange.UNBLOCK) signals.blocked &= ~set;
  else if (how === MaskChange.SET) signals.blocked = set & ~UNBLOCKABLE;
  else return -ErrorNumber.INVAL;
  return 0;
}

function mask(process: Process, words: 1 | 2, [how, set, old]: readonly [number, number, number]): number {
  const before = wordsOfSet(process.signals.blocked);
  if (set !== 0) {
    const given = loadWords(process, set, words);
    if (given === undefined) return -ErrorNumber.FAULT;
    // The old call leaves the signals beyond 32 as they are.
    const upper = words === 2 ? given[1] : how === MaskChange.SET ? before[1] : 0;
    const error = changeMask(process, how, setFromWords(given[0], upper));
    if (error !== 0) return error;
  }
  return old === 0 ? 0 : stored(storeWords(process, old, before.slice(0, words)));
}

function suspend(process: Process, set: SignalSet): CallAnswer {
  const { signals } = process;
  signals.saved = signals.blocked;
  signals.blocked = set & ~UNBLOCKABLE;
  return { attempt: () => undefined, interrupted: Restart.NO_HANDLER };
}

function signalReturn({ userMode, processes }: CallServices, process: Process, isFull: boolean): number {
  const { registers, signals } = process;
  const contents = returnFromHandler(process, isFull, userMode.takeX87(process));
  if (contents === undefined) {
    processes.signals.force(process, fromKernel(Signal.SEGV));
    return 0;
  }
  signals.blocked = contents.mask & ~UNBLOCKABLE;
  if (contents.stack !== undefined && (contents.stack[1] & StackFlag.ON_STACK) === 0) setStack(process, contents.stack);
  return registers[UserRegister.EAX];
}

function setStack(process: Process, [pointer, flags, size]: readonly [number, number, number]): number {
  if ((flags & ~(StackFlag.ON_STACK | StackFlag.DISABLE)) !== 0) return -ErrorNumber.INVAL;
  const isOff = (flags & StackFlag.DISABLE) !== 0;
  if (!isOff && size < LEAST_SIGNAL_STACK) return -ErrorNumber.NOMEM;
  process.signals.stack = isOff ? undefined : { pointer, size, flags: 0 };
  return 0;
}

const alternateStack: Call = (_services, process, [at, old]) => {
  const { stack } = process.signals;
  const isOn = isOnSignalStack(process, process.registers[UserRegister.ESP] >>> 0);
  if (at !== 0) {
    const words = loadWords(process, at, 3);
    if (words === undefined) return -ErrorNumber.FAULT;
    if (isOn) return -ErrorNumber.PERM;
    const error = setStack(process, [words[0] >>> 0, words[1], words[2] >>> 0]);
    if (error !== 0) return error;
  }
  return old === 0 ? 0 : stored(storeWords(process, old, [stack?.pointer ?? 0, stack === undefined ? StackFlag.DISABLE : isOn ? StackFlag.ON_STACK : 0, stack?.size ?? 0]));
};

function kill({ processes }: CallServices, process: Process, id: number, signal: number): number {
  const target = processes.find(id);
  if (signal !== 0 && !isSignal(signal)) return -ErrorNumber.INVAL;
  if (target === undefined) return -ErrorNumber.SRCH;
  if (signal !== 0) processes.signals.raise(target, fromProcess(signal, process));
  return 0;
}

export const signalCalls = {
  sigaction: (_services, process, [signal, at, old]) => action(process, 'old', [signal, at, old]),
  'rt-sigaction': (_services, process, [signal, at, old, bytes]) => (bytes === SET_BYTES ? action(process, 'rt', [signal, at, old]) : -ErrorNumber.INVAL),
  sigprocmask: (_services, process, [how, set, old]) => mask(process, 1, [how, set, old]),
  'rt-sigprocmask': (_services, process, [how, set, old, bytes]) => (bytes === SET_BYTES ? mask(process, 2, [how, set, old]) : -ErrorNumber.INVAL),
  'rt-sigpending': (_services, process, [at]) => stored(storeWords(process, at, wordsOfSet(process.signals.pending & process.signals.blocked))),
  // The mask is the third parameter of the old call.
  sigsuspend: (_services, process, [, , set]) => suspend(process, setFromWords(set, 0)),
  'rt-sigsuspend': (_services, process, [at, bytes]) => {
    const words = loadWords(process, at, 2);
    if (bytes !== SET_BYTES) return -ErrorNumber.INVAL;
    return words === undefined ? -ErrorNumber.FAULT : suspend(process, setFromWords(words[0], words[1]));
  },
  pause: () => ({ attempt: () => undefined, interrupted: Restart.NO_HANDLER }),
  sigreturn: (services, process) => signalReturn(services, process, false),
  'rt-sigreturn': (services, process) => signalReturn(services, process, true),
  sigaltstack: alternateStack,
  kill: (services, process, [id, signal]) => kill(services, process, id, signal),
  tkill: (services, process, [id, signal]) => kill(services, process, id, signal),
  tgkill: (services, process, [, id, signal]) => kill(services, process, id, signal),
} as const satisfies Readonly<Record<string, Call>>;
