/** The physical memory map of a PC as firmware reports it (ACPI specification 2.0, section 14.1) and as boot loaders hand it on. */

const KIB = 1024;
const MIB = KIB * KIB;
/** Base memory ends below the extended BIOS data area. */
export const LOW_MEMORY_END = 0x9fc00;
const BIOS_START = 0xf0000;
export const MapType = { RAM: 1, RESERVED: 2 } as const;
export const MEMORY_MAP_ENTRY_BYTES = 20;

/** Ranges of a machine with `ramBytes` bytes of memory, more than 1 MB. */
export function memoryMap(ramBytes: number): readonly (readonly [start: number, bytes: number, type: number])[] {
  return [
    [0, LOW_MEMORY_END, MapType.RAM], [LOW_MEMORY_END, 640 * KIB - LOW_MEMORY_END, MapType.RESERVED], [BIOS_START, MIB - BIOS_START, MapType.RESERVED],
    [MIB, ramBytes - MIB, MapType.RAM],
  ];
}
