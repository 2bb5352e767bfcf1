import { Register } from '@ringbench/isa';
import type { LinuxImage } from './engine.js';
import { encodeText, type GuestStart, type LoadedGuest, type WriteMemory } from './guest-load.js';
import { LOW_MEMORY_END, MEMORY_MAP_ENTRY_BYTES, memoryMap } from './memory-map.js';

/**
 * The 32-bit boot protocol of Linux for x86 (Documentation/arch/x86/boot.rst of the kernel, "32-bit Boot Protocol"): a bzImage is entered behind its
 * real-mode part, with a page of parameters that says what a BIOS would have been asked. Images are hostile input: a defect is a value.
 */

const SECTOR = 512;
const PAGE = 4096;
const PARAGRAPH = 16;
const KIB = 1024;
const MIB = 1 << 20;
/** Offsets in the setup header, which is at the same place in the image and in the parameter page. */
const Header = {
  SETUP_SECTORS: 0x1f1, CODE_PARAGRAPHS: 0x1f4, BOOT_FLAG: 0x1fe, JUMP_LENGTH: 0x201, MAGIC: 0x202, VERSION: 0x206, LOADER: 0x210, FLAGS: 0x211, INITRD: 0x218, INITRD_BYTES: 0x21c,
  COMMAND_LINE: 0x228, INITRD_MAX: 0x22c, COMMAND_LINE_BYTES: 0x238, INIT_BYTES: 0x260,
} as const;
/** Offsets in the parameter page ("zero page"). */
const Parameter = { EXTENDED_MEMORY: 0x1e0, MAP_ENTRIES: 0x1e8, MAP: 0x2d0 } as const;
const BOOT_FLAG = 0xaa55;
const HEADER_MAGIC = 0x53726448; // "HdrS"
const HEADER_END = 0x202;
/** Protocol 2.06: bzImage with a command line of announced length. */
const OLDEST_VERSION = 0x206;
const LOADED_HIGH = 1 << 0;
const OTHER_LOADER = 0xff;
const DEFAULT_SETUP_SECTORS = 4;
/** Where things go: the descriptors, the parameter page and the command line below 640 KB, the kernel at 1 MB, the initial RAM disk at the end. */
const GDT_ADDRESS = 0x8f000;
const PARAMETERS_ADDRESS = 0x90000;
const COMMAND_LINE_ADDRESS = 0x91000;
const KERNEL_ADDRESS = MIB;
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;
/** Null, null, flat code, flat data, as low and high doublewords. */
const DESCRIPTORS = [0, 0, 0, 0, 0xffff, 0x00cf9b00, 0xffff, 0x00cf9300];

interface Kernel {
  readonly setup: Uint8Array;
  readonly code: Uint8Array;
  /** Bytes of memory, from where it is loaded, that the kernel needs before it knows the memory map. */
  readonly initBytes: number;
  readonly commandLineBytes: number;
  readonly initrdEnd: number;
}

function parse(bytes: Uint8Array): Kernel | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < Header.INIT_BYTES + 4 || view.getUint16(Header.BOOT_FLAG, true) !== BOOT_FLAG || view.getUint32(Header.MAGIC, true) !== HEADER_MAGIC) return 'is no Linux bzImage';
  if (view.getUint16(Header.VERSION, true) < OLDEST_VERSION) return 'speaks a boot protocol older than 2.06';
  if ((bytes[Header.FLAGS] & LOADED_HIGH) === 0) return 'is a zImage, which is loaded low; a bzImage is needed';
  const sectors = bytes[Header.SETUP_SECTORS] === 0 ? DEFAULT_SETUP_SECTORS : bytes[Header.SETUP_SECTORS];
  const start = (sectors + 1) * SECTOR;
  if (start >= bytes.length) return `is truncated: its code starts at byte ${start}, it has ${bytes.length}`;
  return {
    setup: bytes.subarray(Header.SETUP_SECTORS, Math.min(HEADER_END + bytes[Header.JUMP_LENGTH], start)), code: bytes.subarray(start),
    initBytes: view.getUint32(Header.INIT_BYTES, true), commandLineBytes: view.getUint32(Header.COMMAND_LINE_BYTES, true), initrdEnd: view.getUint32(Header.INITRD_MAX, true) + 1,
  };
}

/** The kernel's size in 16-byte units is in the setup header (syssize): a file that has less was cut off. */
function missingBytes(bytes: Uint8Array, kernel: Kernel): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const announced = view.getUint32(Header.CODE_PARAGRAPHS, true) * PARAGRAPH;
  return Math.max(0, announced - kernel.code.length - (PARAGRAPH - 1));
}

function check(image: LinuxImage, kernel: Kernel, ramBytes: number): string | undefined {
  const missing = missingBytes(image.bytes, kernel);
  if (missing > 0) return `is truncated: ${missing} bytes of its code are missing`;
  const needed = KERNEL_ADDRESS + Math.max(kernel.code.length, kernel.initBytes) + (image.initrd?.length ?? 0) + PAGE;
  if (needed > ramBytes) return `needs at least ${Math.ceil(needed / MIB)} MiB of memory with its initial RAM disk, the guest has ${Math.floor(ramBytes / MIB)}; give it more`;
  const longest = Math.min(kernel.commandLineBytes, LOW_MEMORY_END - COMMAND_LINE_ADDRESS - 1);
  if ((image.commandLine?.length ?? 0) > longest) return `takes a command line of at most ${longest} characters`;
  return undefined;
}

function parameterPage(image: LinuxImage, kernel: Kernel, ramBytes: number, initrdAddress: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  const view = new DataView(page.buffer);
  page.set(kernel.setup, Header.SETUP_SECTORS);
  page[Header.LOADER] = OTHER_LOADER;
  view.setUint32(Header.COMMAND_LINE, COMMAND_LINE_ADDRESS, true);
  view.setUint32(Header.INITRD, image.initrd === undefined ? 0 : initrdAddress, true);
  view.setUint32(Header.INITRD_BYTES, image.initrd?.length ?? 0, true);
  view.setUint32(Parameter.EXTENDED_MEMORY, (ramBytes - MIB) / KIB, true);
  const map = memoryMap(ramBytes);
  page[Parameter.MAP_ENTRIES] = map.length;
  map.forEach(([start, bytes, type], index) => {
    const at = Parameter.MAP + index * MEMORY_MAP_ENTRY_BYTES;
    view.setUint32(at, start, true);
    view.setUint32(at + 8, bytes, true);
    view.setUint32(at + 16, type, true);
  });
  return page;
}

const START: Omit<GuestStart, 'entry'> = {
  registers: [[Register.ESI, PARAMETERS_ADDRESS]], codeSelector: CODE_SELECTOR, dataSelector: DATA_SELECTOR,
  descriptorTable: { base: GDT_ADDRESS, limit: DESCRIPTORS.length * 4 - 1 },
};

/** Places a bzImage, its command line and its initial RAM disk in zeroed guest memory of `ramBytes` bytes. */
export function loadLinux(image: LinuxImage, ramBytes: number, write: WriteMemory): LoadedGuest {
  const kernel = parse(image.bytes);
  const problem = typeof kernel === 'string' ? kernel : check(image, kernel, ramBytes);
  if (typeof kernel === 'string' || problem !== undefined) return { ok: false, problem: `${image.name} ${String(problem)}` };
  write(GDT_ADDRESS, new Uint8Array(Uint32Array.from(DESCRIPTORS).buffer));
  write(KERNEL_ADDRESS, kernel.code);
  write(COMMAND_LINE_ADDRESS, encodeText(image.commandLine ?? ''));
  const end = Math.min(ramBytes, kernel.initrdEnd);
  const initrdAddress = Math.floor((end - (image.initrd?.length ?? 0)) / PAGE) * PAGE;
  if (image.initrd !== undefined) write(initrdAddress, image.initrd);
  write(PARAMETERS_ADDRESS, parameterPage(image, kernel, ramBytes, initrdAddress));
  return { ok: true, entry: KERNEL_ADDRESS, ...START };
}
