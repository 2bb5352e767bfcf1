import { writeArchive } from '@ringbench/archive';
import type { MultibootImage } from '@ringbench/engine';
import { commandLine, LONGEST_COMMAND_LINE } from './command-line.js';
import type { CommandLineParts } from './command-line.js';
import { completeFiles } from './guest-files.js';
import type { GuestFile } from './guest-files.js';

/** A program with everything that it is to find in its machine. */
export interface LabProgram extends CommandLineParts {
  /** For messages. */
  readonly name: string;
  readonly files: readonly GuestFile[];
}

export type LabImage = { readonly ok: true; readonly image: MultibootImage; readonly archive: Uint8Array } | { readonly ok: false; readonly problem: string; readonly remedy: string };

/** The guest image of a program: the kernel, its command line, and the files as the archive that it unpacks. The same parts give the same bytes. */
export function labImage(kernel: Uint8Array, program: LabProgram): LabImage {
  const line = commandLine(program);
  if (line.length > LONGEST_COMMAND_LINE) {
    return { ok: false, problem: `arguments and environment of ${program.name} take ${line.length} bytes, the kernel has ${LONGEST_COMMAND_LINE}`, remedy: 'put them in a file and pass that' };
  }
  const completed = completeFiles(program.files);
  if (!completed.ok) return { ok: false, problem: `/${completed.path} would be a file and a folder in the guest`, remedy: 'give one of them another place' };
  const archive = writeArchive(completed.files);
  const image = { name: program.name, format: 'multiboot', bytes: kernel, commandLine: line, modules: [{ name: 'files', bytes: archive }] } as const;
  return { ok: true, image, archive };
}

const MEBIBYTE = 1 << 20;
/** Enough for every program of the suites, and what other machines of the project have. */
const LEAST_MEMORY = 64 * MEBIBYTE;
/** The archive lies in memory while it is unpacked, and files may have three quarters of memory. */
const TIMES_ARCHIVE = 3;
const STEP = 16 * MEBIBYTE;

/** What the kernel and a small program need beside the archive and the files unpacked from it. */
const MEMORY_OF_KERNEL = 4 * MEBIBYTE;

/** Memory in bytes without which a guest cannot even unpack its files. */
export function leastMemory(archiveBytes: number): number {
  return Math.ceil((archiveBytes * 2 + MEMORY_OF_KERNEL) / MEBIBYTE) * MEBIBYTE;
}

/** Memory in bytes with which a guest can hold its files and work with them. */
export function memoryFor(archiveBytes: number): number {
  const wanted = archiveBytes * TIMES_ARCHIVE + STEP;
  return Math.max(LEAST_MEMORY, Math.ceil(wanted / STEP) * STEP);
}

/** Statuses beyond a byte are the kernel's own: it has given up, and its last line on the serial line says why. */
export const LARGEST_EXIT_STATUS = 0xff;

const SECTORS_OF_DISK = 4096;
const SECTOR_BYTES = 512;

/** The disk of programs that need one: 2 MiB of zeros. */
export function blankDisk(): Uint8Array {
  return new Uint8Array(SECTORS_OF_DISK * SECTOR_BYTES);
}
