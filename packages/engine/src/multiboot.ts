import { Register } from '@ringbench/isa';
import type { MultibootImage, MultibootModule } from './engine.js';
import { encodeText, type LoadedGuest, type WriteMemory } from './guest-load.js';

/**
 * The Multiboot 1 boot protocol (Multiboot Specification 0.6.96): finds the header, places the ELF segments or the flat image that it describes, and
 * writes the information structure. Images are hostile input: every offset and size is checked, and a defect is a value.
 */

export const MULTIBOOT_MAGIC = 0x2badb002;
/** The specification leaves the selectors open. */
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const HEADER_MAGIC = 0x1badb002;
const SEARCH_BYTES = 8192;
const HEADER_BYTES = 12;
const ADDRESS_FIELDS_BYTES = 32;
const HeaderFlag = { MEMORY: 1 << 1, VIDEO: 1 << 2, ADDRESSES: 1 << 16, REQUIRED: 0xffff } as const;
const InformationFlag = { MEMORY: 1 << 0, COMMAND_LINE: 1 << 2, MODULES: 1 << 3, LOADER_NAME: 1 << 9 } as const;
/** The structure lies below the images, which start at 1 MB, and above the real-mode tables. */
const INFORMATION_ADDRESS = 0x9000;
const INFORMATION_BYTES = 120;
const LONGEST_COMMAND_LINE = 4096;
/** Behind the command line: the list of modules, each with its text (section 3.3, "mods_addr"). */
const MODULES_ADDRESS = 0xb000;
const MODULE_BYTES = 16;
const MOST_MODULES = 16;
const LONGEST_MODULE_TEXT = 256;
const MODULES_END = MODULES_ADDRESS + MOST_MODULES * (MODULE_BYTES + LONGEST_MODULE_TEXT);
const PAGE_BYTES = 4096;
const KIB = 1024;
const LOW_MEMORY_KIB = 640;
const ONE_MIB = 0x100000;

interface Segment {
  readonly fileOffset: number;
  readonly fileBytes: number;
  readonly physical: number;
  readonly memoryBytes: number;
}
interface Layout {
  readonly entry: number;
  readonly segments: readonly Segment[];
}

const fail = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });

function findHeader(view: DataView): number {
  const last = Math.min(SEARCH_BYTES, view.byteLength) - HEADER_BYTES;
  for (let at = 0; at <= last; at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 0x100000000 === 0) return at;
  }
  return -1;
}

function layoutFromAddresses(view: DataView, header: number): Layout | string {
  if (header + ADDRESS_FIELDS_BYTES > view.byteLength) return 'it ends within the Multiboot header';
  const field = (index: number): number => view.getUint32(header + HEADER_BYTES + index * 4, true);
  const [headerAddress, loadAddress, loadEnd, bssEnd, entry] = [field(0), field(1), field(2), field(3), field(4)];
  const fileOffset = header - (headerAddress - loadAddress);
  const fileBytes = loadEnd === 0 ? view.byteLength - fileOffset : loadEnd - loadAddress;
  if (fileOffset < 0 || fileBytes < 0) return 'the addresses in its Multiboot header contradict each other';
  const memoryBytes = bssEnd === 0 ? fileBytes : bssEnd - loadAddress;
  return { entry, segments: [{ fileOffset, fileBytes, physical: loadAddress, memoryBytes: Math.max(memoryBytes, fileBytes) }] };
}

const ELF_MAGIC = 0x464c457f;
const ElfHeader = { BYTES: 52, CLASS: 4, MACHINE: 18, ENTRY: 24, PROGRAM_HEADERS: 28, PROGRAM_HEADER_BYTES: 42, PROGRAM_HEADER_COUNT: 44 } as const;
const ProgramHeader = { BYTES: 32, TYPE: 0, OFFSET: 4, PHYSICAL: 12, FILE_BYTES: 16, MEMORY_BYTES: 20 } as const;
const ELF_CLASS_32 = 1;
const ELF_MACHINE_386 = 3;
const LOADABLE = 1;

/** ELF32 program headers (Tool Interface Standard ELF 1.2, book I, 2). */
function layoutFromElf(view: DataView): Layout | string {
  if (view.byteLength < ElfHeader.BYTES) return 'it ends within the ELF header';
  if (view.getUint8(ElfHeader.CLASS) !== ELF_CLASS_32 || view.getUint16(ElfHeader.MACHINE, true) !== ELF_MACHINE_386) return 'it is an ELF file, but not for 32-bit Intel 386';
  const table = view.getUint32(ElfHeader.PROGRAM_HEADERS, true);
  const entryBytes = view.getUint16(ElfHeader.PROGRAM_HEADER_BYTES, true);
  const count = view.getUint16(ElfHeader.PROGRAM_HEADER_COUNT, true);
  if (entryBytes < ProgramHeader.BYTES || table + count * entryBytes > view.byteLength) return 'it ends within the ELF program headers';
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * entryBytes;
    const field = (offset: number): number => view.getUint32(at + offset, true);
    if (field(ProgramHeader.TYPE) !== LOADABLE || field(ProgramHeader.MEMORY_BYTES) === 0) continue;
    const segment = { fileOffset: field(ProgramHeader.OFFSET), fileBytes: field(ProgramHeader.FILE_BYTES), physical: field(ProgramHeader.PHYSICAL), memoryBytes: field(ProgramHeader.MEMORY_BYTES) };
    if (segment.fileBytes > segment.memoryBytes) return 'an ELF segment is larger in the file than in memory';
    segments.push(segment);
  }
  return { entry: view.getUint32(ElfHeader.ENTRY, true), segments };
}

function checkSegments({ segments, entry }: Layout, fileBytes: number, ramBytes: number): string | undefined {
  if (segments.length === 0) return 'nothing in it is to be loaded';
  for (const segment of segments) {
    if (segment.fileOffset + segment.fileBytes > fileBytes) return `it is truncated: ${segment.fileOffset + segment.fileBytes} bytes expected, ${fileBytes} present`;
    const end = segment.physical + segment.memoryBytes;
    if (end > ramBytes) return `it needs memory up to ${Math.ceil(end / KIB)} KiB, the guest has ${ramBytes / KIB} KiB; give it more`;
    if (segment.physical < MODULES_END) return 'it loads below the area that the boot information needs';
  }
  const inside = segments.some(({ physical, memoryBytes }) => entry >= physical && entry < physical + memoryBytes);
  return inside ? undefined : 'its entry point lies outside what it loads';
}

interface PlacedModule {
  readonly start: number;
  readonly module: MultibootModule;
}

/** Places for the modules, from the end of memory down; a string if they do not fit. */
function placeModules(modules: readonly MultibootModule[], { segments }: Layout, ramBytes: number): readonly PlacedModule[] | string {
  if (modules.length > MOST_MODULES) return `at most ${MOST_MODULES} modules are possible`;
  const lowest = Math.max(...segments.map(({ physical, memoryBytes }) => physical + memoryBytes));
  const placed: PlacedModule[] = [];
  let end = ramBytes;
  for (const module of modules) {
    if ((module.commandLine?.length ?? 0) >= LONGEST_MODULE_TEXT) return `the text of module ${module.name} is longer than ${LONGEST_MODULE_TEXT - 1} characters`;
    end = Math.floor((end - module.bytes.length) / PAGE_BYTES) * PAGE_BYTES;
    if (end < lowest) return `module ${module.name} with ${module.bytes.length} bytes does not fit into ${ramBytes / KIB} KiB of memory; give it more`;
    placed.push({ start: end, module });
  }
  return placed;
}

function writeModules(write: WriteMemory, placed: readonly PlacedModule[]): void {
  placed.forEach(({ start, module }, index) => {
    const text = MODULES_ADDRESS + MOST_MODULES * MODULE_BYTES + index * LONGEST_MODULE_TEXT;
    write(start, module.bytes);
    write(text, encodeText(module.commandLine ?? module.name.slice(0, LONGEST_MODULE_TEXT - 1)));
    write(MODULES_ADDRESS + index * MODULE_BYTES, new Uint8Array(Uint32Array.of(start, start + module.bytes.length, text, 0).buffer));
  });
}

function writeInformation(write: WriteMemory, ramBytes: number, commandLine: string | undefined, modules: number): void {
  const bytes = new Uint8Array(INFORMATION_BYTES);
  const view = new DataView(bytes.buffer);
  const name = encodeText('Ringbench');
  view.setUint32(0, InformationFlag.MEMORY | InformationFlag.LOADER_NAME | (commandLine === undefined ? 0 : InformationFlag.COMMAND_LINE) | (modules === 0 ? 0 : InformationFlag.MODULES), true);
  view.setUint32(4, LOW_MEMORY_KIB, true);
  view.setUint32(8, Math.max(0, ramBytes - ONE_MIB) / KIB, true);
  const nameAddress = INFORMATION_ADDRESS + INFORMATION_BYTES;
  view.setUint32(16, nameAddress + name.length, true);
  view.setUint32(20, modules, true);
  view.setUint32(24, modules === 0 ? 0 : MODULES_ADDRESS, true);
  view.setUint32(64, nameAddress, true);
  write(INFORMATION_ADDRESS, bytes);
  write(nameAddress, name);
  if (commandLine !== undefined) write(nameAddress + name.length, encodeText(commandLine));
}

/** Places a Multiboot image in zeroed guest memory of `ramBytes` bytes. */
export function loadMultiboot(image: MultibootImage, ramBytes: number, write: WriteMemory): LoadedGuest {
  const { bytes, commandLine } = image;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((commandLine?.length ?? 0) > LONGEST_COMMAND_LINE - 16) return fail(`${image.name}: the command line is longer than ${LONGEST_COMMAND_LINE - 16} characters`);
  if (ramBytes < ONE_MIB) return fail(`${image.name}: a Multiboot guest needs at least 1 MiB of memory`);
  const header = findHeader(view);
  if (header < 0) return fail(`${image.name} has no Multiboot header in its first ${SEARCH_BYTES / KIB} KiB: it is no Multiboot kernel, or truncated`);
  const flags = view.getUint32(header + 4, true);
  if ((flags & HeaderFlag.REQUIRED & ~(1 | HeaderFlag.MEMORY)) !== 0) return fail(`${image.name} asks for Multiboot features that are not provided (flags 0x${flags.toString(16)})`);
  const isElf = view.byteLength >= 4 && view.getUint32(0, true) === ELF_MAGIC;
  const layout = (flags & HeaderFlag.ADDRESSES) !== 0 && !isElf ? layoutFromAddresses(view, header) : isElf ? layoutFromElf(view) : 'it is neither ELF nor does its Multiboot header give addresses';
  if (typeof layout === 'string') return fail(`${image.name} cannot be loaded: ${layout}`);
  const problem = checkSegments(layout, bytes.length, ramBytes);
  if (problem !== undefined) return fail(`${image.name} cannot be loaded: ${problem}`);
  const modules = placeModules(image.modules ?? [], layout, ramBytes);
  if (typeof modules === 'string') return fail(`${image.name} cannot be loaded: ${modules}`);
  for (const { fileOffset, fileBytes, physical } of layout.segments) write(physical, bytes.subarray(fileOffset, fileOffset + fileBytes));
  writeInformation(write, ramBytes, commandLine, modules.length);
  writeModules(write, modules);
  const registers = [[Register.EAX, MULTIBOOT_MAGIC], [Register.EBX, INFORMATION_ADDRESS]] as const;
  return { ok: true, entry: layout.entry, registers, codeSelector: CODE_SELECTOR, dataSelector: DATA_SELECTOR };
}
