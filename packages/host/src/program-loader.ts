import { MapFlag, MAP_LIMIT, pageCeiling, pageFloor, PAGE_BYTES, Protection } from './abi/memory.js';
import { ByteFile } from './files/byte-file.js';
import type { AddressSpace } from './memory/address-space.js';

/** ELF-32 (Tool Interface Standard, Executable and Linking Format 1.2): header and program headers. */
const MAGIC = 0x464c457f;
const HEADER_BYTES = 52;
const Header = { CLASS: 4, TYPE: 16, MACHINE: 18, ENTRY: 24, PROGRAM_OFFSET: 28, PROGRAM_ENTRY_BYTES: 42, PROGRAM_COUNT: 44 } as const;
const Segment = { TYPE: 0, OFFSET: 4, ADDRESS: 8, FILE_BYTES: 16, MEMORY_BYTES: 20, FLAGS: 24, BYTES: 32 } as const;
const CLASS_32 = 1;
const EXECUTABLE = 2;
const I386 = 3;
const LOADABLE = 1;
const Flag = { EXECUTE: 1, WRITE: 2, READ: 4 } as const;
const MOST_SEGMENTS = 64;

/** Auxiliary vector (elf.h). */
const Auxiliary = { NULL: 0, PROGRAM_HEADERS: 3, PROGRAM_ENTRY_BYTES: 4, PROGRAM_COUNT: 5, PAGE_BYTES: 6, ENTRY: 9, UID: 11, EUID: 12, GID: 13, EGID: 14, RANDOM: 25 } as const;
const RANDOM_BYTES = 16;
const STACK_BYTES = 132 * 1024;
const STACK_ALIGNMENT = 16;

export type LoadedProgram = { readonly ok: true; readonly entry: number; readonly stack: number } | { readonly ok: false; readonly problem: string };
const refuse = (problem: string): LoadedProgram => ({ ok: false, problem });

interface Program {
  readonly entry: number;
  readonly headers: number;
  readonly count: number;
  readonly end: number;
}

/** Puts a static i386 program into an empty space, with the stack with which Linux starts it. */
export function loadProgram(space: AddressSpace, bytes: Uint8Array, words: readonly string[], environment: readonly string[]): LoadedProgram {
  const program = mapProgram(space, bytes);
  if (typeof program === 'string') return refuse(program);
  space.heapStart = pageCeiling(program.end);
  space.heapEnd = space.heapStart;
  const top = MAP_LIMIT - PAGE_BYTES;
  const rights = Protection.READ | Protection.WRITE;
  if (space.map({ address: top - STACK_BYTES, bytes: STACK_BYTES, protection: rights, flags: MapFlag.PRIVATE | MapFlag.ANONYMOUS | MapFlag.FIXED | MapFlag.GROWS_DOWN, offset: 0 }) < 0) return refuse('no room for a stack');
  const stack = writeStack(space, top, program, words, environment);
  return stack === undefined ? refuse('arguments and environment do not fit the stack') : { ok: true, entry: program.entry, stack };
}

function mapProgram(space: AddressSpace, bytes: Uint8Array): Program | string {
  if (bytes.length < HEADER_BYTES) return 'it is no ELF file';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || bytes[Header.CLASS] !== CLASS_32) return 'it is no 32-bit ELF file';
  if (view.getUint16(Header.TYPE, true) !== EXECUTABLE || view.getUint16(Header.MACHINE, true) !== I386) return 'it is no static i386 program';
  const [first, count] = [view.getUint32(Header.PROGRAM_OFFSET, true), view.getUint16(Header.PROGRAM_COUNT, true)];
  if (view.getUint16(Header.PROGRAM_ENTRY_BYTES, true) !== Segment.BYTES || count > MOST_SEGMENTS || first + count * Segment.BYTES > bytes.length) return 'its program headers are not in the file';
  const file = new ByteFile(bytes);
  let [end, headers] = [0, 0];
  for (let index = 0; index < count; index++) {
    const at = first + index * Segment.BYTES;
    const field = (offset: number): number => view.getUint32(at + offset, true);
    if (field(Segment.TYPE) !== LOADABLE || field(Segment.MEMORY_BYTES) === 0) continue;
    const segment = { offset: field(Segment.OFFSET), address: field(Segment.ADDRESS), fileBytes: field(Segment.FILE_BYTES), memoryBytes: field(Segment.MEMORY_BYTES), flags: field(Segment.FLAGS) };
    if (!mapSegment(space, file, segment)) return `its segment at ${segment.address.toString(16)} cannot be loaded`;
    if (first >= segment.offset && first < segment.offset + segment.fileBytes) headers = segment.address + first - segment.offset;
    end = Math.max(end, segment.address + segment.memoryBytes);
  }
  return end === 0 ? 'it has nothing to load' : { entry: view.getUint32(Header.ENTRY, true), headers, count, end };
}

interface LoadSegment {
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly flags: number;
}

/** The file's bytes privately, then zeros. */
function mapSegment(space: AddressSpace, file: ByteFile, { offset, address, fileBytes, memoryBytes, flags }: LoadSegment): boolean {
  const start = pageFloor(address);
  if (fileBytes > memoryBytes || (address - offset) % PAGE_BYTES !== 0 || offset + fileBytes > file.size || address + memoryBytes > MAP_LIMIT) return false;
  const protection = ((flags & Flag.READ) === 0 ? 0 : Protection.READ) | ((flags & Flag.WRITE) === 0 ? 0 : Protection.WRITE) | ((flags & Flag.EXECUTE) === 0 ? 0 : Protection.EXECUTE);
  const fileEnd = fileBytes === 0 ? start : pageCeiling(address + fileBytes);
  const fixed = MapFlag.PRIVATE | MapFlag.FIXED;
  if (fileEnd > start && space.map({ address: start, bytes: fileEnd - start, protection, flags: fixed, file, offset: pageFloor(offset) }) < 0) return false;
  const end = pageCeiling(address + memoryBytes);
  if (end > fileEnd && space.map({ address: fileEnd, bytes: end - fileEnd, protection, flags: fixed | MapFlag.ANONYMOUS, offset: 0 }) < 0) return false;
  // Behind the file's part of its last page are zeros.
  const tail = address + fileBytes;
  const isTailOpen = memoryBytes > fileBytes && fileEnd > tail && (protection & Protection.WRITE) !== 0;
  return !isTailOpen || space.writeBytes(tail, new Uint8Array(fileEnd - tail));
}

/** argc, argv, envp, auxiliary vector, and the texts that they name (System V ABI, Intel386 supplement, figure 3-31). The stack pointer. */
function writeStack(space: AddressSpace, top: number, program: Program, words: readonly string[], environment: readonly string[]): number | undefined {
  let at = top;
  const put = (bytes: Uint8Array): number => {
    at -= bytes.length;
    return space.writeBytes(at, bytes) ? at : 0;
  };
  const text = (value: string): number => put(Uint8Array.from(`${value}\0`, (character) => character.charCodeAt(0)));
  const variables = environment.map(text);
  const parameters = words.map(text);
  const random = put(new Uint8Array(RANDOM_BYTES));
  const auxiliary = [
    [Auxiliary.PROGRAM_HEADERS, program.headers], [Auxiliary.PROGRAM_ENTRY_BYTES, Segment.BYTES], [Auxiliary.PROGRAM_COUNT, program.count], [Auxiliary.PAGE_BYTES, PAGE_BYTES], [Auxiliary.ENTRY, program.entry],
    [Auxiliary.UID, 0], [Auxiliary.EUID, 0], [Auxiliary.GID, 0], [Auxiliary.EGID, 0], [Auxiliary.RANDOM, random], [Auxiliary.NULL, 0],
  ];
  const vector = Int32Array.from([parameters.length, ...parameters, 0, ...variables, 0, ...auxiliary.flat()].map((word) => word | 0));
  const stack = stackAligned(at - vector.byteLength);
  if ([...variables, ...parameters, random].includes(0)) return undefined;
  return space.writeBytes(stack, new Uint8Array(vector.buffer)) ? stack : undefined;
}
const stackAligned = (address: number): number => address - (address % STACK_ALIGNMENT);
