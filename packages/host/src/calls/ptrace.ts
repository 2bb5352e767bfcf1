import { ErrorNumber } from '../abi/errors.js';
import { PTRACE_REQUESTS, RegisterSet, TraceOption, USER_REGISTERS, UserRegister, X87_IMAGE_BYTES, type PtraceRequest } from '../abi/ptrace.js';
import { Signal, SignalCode, SIGNALS, writeSignalInfo } from '../abi/signals.js';
import { SpaceFile } from '../files/space-file.js';
import type { Process, TraceMode, Tracing } from '../process/process.js';
import { takeRegisters, userFlags } from '../process/registers.js';
import { takeX87Image, x87Image } from '../process/x87-image.js';
import { loadWords, storeWords, type Call, type CallServices } from './call.js';
import { describeSegment, setSegment, USER_DESCRIPTOR_WORDS } from './thread-segments.js';

const WORD_BYTES = 4;
const requests: Readonly<Record<number, PtraceRequest | undefined>> = PTRACE_REQUESTS;
const stored = (done: boolean): number => (done ? 0 : -ErrorNumber.FAULT);

/** A request, with the tracer, the stopped process, and the parameters `addr` and `data`. */
interface Request {
  readonly services: CallServices;
  readonly tracer: Process;
  readonly process: Process;
  readonly tracing: Tracing;
  readonly address: number;
  readonly data: number;
}

/** Lets the process go on; `data` is the signal that it gets. */
const resume = (mode: TraceMode) => ({ services, process, tracing, data }: Request): number => {
  if (data < 0 || data > SIGNALS) return -ErrorNumber.IO;
  tracing.mode = mode;
  tracing.resumedWith = data;
  tracing.untold = undefined;
  process.state = 'alive';
  services.processes.wake(process);
  return 0;
};

const peekText = ({ tracer, process, address, data }: Request): number => {
  const words = loadWords(process, address, 1);
  return words === undefined ? -ErrorNumber.IO : stored(storeWords(tracer, data, [words[0]]));
};
const pokeText = ({ process, address, data }: Request): number => (process.space.pokeWord(address >>> 0, data) ? 0 : -ErrorNumber.IO);

/** The word of user_regs_struct at a byte offset, or undefined. */
const registerAt = (offset: number): number | undefined => (offset % WORD_BYTES === 0 && offset >= 0 && offset < USER_REGISTERS * WORD_BYTES ? offset / WORD_BYTES : undefined);

const peekUser = ({ tracer, process, address, data }: Request): number => {
  const register = registerAt(address);
  return register === undefined ? -ErrorNumber.IO : stored(storeWords(tracer, data, [process.registers[register]]));
};
const pokeUser = ({ process, address, data }: Request): number => {
  const register = registerAt(address);
  if (register === undefined) return -ErrorNumber.IO;
  const wanted = process.registers.slice();
  wanted[register] = data;
  takeRegisters(process.registers, wanted, process.threadSegments);
  return 0;
};

const getRegisters = ({ tracer, process, data }: Request): number => {
  const words = [...process.registers];
  words[UserRegister.EFLAGS] = userFlags(words[UserRegister.EFLAGS]);
  return stored(storeWords(tracer, data, words));
};
const setRegisters = ({ tracer, process, data }: Request): number => {
  const words = loadWords(tracer, data, USER_REGISTERS);
  if (words === undefined) return -ErrorNumber.FAULT;
  takeRegisters(process.registers, words, process.threadSegments);
  return 0;
};
const getX87 = ({ services, tracer, process, data }: Request): number => stored(tracer.space.writeBytes(data >>> 0, x87Image(services.userMode.takeX87(process))));
const setX87 = ({ services, tracer, process, data }: Request): number => {
  const bytes = tracer.space.readBytes(data >>> 0, X87_IMAGE_BYTES);
  if (bytes === undefined) return -ErrorNumber.FAULT;
  takeX87Image(services.userMode.takeX87(process), bytes);
  return 0;
};

/** Sets of registers by number, with the place for them as an iovec, whose length becomes what was moved. */
const registerSet = (isWritten: boolean) => (request: Request): number => {
  const { tracer, address, data } = request;
  const vector = loadWords(tracer, data, 2);
  if (vector === undefined) return -ErrorNumber.FAULT;
  const size = address === RegisterSet.X87 ? X87_IMAGE_BYTES : address === RegisterSet.GENERAL ? USER_REGISTERS * WORD_BYTES : undefined;
  // A part of a set is nobody's wish here.
  if (size === undefined || vector[1] >>> 0 < size) return -ErrorNumber.INVAL;
  const moves = address === RegisterSet.X87 ? { get: getX87, set: setX87 } : { get: getRegisters, set: setRegisters };
  const answer = (isWritten ? moves.set : moves.get)({ ...request, data: vector[0] });
  return answer < 0 ? answer : stored(storeWords(tracer, data, [vector[0], size]));
};

const setOptions = ({ tracing, data }: Request): number => {
  if ((data & ~(TraceOption.SYSGOOD | TraceOption.EXIT_KILL)) !== 0) return -ErrorNumber.INVAL;
  tracing.options = data;
  return 0;
};
const getSignal = ({ tracer, process, tracing, data }: Request): number => {
  const info = tracing.stoppedBy;
  if (info === undefined || process.state !== 'stopped') return -ErrorNumber.INVAL;
  return stored(tracer.space.writeBytes(data >>> 0, writeSignalInfo(info)));
};
const getThreadArea = ({ tracer, process, address, data }: Request): number => {
  const words = describeSegment(process, address);
  return words === undefined ? -ErrorNumber.INVAL : stored(storeWords(tracer, data, words));
};
const setThreadArea = ({ tracer, process, address, data }: Request): number => {
  const words = loadWords(tracer, data, USER_DESCRIPTOR_WORDS);
  return words === undefined ? -ErrorNumber.FAULT : setSegment(process, address, words);
};
const kill = ({ services, process }: Request): number => {
  services.processes.signals.raise(process, { signal: Signal.KILL, code: SignalCode.KERNEL, words: [] });
  return 0;
};
const detach = (request: Request): number => {
  const answer = resume('signals')(request);
  if (answer === 0) request.services.processes.detach(request.process);
  return answer;
};

// ---- a host that was changed for SKAS3

const faultInformation = ({ services, tracer, process, data }: Request): number => {
  if (!services.hasSpaceFiles) return -ErrorNumber.IO;
  const { errorCode, address, vector } = process.fault;
  return stored(storeWords(tracer, data, [errorCode, address, vector]));
};
const switchSpace = ({ services, tracer, process, data }: Request): number => {
  if (!services.hasSpaceFiles) return -ErrorNumber.IO;
  const file = tracer.files.get(data)?.file;
  if (!(file instanceof SpaceFile)) return -ErrorNumber.BADF;
  const before = process.space;
  process.space = file.space.share();
  before.release();
  services.counters.count('host.space-switch');
  return 0;
};

const SERVED: Readonly<Record<Exclude<PtraceRequest, 'traceme'>, (request: Request) => number>> = {
  peektext: peekText, peekdata: peekText, peekuser: peekUser, poketext: pokeText, pokedata: pokeText, pokeuser: pokeUser,
  cont: resume('signals'), syscall: resume('calls'), sysemu: resume('emulated-calls'), kill, detach,
  getregs: getRegisters, setregs: setRegisters, getfpregs: getX87, setfpregs: setX87,
  setoptions: setOptions, oldsetoptions: setOptions, getsiginfo: getSignal, getregset: registerSet(false), setregset: registerSet(true),
  'get-thread-area': getThreadArea, 'set-thread-area': setThreadArea, faultinfo: faultInformation, 'switch-mm': switchSpace,
};

const ptrace: Call = (services, tracer, [number, id, address, data]) => {
  const name = requests[number];
  if (name === undefined) return -ErrorNumber.IO;
  services.counters.request(name);
  if (name === 'traceme') return tracer.parent !== undefined && services.processes.attach(tracer, tracer.parent) ? 0 : -ErrorNumber.PERM;
  const process = services.processes.find(id);
  const tracing = process?.tracing;
  if (process === undefined || tracing?.tracer !== tracer || (process.state !== 'stopped' && name !== 'kill')) return -ErrorNumber.SRCH;
  return SERVED[name]({ services, tracer, process, tracing, address, data });
};

export const traceCalls = { ptrace } as const satisfies Readonly<Record<string, Call>>;
