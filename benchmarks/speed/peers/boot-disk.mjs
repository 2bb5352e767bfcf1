// A disk that boots a multiboot guest, for machines that cannot load one by themselves.
import { readFileSync } from 'node:fs';

const BOOT_SECTOR = new URL('boot-sector.bin', import.meta.url);
const SECTOR_BYTES = 512;
/** boot-sector.S: what it reads behind itself, and where to. */
const SECTORS_READ = 63;
const PLAN = 0x10000;
const INFORMATION_OFFSET = 256;
const COMMAND_LINE_OFFSET = 320;
/** Multiboot Specification 0.6.96, section 3.3: flag 2 and where the command line's address is. */
const HAS_COMMAND_LINE = 4;
const COMMAND_LINE_FIELD = 16;
/** The smallest disk that a BIOS of its time likes: cylinders, heads, sectors. */
export const GEOMETRY = { cylinders: 20, heads: 16, sectors: 63 };
/** ELF 1.2, part 1: loadable segments of a 32-bit file. */
const LOADABLE = 1;
const PROGRAM_HEADERS = 28;
const ENTRY = 24;
const PROGRAM_HEADER_BYTES = 42;

function segmentsOf(image) {
  const [start, size, count] = [image.readUInt32LE(PROGRAM_HEADERS), image.readUInt16LE(PROGRAM_HEADER_BYTES), image.readUInt16LE(PROGRAM_HEADER_BYTES + 2)];
  return Array.from({ length: count }, (_, index) => image.subarray(start + index * size)).filter((header) => header.readUInt32LE(0) === LOADABLE)
    .map((header) => ({ offset: header.readUInt32LE(4), target: header.readUInt32LE(12), fileBytes: header.readUInt32LE(16), memoryBytes: header.readUInt32LE(20) }));
}

/** The sector that says what goes where. */
function planOf(image, commandLine) {
  const plan = Buffer.alloc(SECTOR_BYTES);
  const segments = segmentsOf(image);
  const words = segments.flatMap(({ offset, target, fileBytes, memoryBytes }) => [PLAN + SECTOR_BYTES + offset, target, fileBytes, memoryBytes]);
  for (const [index, word] of [image.readUInt32LE(ENTRY), segments.length, ...words].entries()) plan.writeUInt32LE(word, 4 * index);
  plan.writeUInt32LE(HAS_COMMAND_LINE, INFORMATION_OFFSET);
  plan.writeUInt32LE(PLAN + COMMAND_LINE_OFFSET, INFORMATION_OFFSET + COMMAND_LINE_FIELD);
  plan.write(commandLine, COMMAND_LINE_OFFSET, 'latin1');
  return plan;
}

/** The bytes of a disk of `GEOMETRY`. Throws if the image is larger than the boot sector reads. */
export function bootDisk(image, commandLine) {
  if (image.length > (SECTORS_READ - 1) * SECTOR_BYTES) throw new RangeError(`an image of ${image.length} bytes is too large for the boot sector`);
  const disk = Buffer.alloc(GEOMETRY.cylinders * GEOMETRY.heads * GEOMETRY.sectors * SECTOR_BYTES);
  disk.set(readFileSync(BOOT_SECTOR), 0);
  disk.set(planOf(image, commandLine), SECTOR_BYTES);
  disk.set(image, 2 * SECTOR_BYTES);
  return disk;
}
