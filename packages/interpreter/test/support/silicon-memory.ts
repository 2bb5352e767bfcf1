/** The memory of the single-instruction cases, the same as in scripts/oracle/step.c. */

export const PAGE = 0x1000;
export const CODE_AT = 0x20000800;

/** Pages of a case; the first two exist only where the host allows memory below 64 KiB. What is between is not present. */
export const AREAS = [
  { page: 0x8000, writable: true, low: true }, { page: 0x9000, writable: true, low: true },
  { page: 0x40000000, writable: true, low: false }, { page: 0x40001000, writable: true, low: false },
  { page: 0x40003000, writable: true, low: false }, { page: 0x40004000, writable: false, low: false },
] as const;

const pageOf = (address: number): number => (address & -PAGE) >>> 0;
const areaOf = (address: number): (typeof AREAS)[number] | undefined => AREAS.find(({ page }) => page === pageOf(address));

/** The first byte of an access whose page is such that it faults: what CR2 is then (SDM vol. 3, 4.7). Undefined where none is. */
function firstByte(address: number, bytes: number, faults: (at: number) => boolean): number | undefined {
  const last = (address + bytes - 1) >>> 0;
  if (faults(address)) return address >>> 0;
  return pageOf(last) !== pageOf(address) && faults(last) ? pageOf(last) : undefined;
}

/** CR2 of a read of some bytes in user mode, or undefined where all of them can be read. Only the code's page is readable beside the areas. */
export function faultOfRead(address: number, bytes: number): number | undefined {
  return firstByte(address, bytes, (at) => areaOf(at) === undefined && pageOf(at) !== pageOf(CODE_AT));
}

/** CR2 of a write of some readable bytes in user mode, or undefined where all of them can be written. */
export function faultOfWrite(address: number, bytes: number): number | undefined {
  return firstByte(address, bytes, (at) => areaOf(at)?.writable !== true);
}
