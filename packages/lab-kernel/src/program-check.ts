/**
 * What the lab kernel executes: static ELF programs for IA-32 (Tool Interface Standard ELF 1.2, book I, 1-3 "ELF Header" and 2-2 "Program
 * Header"). The kernel checks for itself; this check is for people, who want to know what to do instead.
 */

const ELF_MAGIC = 0x464c457f;
const SCRIPT_MAGIC = '#!';
const Offset = { CLASS: 4, ENCODING: 5, TYPE: 16, MACHINE: 18, HEADERS_AT: 28, HEADER_BYTES: 42, HEADER_COUNT: 44 } as const;
const IDENTIFICATION_BYTES = 20;
const HEADER_BYTES = 52;
const ProgramHeader = { BYTES: 32, TYPE: 0, INTERPRETER: 3 } as const;
const CLASS_32 = 1;
const LITTLE_ENDIAN = 1;
const MACHINE_386 = 3;
const FileType = { RELOCATABLE: 1, EXECUTABLE: 2, SHARED: 3, CORE: 4 } as const;
const LONGEST_INTERPRETER = 80;

/** Why a file cannot be executed and what to do about it. Both are parts of a sentence. */
export interface ProgramProblem {
  readonly problem: string;
  readonly remedy: string;
}

const BUILD_STATIC = 'link it with `gcc -m32 -static`, or take a static build such as Debian\'s busybox-static:i386';
const problemOf = (problem: string, remedy = BUILD_STATIC): ProgramProblem => ({ problem, remedy });

function scriptProblem(bytes: Uint8Array): ProgramProblem {
  const [line = ''] = new TextDecoder().decode(bytes.subarray(SCRIPT_MAGIC.length, LONGEST_INTERPRETER)).split('\n');
  return problemOf(`is a script for ${line.trim() || 'nothing'}, not a program`, 'run its interpreter instead, with --file SCRIPT, such as `./busybox ash SCRIPT`');
}

function identificationProblem(view: DataView): ProgramProblem | undefined {
  if (view.getUint8(Offset.CLASS) !== CLASS_32) return problemOf('is a 64-bit program, not one for i386');
  const littleEndian = view.getUint8(Offset.ENCODING) === LITTLE_ENDIAN;
  if (!littleEndian || view.getUint16(Offset.MACHINE, true) !== MACHINE_386) return problemOf('is a program for another processor, not for i386');
  switch (view.getUint16(Offset.TYPE, true)) {
    case FileType.EXECUTABLE: case FileType.SHARED: return undefined;
    case FileType.RELOCATABLE: return problemOf('is an object file that is not linked yet');
    case FileType.CORE: return problemOf('is a core dump, not a program', 'name a program');
    default: return problemOf('is no kind of program that is known', 'name a program');
  }
}

function isDynamic(view: DataView, table: number, entryBytes: number, count: number): boolean {
  for (let index = 0; index < count; index++) {
    if (view.getUint32(table + index * entryBytes + ProgramHeader.TYPE, true) === ProgramHeader.INTERPRETER) return true;
  }
  return false;
}

/** What is wrong with a program file; undefined for a static i386 ELF program as far as its headers tell. */
export function programProblem(bytes: Uint8Array): ProgramProblem | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 0) return problemOf('is empty', 'name a program');
  if (String.fromCharCode(...bytes.subarray(0, SCRIPT_MAGIC.length)) === SCRIPT_MAGIC) return scriptProblem(bytes);
  if (bytes.length < IDENTIFICATION_BYTES || view.getUint32(0, true) !== ELF_MAGIC) return problemOf('is no ELF program', 'name a static i386 Linux program');
  const problem = identificationProblem(view);
  if (problem !== undefined) return problem;
  const truncated = problemOf('is truncated within its headers', 'get it again');
  if (bytes.length < HEADER_BYTES) return truncated;
  const table = view.getUint32(Offset.HEADERS_AT, true);
  const entryBytes = view.getUint16(Offset.HEADER_BYTES, true);
  const count = view.getUint16(Offset.HEADER_COUNT, true);
  if (count === 0 || entryBytes !== ProgramHeader.BYTES) return problemOf('has no program headers, so that nothing of it can be executed');
  if (table + count * entryBytes > bytes.length) return truncated;
  return isDynamic(view, table, entryBytes, count) ? problemOf('is dynamically linked, and the lab kernel has no dynamic linker') : undefined;
}
