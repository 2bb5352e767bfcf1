import { Register } from '@ringbench/isa';
import { SECTOR_BYTES, type BlockStore } from '@ringbench/machine';
import { BiosData, type BiosDataArea } from './bios-data.js';
import type { FirmwareHost } from './firmware-host.js';
import { ServiceCall } from './service-call.js';

/**
 * INT 13h for fixed disks (IBM PC/AT Technical Reference, "Fixed Disk I/O") with the packet functions of Phoenix's Enhanced Disk Drive Specification 1.1. It reads
 * and writes the stores of the ATA drives without going through their ports, at once in guest time: a transfer takes no instruction of the guest's.
 */

export const FIRST_FIXED_DISK = 0x80;
const Status = { SUCCESS: 0x00, INVALID: 0x01, NOT_FOUND: 0x04, UNREADABLE: 0x10 } as const;
const MOST_SECTORS = 128;
const MOST_CYLINDERS = 1024;
const SECTORS_PER_TRACK = 63;
/** Heads that BIOSes try in turn until the cylinders fit ten bits. */
const HEADS = [16, 32, 64, 128, 255];
const SECTOR_NUMBER = 0x3f;
const CYLINDER_HIGH_SHIFT = 2;
const FIXED_DISK_TYPE = 3;
/** Extensions: what BX asks with and is answered with, version 1.1, and that the packet functions are there. */
const EXTENSIONS_QUERY = 0x55aa;
const EXTENSIONS_PRESENT = 0xaa55;
const EXTENSIONS_VERSION = 0x01;
const PACKET_FUNCTIONS = 0x01;
/** Disk address packet: size, count, buffer, first sector; and with a buffer pointer of ones, a flat 64-bit address. */
const Packet = { BYTES: 0x10, COUNT: 2, OFFSET: 4, SEGMENT: 6, SECTOR: 8, FLAT: 0x10, FLAT_BYTES: 0x18 } as const;
const NO_POINTER = 0xffff;
const PARAMETERS_BYTES = 0x1a;
const GEOMETRY_VALID = 2;
const TWO_TO_32 = 0x1_0000_0000;
const DISK_INTERRUPT_HAPPENED = 0xff;

type Operation = 'read' | 'write' | 'verify';

export interface BiosGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** The translation by which CHS addresses reach as much of the disk as they can; a disk too small for one cylinder gets a smaller one. */
export function biosGeometry(sectors: number): BiosGeometry {
  const sectorsPerTrack = Math.min(SECTORS_PER_TRACK, sectors);
  const tracks = Math.floor(sectors / sectorsPerTrack);
  const heads = Math.min(HEADS.find((count) => tracks / count <= MOST_CYLINDERS) ?? 255, tracks);
  return { cylinders: Math.min(MOST_CYLINDERS, Math.floor(tracks / heads)), heads, sectorsPerTrack };
}

export class DiskServices {
  private readonly services: Readonly<Record<number, (call: ServiceCall, store: BlockStore) => number>> = {
    0x00: () => Status.SUCCESS,
    0x01: () => this.data.byte(BiosData.DISK_STATUS),
    0x02: (call, store) => this.transferTracks(call, store, 'read'),
    0x03: (call, store) => this.transferTracks(call, store, 'write'),
    0x04: (call, store) => this.transferTracks(call, store, 'verify'),
    0x08: (call, store) => this.getParameters(call, store),
    0x09: () => Status.SUCCESS,
    0x0c: () => Status.SUCCESS,
    0x0d: () => Status.SUCCESS,
    0x10: () => Status.SUCCESS,
    0x11: () => Status.SUCCESS,
    0x14: () => Status.SUCCESS,
    0x15: (call, store) => this.getType(call, store),
    0x41: (call) => this.getExtensions(call),
    0x42: (call, store) => this.transferPacket(call, store, 'read'),
    0x43: (call, store) => this.transferPacket(call, store, 'write'),
    0x44: (call, store) => this.transferPacket(call, store, 'verify'),
    0x47: (call, store) => this.transferPacket(call, store, 'verify'),
    0x48: (call, store) => this.getExtendedParameters(call, store),
  };

  constructor(private readonly host: FirmwareHost, private readonly data: BiosDataArea, private readonly disks: readonly BlockStore[]) {}

  initialize(): void {
    this.data.setByte(BiosData.DISKS, this.disks.length);
  }

  /** IRQ 14: tells who polls the data area. */
  interrupt(): void {
    this.data.setByte(BiosData.DISK_INTERRUPT, DISK_INTERRUPT_HAPPENED);
  }

  serve(call: ServiceCall): void {
    const store: BlockStore | undefined = this.disks[call.dl - FIRST_FIXED_DISK];
    const service = this.services[call.ah];
    const asked = call.ah;
    if (asked === 0x15 && store === undefined) {
      call.ah = 0; // no such drive, which is no error
      call.carry = false;
      return;
    }
    const status = store === undefined || service === undefined ? Status.INVALID : service(call, store);
    if (asked !== 0x01) this.data.setByte(BiosData.DISK_STATUS, status);
    call.carry = status !== Status.SUCCESS;
    // Two functions answer in AH itself.
    if (status !== Status.SUCCESS || (asked !== 0x15 && asked !== 0x41)) call.ah = status;
  }

  private transferTracks(call: ServiceCall, store: BlockStore, operation: Operation): number {
    const count = call.al;
    const { cylinders, heads, sectorsPerTrack } = biosGeometry(store.sectors);
    const cylinder = call.ch | ((call.cl & ~SECTOR_NUMBER) << CYLINDER_HIGH_SHIFT);
    const sector = call.cl & SECTOR_NUMBER;
    if (count === 0 || count > MOST_SECTORS) return this.failTracks(call, Status.INVALID);
    const isThere = cylinder < cylinders && call.dh < heads && sector >= 1 && sector <= sectorsPerTrack;
    const first = (cylinder * heads + call.dh) * sectorsPerTrack + sector - 1;
    if (!isThere || first + count > store.sectors) return this.failTracks(call, Status.NOT_FOUND);
    return this.transfer(store, first, count, ServiceCall.address(call.es, call.bx), operation) ? Status.SUCCESS : this.failTracks(call, Status.UNREADABLE);
  }
  private failTracks(call: ServiceCall, status: number): number {
    call.al = 0;
    return status;
  }

  /** False when the medium cannot. */
  private transfer(store: BlockStore, first: number, count: number, address: number, operation: Operation): boolean {
    if (operation === 'verify') return true;
    if (operation === 'write') return store.write(first, count, this.host.readPhysical(address, count * SECTOR_BYTES));
    const bytes = new Uint8Array(count * SECTOR_BYTES);
    if (!store.read(first, count, bytes)) return false;
    this.host.writePhysical(address, bytes);
    return true;
  }

  private getParameters(call: ServiceCall, store: BlockStore): number {
    const { cylinders, heads, sectorsPerTrack } = biosGeometry(store.sectors);
    const lastCylinder = cylinders - 1;
    call.al = 0;
    call.ch = lastCylinder;
    call.cl = sectorsPerTrack | ((lastCylinder >> CYLINDER_HIGH_SHIFT) & ~SECTOR_NUMBER);
    call.dh = heads - 1;
    call.dl = this.disks.length;
    return Status.SUCCESS;
  }

  private getType(call: ServiceCall, store: BlockStore): number {
    const { cylinders, heads, sectorsPerTrack } = biosGeometry(store.sectors);
    const sectors = cylinders * heads * sectorsPerTrack;
    call.ah = FIXED_DISK_TYPE;
    call.cx = sectors >>> 16;
    call.dx = sectors;
    return Status.SUCCESS;
  }

  private getExtensions(call: ServiceCall): number {
    if (call.bx !== EXTENSIONS_QUERY) return Status.INVALID;
    call.ah = EXTENSIONS_VERSION;
    call.bx = EXTENSIONS_PRESENT;
    call.cx = PACKET_FUNCTIONS;
    return Status.SUCCESS;
  }

  private transferPacket(call: ServiceCall, store: BlockStore, operation: Operation): number {
    const at = ServiceCall.address(call.ds, call.si);
    const view = new DataView(this.host.readPhysical(at, Packet.FLAT_BYTES).buffer);
    if (view.getUint8(0) < Packet.BYTES) return Status.INVALID;
    const count = view.getUint16(Packet.COUNT, true);
    const first = view.getUint32(Packet.SECTOR, true) + view.getUint32(Packet.SECTOR + 4, true) * TWO_TO_32;
    const fail = (status: number): number => {
      this.host.writePhysical(at + Packet.COUNT, Uint8Array.of(0, 0));
      return status;
    };
    if (count === 0 || count > MOST_SECTORS) return fail(Status.INVALID);
    if (first + count > store.sectors) return fail(Status.NOT_FOUND);
    const [offset, segment] = [view.getUint16(Packet.OFFSET, true), view.getUint16(Packet.SEGMENT, true)];
    const isFlat = offset === NO_POINTER && segment === NO_POINTER && view.getUint8(0) >= Packet.FLAT_BYTES;
    if (isFlat && view.getUint32(Packet.FLAT + 4, true) !== 0) return Status.INVALID;
    const buffer = isFlat ? view.getUint32(Packet.FLAT, true) : ServiceCall.address(segment, offset);
    return this.transfer(store, first, count, buffer, operation) ? Status.SUCCESS : fail(Status.UNREADABLE);
  }

  /** DS:SI, a buffer whose first word is its size. The physical geometry is the one of CHS addresses, as far as they reach. */
  private getExtendedParameters(call: ServiceCall, store: BlockStore): number {
    const at = ServiceCall.address(call.ds, call.si);
    if (call.word(at) < PARAMETERS_BYTES) return Status.INVALID;
    const { heads, sectorsPerTrack } = biosGeometry(store.sectors);
    const view = new DataView(new ArrayBuffer(PARAMETERS_BYTES));
    view.setUint16(0, PARAMETERS_BYTES, true);
    view.setUint16(2, GEOMETRY_VALID, true);
    [Math.floor(store.sectors / (heads * sectorsPerTrack)), heads, sectorsPerTrack, store.sectors].forEach((value, index) => view.setUint32(4 + 4 * index, value, true));
    view.setUint16(0x18, SECTOR_BYTES, true);
    this.host.writePhysical(at, new Uint8Array(view.buffer));
    return Status.SUCCESS;
  }

  /** Reads the first sector to 0000:7C00, with DL as a boot sector expects it. False when there is no disk or it does not end in 55AAh. */
  loadBootSector(call: ServiceCall): boolean {
    if (this.disks.length === 0) return false;
    const sector = new Uint8Array(SECTOR_BYTES);
    if (!this.disks[0].read(0, 1, sector) || !hasBootSignature(sector)) return false;
    this.host.writePhysical(BOOT_ADDRESS, sector);
    call.setLong(Register.EDX, FIRST_FIXED_DISK);
    return true;
  }
}

const BOOT_ADDRESS = 0x7c00;

/** Whether a first sector says of itself that it can be booted. */
export function hasBootSignature(sector: Uint8Array): boolean {
  return sector[SECTOR_BYTES - 2] === 0x55 && sector[SECTOR_BYTES - 1] === 0xaa;
}
