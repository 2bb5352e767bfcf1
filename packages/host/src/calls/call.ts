import { UserRegister } from '../abi/ptrace.js';
import type { HostCounters } from '../events.js';
import type { MemoryFile } from '../files/memory-file.js';
import type { HostFile } from '../files/open-file.js';
import type { Frames } from '../memory/frames.js';
import type { SpaceServices } from '../memory/address-space.js';
import type { Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import type { CallAnswer } from '../process/runner.js';
import type { UserMode } from '../process/user-mode.js';
import type { VirtualTime } from '../virtual-time.js';
import type { Timers } from './timers.js';

/** What system calls reach. */
export interface CallServices {
  readonly clock: VirtualTime;
  readonly counters: HostCounters;
  readonly frames: Frames;
  readonly spaces: SpaceServices;
  readonly userMode: UserMode;
  readonly processes: ProcessTable;
  readonly timers: Timers;
  /** The file with a name, opened anew; undefined when there is none. */
  readonly open: (path: string) => HostFile | undefined;
  /** Whether the host was changed for SKAS3: /proc/mm, PTRACE_FAULTINFO, PTRACE_SWITCH_MM. */
  readonly hasSpaceFiles: boolean;
  /** Calls that are no Linux's, by number: those of a laboratory. */
  readonly extraCalls: ReadonlyMap<number, (parameter: number) => number>;
  /** See `HostKernelOptions`. */
  readonly onMemoryFile: ((file: MemoryFile) => void) | undefined;
}

/** EBX, ECX, EDX, ESI, EDI, EBP: signed words. */
export type CallParameters = readonly [number, number, number, number, number, number];
export type Call = (services: CallServices, process: Process, parameters: CallParameters) => CallAnswer;

export function parametersOf({ registers }: Process): CallParameters {
  return [registers[UserRegister.EBX], registers[UserRegister.ECX], registers[UserRegister.EDX], registers[UserRegister.ESI], registers[UserRegister.EDI], registers[UserRegister.EBP]];
}

/** Words of a process's memory, or undefined where it could not read them. */
export function loadWords(process: Process, address: number, count: number): Int32Array | undefined {
  const bytes = process.space.readBytes(address >>> 0, count * Int32Array.BYTES_PER_ELEMENT);
  return bytes === undefined ? undefined : new Int32Array(bytes.buffer);
}
/** False where the process could not write. */
export function storeWords(process: Process, address: number, words: readonly number[]): boolean {
  return process.space.writeBytes(address >>> 0, new Uint8Array(Int32Array.from(words.map((word) => word | 0)).buffer));
}

const LONGEST_TEXT = 4096;
/** A text that ends with a zero byte, or undefined. */
export function loadText(process: Process, address: number): string | undefined {
  let text = '';
  for (let at = address >>> 0; text.length < LONGEST_TEXT; at++) {
    const byte = process.space.readBytes(at, 1)?.[0];
    if (byte === undefined) return undefined;
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
  return undefined;
}
