import type { FirmwareHost } from './firmware-host.js';

/** Physical address of the BIOS data area (IBM PC/AT Technical Reference, "BIOS Data Area"). */
export const BIOS_DATA_ADDRESS = 0x400;
/** The extended BIOS data area, the last kilobyte below 640 KB. */
export const EXTENDED_DATA_ADDRESS = 0x9fc00;
export const EXTENDED_DATA_KIB = 1;
export const BASE_MEMORY_KIB = 639;

/** Offsets in the BIOS data area. */
export const BiosData = {
  SERIAL_PORTS: 0x00, EXTENDED_DATA_SEGMENT: 0x0e, EQUIPMENT: 0x10, MEMORY_KIB: 0x13, SHIFT_FLAGS: 0x17, KEY_HEAD: 0x1a, KEY_TAIL: 0x1c, KEY_BUFFER: 0x1e,
  KEY_BUFFER_END: 0x3e, VIDEO_MODE: 0x49, COLUMNS: 0x4a, PAGE_BYTES: 0x4c, PAGE_START: 0x4e, CURSORS: 0x50, CURSOR_SHAPE: 0x60, ACTIVE_PAGE: 0x62, CRTC_PORT: 0x63,
  TICKS: 0x6c, MIDNIGHT: 0x70, DISK_STATUS: 0x74, DISKS: 0x75, KEY_BUFFER_START_POINTER: 0x80, KEY_BUFFER_END_POINTER: 0x82, LAST_ROW: 0x84, CHARACTER_HEIGHT: 0x85,
  VIDEO_CONTROL: 0x87, VIDEO_SWITCHES: 0x88, VIDEO_FLAGS: 0x89, DISK_INTERRUPT: 0x8e, KEYBOARD_MODE: 0x96,
} as const;

/** The BIOS data area in guest memory: services keep all they know there, so that guests may look at it and change it. */
export class BiosDataArea {
  constructor(private readonly host: FirmwareHost) {}

  byte(offset: number): number {
    return this.host.readPhysical(BIOS_DATA_ADDRESS + offset, 1)[0];
  }
  word(offset: number): number {
    const [low, high] = this.host.readPhysical(BIOS_DATA_ADDRESS + offset, 2);
    return low | (high << 8);
  }
  /** 32 bits, unsigned. */
  long(offset: number): number {
    return this.word(offset) + this.word(offset + 2) * 0x10000;
  }
  setByte(offset: number, value: number): void {
    this.host.writePhysical(BIOS_DATA_ADDRESS + offset, Uint8Array.of(value));
  }
  setWord(offset: number, value: number): void {
    this.host.writePhysical(BIOS_DATA_ADDRESS + offset, Uint8Array.of(value, value >>> 8));
  }
  setLong(offset: number, value: number): void {
    this.host.writePhysical(BIOS_DATA_ADDRESS + offset, Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }
}
