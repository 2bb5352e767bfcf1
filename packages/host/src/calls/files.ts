import { ErrorNumber, Restart } from '../abi/errors.js';
import { Signal, SignalCode } from '../abi/signals.js';
import { MemoryFile } from '../files/memory-file.js';
import { OpenFile, OpenFlag, WOULD_BLOCK, type FileAnswer } from '../files/open-file.js';
import { makePipe } from '../files/pipe.js';
import { SpaceFile } from '../files/space-file.js';
import { AddressSpace } from '../memory/address-space.js';
import type { Process } from '../process/process.js';
import type { CallAnswer } from '../process/runner.js';
import { loadText, loadWords, storeWords, type Call, type CallServices } from './call.js';
import { mapInto } from './memory.js';

const SPACE_FILE = '/proc/mm';
/** More is not moved at once. Linux's limit is 2 GB. */
const LARGEST_TRANSFER = 64 << 20;
const Whence = { SET: 0, CURRENT: 1, END: 2 } as const;
const Control = { DUP: 0, GET_FD: 1, SET_FD: 2, GET_FLAGS: 3, SET_FLAGS: 4, SET_OWNER: 8, GET_OWNER: 9, SET_SIGNAL: 10, DUP_CLOEXEC: 1030 } as const;
const CHANGEABLE = OpenFlag.APPEND | OpenFlag.NONBLOCK | OpenFlag.ASYNC;
const MOST_VECTORS = 1024;
/** Words of struct stat64, with the mode in the fifth, block size and size behind. */
const STAT_WORDS = 24;
const Stat = { MODE: 4, LINKS: 5, SIZE: 11, BLOCK_SIZE: 13, BLOCKS: 14 } as const;
const MODES = { regular: 0o100600, characters: 0o020600, pipe: 0o010600 } as const;
const BLOCK_BYTES = 4096;
const BLOCK_UNIT = 512;
const WORD_RANGE = 2 ** 32;

/** A transfer that may have to wait: tried now, and again whenever the file may have changed. */
function patiently({ processes }: CallServices, process: Process, open: OpenFile, attempt: () => FileAnswer): CallAnswer {
  const first = attempt();
  if (first !== WOULD_BLOCK) return first;
  if (!open.isBlocking) return -ErrorNumber.AGAIN;
  const listener = (): void => processes.wake(process);
  const { listeners } = open.file;
  listeners.add(listener);
  return {
    attempt: () => {
      const answer = attempt();
      if (answer === WOULD_BLOCK) return undefined;
      listeners.delete(listener);
      return answer;
    },
    interrupted: Restart.SYS,
    cancel: () => listeners.delete(listener),
  };
}

function readInto(process: Process, open: OpenFile, address: number, count: number, position: number | undefined): FileAnswer {
  if (!open.canRead) return -ErrorNumber.BADF;
  const at = position ?? open.position;
  const bytes = open.file.read(at, Math.min(count, LARGEST_TRANSFER));
  if (!(bytes instanceof Uint8Array)) return bytes;
  if (!process.space.writeBytes(address, bytes)) return -ErrorNumber.FAULT;
  if (position === undefined && open.file.size !== undefined) open.position += bytes.length;
  return bytes.length;
}

function writeFrom(services: CallServices, process: Process, open: OpenFile, address: number, count: number, position: number | undefined): FileAnswer {
  if (!open.canWrite) return -ErrorNumber.BADF;
  const bytes = process.space.readBytes(address, Math.min(count, LARGEST_TRANSFER));
  if (bytes === undefined) return -ErrorNumber.FAULT;
  const answer = open.file.write(position ?? open.position, bytes);
  if (answer === -ErrorNumber.PIPE) services.processes.signals.raise(process, { signal: Signal.PIPE, code: SignalCode.USER, words: [process.id, 0] });
  if (typeof answer === 'number' && answer > 0 && position === undefined && open.file.size !== undefined) open.position += answer;
  return answer;
}

const withFile = (action: (services: CallServices, process: Process, open: OpenFile, parameters: readonly number[]) => CallAnswer): Call => (services, process, parameters) => {
  const open = process.files.get(parameters[0]);
  return open === undefined ? -ErrorNumber.BADF : action(services, process, open, parameters);
};

/** Position of a file that has none. */
const hasPosition = (open: OpenFile): boolean => open.file.size !== undefined;

const vectors = (write: boolean): Call => withFile((services, process, open, [, at, count]) => {
  if (count < 0 || count > MOST_VECTORS) return -ErrorNumber.INVAL;
  const words = loadWords(process, at, 2 * count);
  if (words === undefined) return -ErrorNumber.FAULT;
  return patiently(services, process, open, () => {
    let done = 0;
    for (let index = 0; index < count; index++) {
      const [address, size] = [words[2 * index] >>> 0, words[2 * index + 1] >>> 0];
      if (size === 0) continue;
      const answer = write ? writeFrom(services, process, open, address, size, undefined) : readInto(process, open, address, size, undefined);
      if (typeof answer !== 'number' || answer < 0) return done === 0 ? answer : done;
      done += answer;
      if (answer < size) break;
    }
    return done;
  });
});

function seek(open: OpenFile, offset: number, whence: number): number {
  const { size } = open.file;
  if (size === undefined) return -ErrorNumber.SPIPE;
  const bases: Readonly<Record<number, number>> = { [Whence.SET]: 0, [Whence.CURRENT]: open.position, [Whence.END]: size };
  const base = bases[whence];
  if (base === undefined || base + offset < 0) return -ErrorNumber.INVAL;
  open.position = base + offset;
  return open.position;
}

function openFile({ open, spaces, frames, hasSpaceFiles }: CallServices, process: Process, path: string, flags: number): number {
  if (path === SPACE_FILE && hasSpaceFiles) {
    const space = AddressSpace.make(spaces);
    if (space === undefined) return -ErrorNumber.NOMEM;
    return process.files.add(new OpenFile(new SpaceFile(space, (into, parameters) => mapInto(frames, process, into, parameters)), flags));
  }
  const file = open(path);
  return file === undefined ? -ErrorNumber.NOENT : process.files.add(new OpenFile(file, flags));
}

/** F_SETFL with O_ASYNC: from now on the owner gets a signal when the file can be read. */
function setFlags({ processes }: CallServices, open: OpenFile, flags: number): number {
  open.flags = (open.flags & ~CHANGEABLE) | (flags & CHANGEABLE);
  if (open.asyncListener !== undefined) open.file.listeners.delete(open.asyncListener);
  open.asyncListener = undefined;
  if ((flags & OpenFlag.ASYNC) === 0) return 0;
  open.asyncListener = () => {
    const owner = processes.find(open.owner);
    const signal = open.ownerSignal === 0 ? Signal.IO : open.ownerSignal;
    if (owner !== undefined && open.file.isReadable) processes.signals.raise(owner, { signal, code: SignalCode.POLL_IN, words: [] });
  };
  open.file.listeners.add(open.asyncListener);
  return 0;
}

const control: Call = withFile((services, process, open, [descriptor, command, value]) => {
  switch (command) {
    case Control.DUP: case Control.DUP_CLOEXEC: return process.files.duplicate(descriptor, value);
    // Nothing is executed over: the flag means nothing here.
    case Control.GET_FD: case Control.SET_FD: return 0;
    case Control.GET_FLAGS: return open.flags;
    case Control.SET_FLAGS: return setFlags(services, open, value);
    case Control.SET_OWNER: open.owner = value; return 0;
    case Control.GET_OWNER: return open.owner;
    case Control.SET_SIGNAL: open.ownerSignal = value; return 0;
    default: return -ErrorNumber.INVAL;
  }
});

const status: Call = withFile((_services, process, { file }, [, at]) => {
  const words = Array.from({ length: STAT_WORDS }, () => 0);
  const size = file.size ?? 0;
  words[Stat.MODE] = MODES[file.kind];
  words[Stat.LINKS] = 1;
  words[Stat.SIZE] = size;
  words[Stat.SIZE + 1] = Math.floor(size / WORD_RANGE);
  words[Stat.BLOCK_SIZE] = BLOCK_BYTES;
  words[Stat.BLOCKS] = Math.ceil(size / BLOCK_UNIT);
  return storeWords(process, at, words) ? 0 : -ErrorNumber.FAULT;
});

export const fileCalls = {
  read: withFile((services, process, open, [, at, count]) => patiently(services, process, open, () => readInto(process, open, at >>> 0, count >>> 0, undefined))),
  write: withFile((services, process, open, [, at, count]) => patiently(services, process, open, () => writeFrom(services, process, open, at >>> 0, count >>> 0, undefined))),
  pread64: withFile((_services, process, open, [, at, count, low, high]) => (hasPosition(open) ? Number(readInto(process, open, at >>> 0, count >>> 0, (low >>> 0) + high * WORD_RANGE)) : -ErrorNumber.SPIPE)),
  pwrite64: withFile((services, process, open, [, at, count, low, high]) => (hasPosition(open) ? Number(writeFrom(services, process, open, at >>> 0, count >>> 0, (low >>> 0) + high * WORD_RANGE)) : -ErrorNumber.SPIPE)),
  readv: vectors(false),
  writev: vectors(true),
  open: (services, process, [at, flags]) => {
    const path = loadText(process, at);
    return path === undefined ? -ErrorNumber.FAULT : openFile(services, process, path, flags);
  },
  close: (_services, process, [descriptor]) => process.files.close(descriptor),
  lseek: withFile((_services, _process, open, [, offset, whence]) => seek(open, offset, whence)),
  llseek: withFile((_services, process, open, [, high, low, result, whence]) => {
    const position = seek(open, high * WORD_RANGE + (low >>> 0), whence);
    if (position < 0) return position;
    return storeWords(process, result, [position, Math.floor(position / WORD_RANGE)]) ? 0 : -ErrorNumber.FAULT;
  }),
  ftruncate: withFile((_services, _process, open, [, size]) => open.file.truncate(size)),
  ftruncate64: withFile((_services, _process, open, [, low, high]) => open.file.truncate((low >>> 0) + high * WORD_RANGE)),
  fstat64: status,
  fcntl: control,
  fcntl64: control,
  // The standard streams are no terminals.
  ioctl: withFile(() => -ErrorNumber.NOTTY),
  dup: (_services, process, [descriptor]) => process.files.duplicate(descriptor, 0),
  dup2: (_services, process, [descriptor, wanted]) => {
    if (process.files.get(descriptor) === undefined || wanted < 0) return -ErrorNumber.BADF;
    if (wanted === descriptor) return wanted;
    process.files.close(wanted);
    return process.files.duplicate(descriptor, wanted);
  },
  pipe: (_services, process, [at]) => {
    const { reader, writer } = makePipe();
    const ends = [process.files.add(new OpenFile(reader, 0)), process.files.add(new OpenFile(writer, OpenFlag.WRITE_ONLY))];
    return storeWords(process, at, ends) ? 0 : -ErrorNumber.FAULT;
  },
  'memfd-create': ({ frames, onMemoryFile }, process) => {
    const file = new MemoryFile(frames);
    const open = new OpenFile(file, OpenFlag.READ_WRITE);
    if (onMemoryFile !== undefined) {
      onMemoryFile(file);
      open.users++;
    }
    return process.files.add(open);
  },
} as const satisfies Readonly<Record<string, Call>>;
