/** The answer to IDENTIFY DEVICE: who the drive is, its geometry, and what it can do (the words as ATA-4 and its neighbours list them). */
import { SECTOR_BYTES } from './block-store.js';

/** Sectors that one interrupt of READ MULTIPLE or WRITE MULTIPLE can transfer. */
export const MOST_MULTIPLE_SECTORS = 16;
/** A 28-bit address and the count of sectors in words 60 and 61 end here. */
export const MOST_LBA28_SECTORS = 0x0fffffff;

const MOST_CYLINDERS = 16383;
const MOST_HEADS = 16;
const MOST_SECTORS_PER_TRACK = 63;
const LARGEST_CYLINDER_COUNT = 0xffff;

/** Cylinders, heads and sectors as a guest addresses them; real drives have long ceased to look like that inside. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** The translation after power-on: what drives of its size report, shrunk for tiny ones so that it never exceeds the disk. */
export function defaultGeometry(sectors: number): Geometry {
  const sectorsPerTrack = Math.min(MOST_SECTORS_PER_TRACK, sectors);
  const heads = Math.min(MOST_HEADS, Math.floor(sectors / sectorsPerTrack));
  return { cylinders: Math.min(MOST_CYLINDERS, Math.floor(sectors / (heads * sectorsPerTrack))), heads, sectorsPerTrack };
}

/** The translation that INITIALIZE DEVICE PARAMETERS asks for; both arguments at least 1. */
export function geometryFor(sectors: number, heads: number, sectorsPerTrack: number): Geometry {
  return { cylinders: Math.min(LARGEST_CYLINDER_COUNT, Math.floor(sectors / (heads * sectorsPerTrack))), heads, sectorsPerTrack };
}

/** What a guest can switch, as IDENTIFY reports it back. */
export interface DriveSettings {
  readonly current: Geometry;
  /** Sectors of a multiple transfer; 0 while those commands are off. */
  readonly multiple: number;
  readonly writeCache: boolean;
  readonly lookAhead: boolean;
}

const Field = {
  CONFIGURATION: 0, CYLINDERS: 1, HEADS: 3, SECTORS_PER_TRACK: 6, SERIAL_NUMBER: 10, FIRMWARE: 23, MODEL: 27, MOST_MULTIPLE: 47,
  DOUBLEWORD_IO: 48, CAPABILITIES: 49, CAPABILITIES_2: 50, PIO_TIMING: 51, VALIDITY: 53, CURRENT_CYLINDERS: 54, CURRENT_HEADS: 55,
  CURRENT_SECTORS_PER_TRACK: 56, CURRENT_CAPACITY: 57, MULTIPLE: 59, LBA_SECTORS: 60, PIO_MODES: 64, PIO_CYCLE: 67, PIO_CYCLE_IORDY: 68,
  MAJOR_VERSION: 80, COMMAND_SETS: 82, COMMAND_SETS_2: 83, COMMAND_SETS_3: 84, ENABLED: 85, ENABLED_2: 86, ENABLED_3: 87,
} as const;
const SERIAL_NUMBER_CHARACTERS = 20;
const FIRMWARE_CHARACTERS = 8;
const MODEL_CHARACTERS = 40;

const FIXED_DRIVE = 0x0040;
const MULTIPLE_MARK = 0x8000;
const MULTIPLE_VALID = 0x0100;
/** LBA and IORDY; no DMA, no standard standby timer. */
const CAPABILITIES = 0x0a00;
/** Bit 14 set and bit 15 clear mark a word that the drive filled in. */
const FILLED_IN = 0x4000;
const PIO_TIMING_2 = 0x0200;
/** Words 54 to 58 and 64 to 70. */
const VALID_WORDS = 0x0003;
/** PIO modes 3 and 4, and the cycle time of mode 4 in ns. */
const PIO_3_AND_4 = 0x0003;
const PIO_4_CYCLE = 120;
/** ATA-1 to ATA-4. */
const VERSIONS = 0x001e;
const CommandSet = { POWER_MANAGEMENT: 0x0008, WRITE_CACHE: 0x0020, LOOK_AHEAD: 0x0040 } as const;
/** Word 83; the standards after ATA-4 tell by it that FLUSH CACHE is there. */
const FLUSH_CACHE = 0x1000;

/** ATA strings are padded with spaces and have the first of two characters in the word's high byte. */
function putString(view: DataView, word: number, characters: number, text: string): void {
  for (let i = 0; i < characters; i++) view.setUint8(word * 2 + (i ^ 1), i < text.length ? text.charCodeAt(i) : 0x20);
}

function putLong(view: DataView, word: number, value: number): void {
  view.setUint32(word * 2, value, true);
}

function putGeometry(put: (word: number, value: number) => void, native: Geometry, current: Geometry): void {
  put(Field.CYLINDERS, native.cylinders);
  put(Field.HEADS, native.heads);
  put(Field.SECTORS_PER_TRACK, native.sectorsPerTrack);
  put(Field.CURRENT_CYLINDERS, current.cylinders);
  put(Field.CURRENT_HEADS, current.heads);
  put(Field.CURRENT_SECTORS_PER_TRACK, current.sectorsPerTrack);
}

function putCommandSets(put: (word: number, value: number) => void, settings: DriveSettings): void {
  const { POWER_MANAGEMENT, WRITE_CACHE, LOOK_AHEAD } = CommandSet;
  put(Field.COMMAND_SETS, POWER_MANAGEMENT | WRITE_CACHE | LOOK_AHEAD);
  put(Field.COMMAND_SETS_2, FILLED_IN | FLUSH_CACHE);
  put(Field.COMMAND_SETS_3, FILLED_IN);
  put(Field.ENABLED, POWER_MANAGEMENT | (settings.writeCache ? WRITE_CACHE : 0) | (settings.lookAhead ? LOOK_AHEAD : 0));
  put(Field.ENABLED_2, FLUSH_CACHE);
  put(Field.ENABLED_3, FILLED_IN);
}

/**
 * Fills the first 512 bytes of `buffer`.
 * @param unit 0 for the master, 1 for the slave; it makes the serial number.
 */
export function identifyDevice(buffer: Uint8Array, unit: number, sectors: number, settings: DriveSettings): void {
  buffer.fill(0, 0, SECTOR_BYTES);
  const view = new DataView(buffer.buffer, buffer.byteOffset, SECTOR_BYTES);
  const put = (word: number, value: number): void => view.setUint16(word * 2, value, true);
  const { current } = settings;
  put(Field.CONFIGURATION, FIXED_DRIVE);
  putGeometry(put, defaultGeometry(sectors), current);
  putLong(view, Field.CURRENT_CAPACITY, current.cylinders * current.heads * current.sectorsPerTrack);
  putLong(view, Field.LBA_SECTORS, sectors);
  putString(view, Field.SERIAL_NUMBER, SERIAL_NUMBER_CHARACTERS, `RB${unit}`);
  putString(view, Field.FIRMWARE, FIRMWARE_CHARACTERS, '1.0');
  putString(view, Field.MODEL, MODEL_CHARACTERS, 'RINGBENCH DISK');
  put(Field.MOST_MULTIPLE, MULTIPLE_MARK | MOST_MULTIPLE_SECTORS);
  put(Field.MULTIPLE, settings.multiple === 0 ? 0 : MULTIPLE_VALID | settings.multiple);
  put(Field.DOUBLEWORD_IO, 1);
  put(Field.CAPABILITIES, CAPABILITIES);
  put(Field.CAPABILITIES_2, FILLED_IN);
  put(Field.PIO_TIMING, PIO_TIMING_2);
  put(Field.VALIDITY, VALID_WORDS);
  put(Field.PIO_MODES, PIO_3_AND_4);
  put(Field.PIO_CYCLE, PIO_4_CYCLE);
  put(Field.PIO_CYCLE_IORDY, PIO_4_CYCLE);
  put(Field.MAJOR_VERSION, VERSIONS);
  putCommandSets(put, settings);
}
