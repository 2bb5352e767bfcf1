import { ErrorNumber } from '../abi/errors.js';
import { CALL_NUMBERS, type CallName } from '../abi/numbers.js';
import type { Process } from '../process/process.js';
import type { CallAnswer } from '../process/runner.js';
import { parametersOf, type Call, type CallServices } from './call.js';
import { fileCalls } from './files.js';
import { memoryCalls } from './memory.js';
import { pollCalls } from './poll.js';
import { processCalls } from './processes.js';
import { traceCalls } from './ptrace.js';
import { signalCalls } from './signals.js';
import { timeCalls } from './time.js';

const CALLS: Readonly<Record<CallName, Call>> = { ...fileCalls, ...memoryCalls, ...pollCalls, ...processCalls, ...traceCalls, ...signalCalls, ...timeCalls };
const names: Readonly<Record<number, CallName | undefined>> = CALL_NUMBERS;

/** Executes the system call whose number is given and whose parameters are in the process's registers. Whatever they are, the answer is a value. */
export function executeCall(services: CallServices, process: Process, number: number): CallAnswer {
  const extra = services.extraCalls.get(number);
  if (extra !== undefined) return extra(parametersOf(process)[0]);
  const name = names[number];
  if (name === undefined) {
    services.counters.unknownCall(number);
    return -ErrorNumber.NOSYS;
  }
  services.counters.call(name);
  return CALLS[name](services, process, parametersOf(process));
}
