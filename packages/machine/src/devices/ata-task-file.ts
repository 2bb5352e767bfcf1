/** The task file: the registers by which a host names sectors, and the two ways in which it does so. */
import type { Geometry } from './ata-identify.js';
import { DeviceHead, Register } from './ata-registers.js';

const REGISTERS = 8;
const MOST_SECTORS = 256;
/** A cylinder-head-sector address that the geometry does not have. */
export const NOWHERE = Infinity;

export class TaskFile {
  /** What the host last wrote, or the drive left, by register; the error and status registers, which share ports with others, are apart. */
  private readonly registers = new Uint8Array(REGISTERS);

  constructor() {
    this.putSignature();
  }

  get(register: number): number {
    return this.registers[register];
  }

  set(register: number, value: number): void {
    this.registers[register] = value;
  }

  /** How many sectors the host asks for; the register's 0 is 256. */
  get sectorCount(): number {
    const count = this.registers[Register.SECTOR_COUNT];
    return count === 0 ? MOST_SECTORS : count;
  }

  /** By these register contents a host tells a disk from a PACKET device. */
  putSignature(): void {
    this.registers.fill(0);
    this.registers[Register.SECTOR_COUNT] = 1;
    this.registers[Register.SECTOR_NUMBER] = 1;
  }

  /** The sector that the registers name, or NOWHERE. A 28-bit block address may lie beyond the disk. */
  addressedSector(geometry: Geometry): number {
    const { registers } = this;
    const low = registers[Register.SECTOR_NUMBER];
    const middle = registers[Register.CYLINDER_LOW] | (registers[Register.CYLINDER_HIGH] << 8);
    const head = registers[Register.DEVICE_HEAD] & DeviceHead.HEAD;
    if (this.usesBlockAddresses()) return low | (middle << 8) | (head << 24);
    // Sectors count from 1.
    if (low === 0 || low > geometry.sectorsPerTrack || head >= geometry.heads || middle >= geometry.cylinders) return NOWHERE;
    return (middle * geometry.heads + head) * geometry.sectorsPerTrack + low - 1;
  }

  /** Names a sector in the way in which the host named the last one. */
  putAddress(lba: number, geometry: Geometry): void {
    if (this.usesBlockAddresses()) {
      this.putFields(lba, lba >> 8, lba >> 24);
      return;
    }
    const track = Math.floor(lba / geometry.sectorsPerTrack);
    this.putFields((lba % geometry.sectorsPerTrack) + 1, Math.floor(track / geometry.heads), track % geometry.heads);
  }

  private usesBlockAddresses(): boolean {
    return (this.registers[Register.DEVICE_HEAD] & DeviceHead.LBA) !== 0;
  }

  /** The array keeps the low byte of what it is given. */
  private putFields(sector: number, cylinder: number, head: number): void {
    const { registers } = this;
    registers[Register.SECTOR_NUMBER] = sector;
    registers[Register.CYLINDER_LOW] = cylinder;
    registers[Register.CYLINDER_HIGH] = cylinder >> 8;
    registers[Register.DEVICE_HEAD] = (registers[Register.DEVICE_HEAD] & ~DeviceHead.HEAD) | (head & DeviceHead.HEAD);
  }
}
