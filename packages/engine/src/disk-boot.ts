import { Register, Segment, storeSegmentRegister, Word } from '@ringbench/isa';
import { SECTOR_BYTES, type BlockStore } from '@ringbench/machine';
import { Bios, buildBiosRom, hasBootSignature, ROM_ADDRESS } from './bios/index.js';
import type { DiskImage } from './engine.js';
import type { GuestHost } from './guest-host.js';

/**
 * Boots a disk as a PC's BIOS does: its first sector at 0000:7C00, with the drive's number in DL and the services of src/bios. The machine is as that BIOS leaves
 * it, address line 20 enabled and interrupts on.
 */

const MIB = 1 << 20;
const BOOT_ADDRESS = 0x7c00;
const FIRST_FIXED_DISK = 0x80;
/** The stack grows down from the boot sector. */
const STACK_TOP = BOOT_ADDRESS;
const REAL_LIMIT = 0xffff;
const REAL_ACCESS = 0x93;
const INTERRUPTS_ON = 0x200;

/** What keeps it from being booted, or undefined. */
export function loadDisk(image: DiskImage, host: GuestHost, stores: readonly BlockStore[]): string | undefined {
  if (image.bytes.length < SECTOR_BYTES) return `${image.name} is no bootable disk: it has ${image.bytes.length} bytes, a boot sector has ${SECTOR_BYTES}`;
  const sector = image.bytes.subarray(0, SECTOR_BYTES);
  if (!hasBootSignature(sector)) return `${image.name} is no bootable disk: its first sector does not end in 55 AA`;
  if (host.ramBytes < MIB) return `${image.name} needs a machine with at least 1 MiB of memory`;
  host.reset();
  const rom = buildBiosRom();
  host.addRom(ROM_ADDRESS, rom.bytes, [0x1_0000_0000 - rom.bytes.length]);
  const bios = new Bios(host, host.ramBytes, stores);
  bios.attach();
  bios.initialize(rom);
  host.writePhysical(BOOT_ADDRESS, sector);
  enterBootSector(host);
  return undefined;
}

function enterBootSector({ processor }: GuestHost): void {
  const { state } = processor;
  for (const segment of [Segment.ES, Segment.CS, Segment.SS, Segment.DS, Segment.FS, Segment.GS]) storeSegmentRegister(processor, segment, 0, 0, REAL_LIMIT, REAL_ACCESS);
  state[Register.EDX] = FIRST_FIXED_DISK;
  state[Register.ESP] = STACK_TOP;
  state[Word.EIP] = BOOT_ADDRESS;
  state[Word.FLAG_SYSTEM] |= INTERRUPTS_ON;
}
