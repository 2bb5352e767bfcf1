import { ROM_BYTES } from '@ringbench/machine';
import type { Rom, RomImage } from './engine.js';
import type { GuestHost } from './guest-host.js';

/** Other people's firmware: ROMs at their addresses, and the processor after RESET, which fetches its first instruction 16 bytes below 4 GB. */

const PAGE = 4096;
const MIB = 1 << 20;
const FOUR_GIB = 0x1_0000_0000;
const RESET_VECTOR = 0xfffffff0;
const LOW_RESET_VECTOR = 0xffff0;
/** Boards decode the last ROM of the first megabyte at the top of the address space too, where the processor starts. */
const SHADOW_OF_LOW_ROM = FOUR_GIB - MIB;

const hex = (value: number): string => `${value.toString(16).toUpperCase()}h`;

function wholePages({ bytes }: Rom): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / PAGE) * PAGE).fill(0xff);
  padded.set(bytes);
  return padded;
}

interface Placed {
  readonly rom: Rom;
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly aliases: readonly number[];
}

function place(rom: Rom): Placed {
  const bytes = wholePages(rom);
  const end = rom.address + bytes.length;
  return { rom, bytes, end, aliases: end === MIB ? [rom.address + SHADOW_OF_LOW_ROM] : [] };
}

function problemOf({ rom, bytes, end }: Placed, ramBytes: number): string | undefined {
  const { name, address } = rom;
  if (bytes.length === 0) return `${name} is an empty ROM`;
  if (!Number.isInteger(address) || address < 0 || address % PAGE !== 0) return `${name} cannot lie at ${hex(address)}: a ROM starts at a multiple of ${hex(PAGE)}`;
  if (end > FOUR_GIB) return `${name} ends at ${hex(end)}, beyond 4 GB`;
  if (address < ramBytes && end > ramBytes) return `${name}, from ${hex(address)} to ${hex(end)}, lies across the end of memory at ${hex(ramBytes)}`;
  return undefined;
}

/** Ranges of physical memory that a ROM takes. */
const rangesOf = (placed: Placed): readonly (readonly [number, number])[] => [placed.rom.address, ...placed.aliases].map((start) => [start, start + placed.bytes.length]);

function overlap(placed: readonly Placed[]): string | undefined {
  const taken = placed.flatMap((each) => rangesOf(each).map(([start, end]) => ({ each, start, end })));
  for (const a of taken) {
    const b = taken.find((other) => other !== a && a.start < other.end && other.start < a.end);
    if (b !== undefined) return `${a.each.rom.name} and ${b.each.rom.name} overlap at ${hex(Math.max(a.start, b.start))}`;
  }
  return undefined;
}

/**
 * A ROM for the top of the address space takes the place of the low one's shadow there, as it would on a board that has both.
 */
function withoutHiddenShadows(placed: readonly Placed[]): readonly Placed[] {
  const isTaken = (start: number, end: number): boolean => placed.some(({ rom, end: last }) => rom.address < end && start < last);
  return placed.map((each) => ({ ...each, aliases: each.aliases.filter((start) => !isTaken(start, start + each.bytes.length)) }));
}

/** What is wrong with the ROMs, or undefined when they are in place and the machine is reset. */
export function loadRoms(image: RomImage, host: GuestHost): string | undefined {
  const placed = withoutHiddenShadows(image.roms.map(place));
  for (const each of placed) {
    const problem = problemOf(each, host.ramBytes);
    if (problem !== undefined) return problem;
  }
  const clash = overlap(placed);
  if (clash !== undefined) return clash;
  const startsThere = placed.some((each) => rangesOf(each).some(([start, end]) => start <= RESET_VECTOR && RESET_VECTOR < end));
  const beyond = placed.reduce((sum, { rom, bytes }) => sum + (rom.address < host.ramBytes ? 0 : bytes.length), 0);
  if (beyond > ROM_BYTES) return `${image.name} has ${hex(beyond)} bytes of ROM beyond the end of memory; the machine has room for ${hex(ROM_BYTES)}`;
  if (!startsThere) return `${image.name} has no ROM at the reset vector, ${hex(LOW_RESET_VECTOR)} or ${hex(RESET_VECTOR)}, where the processor starts`;
  host.reset();
  for (const { rom, bytes, aliases } of placed) host.addRom(rom.address, bytes, aliases);
  return undefined;
}
