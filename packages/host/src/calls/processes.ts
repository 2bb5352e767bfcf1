import { ErrorNumber, Restart } from '../abi/errors.js';
import { CloneFlag, exitStatus } from '../abi/processes.js';
import { Signal } from '../abi/signals.js';
import type { Process } from '../process/process.js';
import type { CallAnswer } from '../process/runner.js';
import { loadWords, storeWords, type Call, type CallServices } from './call.js';
import { chooseSegment, describeSegment, setSegment, USER_DESCRIPTOR_WORDS } from './thread-segments.js';

const RESOURCE_WORDS = 18;
/** struct new_utsname: six texts of 65 bytes. */
const NAME_BYTES = 65;
const NAMES = ['Linux', 'host', '2.6.0-ringbench', '#1', 'i686', '(none)'];

function clone(services: CallServices, process: Process, flags: number, stack: number): CallAnswer {
  const child = services.processes.clone(process, flags, stack >>> 0);
  if (typeof child === 'number') return child;
  if ((flags & CloneFlag.VFORK) === 0) return child.id;
  // The parent waits until the child has ended, since nothing is executed over here.
  return { attempt: () => (child.isDead ? child.id : undefined), interrupted: Restart.NO_INTERRUPT };
}

function wait({ processes }: CallServices, process: Process, [id, at, options, usage]: readonly [number, number, number, number]): CallAnswer {
  const attempt = (): number | undefined => {
    const found = processes.poll(process, id, options);
    if (found === undefined || typeof found === 'number') return found;
    const isStored = (at === 0 || storeWords(process, at, [found.status])) && (usage === 0 || storeWords(process, usage, Array.from({ length: RESOURCE_WORDS }, () => 0)));
    return isStored ? found.id : -ErrorNumber.FAULT;
  };
  const found = attempt();
  return found === undefined ? { attempt, interrupted: Restart.SYS } : found;
}

function exit({ processes, timers }: CallServices, process: Process, code: number): number {
  timers.forget(process);
  processes.end(process, exitStatus(code));
  return 0;
}

const setThreadArea: Call = (_services, process, [at]) => {
  const words = loadWords(process, at, USER_DESCRIPTOR_WORDS);
  if (words === undefined) return -ErrorNumber.FAULT;
  const index = words[0] === -1 ? chooseSegment(process) : words[0];
  const error = setSegment(process, index, words);
  if (error !== 0) return error;
  return storeWords(process, at, [index]) ? 0 : -ErrorNumber.FAULT;
};
const getThreadArea: Call = (_services, process, [at]) => {
  const words = loadWords(process, at, 1);
  const found = words === undefined ? undefined : describeSegment(process, words[0]);
  if (words === undefined) return -ErrorNumber.FAULT;
  if (found === undefined) return -ErrorNumber.INVAL;
  return storeWords(process, at, found) ? 0 : -ErrorNumber.FAULT;
};

const names: Call = (_services, process, [at]) => {
  const bytes = new Uint8Array(NAME_BYTES * NAMES.length);
  NAMES.forEach((name, index) => bytes.set(Uint8Array.from(name, (character) => character.charCodeAt(0)), index * NAME_BYTES));
  return process.space.writeBytes(at >>> 0, bytes) ? 0 : -ErrorNumber.FAULT;
};

const ownId: Call = (_services, process) => process.id;
/** Everybody is root. */
const root: Call = () => 0;

export const processCalls = {
  exit: (services, process, [code]) => exit(services, process, code),
  'exit-group': (services, process, [code]) => exit(services, process, code),
  fork: (services, process) => clone(services, process, Signal.CHLD, 0),
  vfork: (services, process) => clone(services, process, CloneFlag.VFORK | CloneFlag.VM | Signal.CHLD, 0),
  clone: (services, process, [flags, stack]) => clone(services, process, flags, stack),
  wait4: (services, process, [id, at, options, usage]) => wait(services, process, [id, at, options, usage]),
  waitpid: (services, process, [id, at, options]) => wait(services, process, [id, at, options, 0]),
  getpid: ownId,
  gettid: ownId,
  getppid: (_services, process) => process.parent?.id ?? 0,
  getuid: root, getgid: root, geteuid: root, getegid: root, getuid32: root, getgid32: root, geteuid32: root, getegid32: root,
  'sched-yield': () => 0,
  personality: root,
  prctl: () => -ErrorNumber.INVAL,
  uname: names,
  'set-thread-area': setThreadArea,
  'get-thread-area': getThreadArea,
} as const satisfies Readonly<Record<string, Call>>;
