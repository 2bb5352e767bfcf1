import { Register } from '@ringbench/isa';
import { MEMORY_MAP_ENTRY_BYTES, memoryMap } from '../memory-map.js';
import type { FirmwareHost } from './firmware-host.js';
import { ServiceCall } from './service-call.js';

/** INT 15h (IBM PC/AT Technical Reference, "System Services"; ACPI specification 2.0, section 14.1, for the memory map). */

const NOT_SUPPORTED = 0x86;
const SYSTEM_CONTROL_PORT_A = 0x92;
const A20_ENABLED = 0x02;
const FAST_RESET = 0x01;
/** A20 can be switched by the keyboard controller and by port 92h. */
const A20_MEANS = 3;
const KIB = 1024;
const MIB = KIB * KIB;
const MEMORY_HOLE = 16 * MIB;
const LARGEST_WORD = 0xffff;
const SMAP = 0x534d4150;
const CHUNK = 64 * KIB;
/** Descriptors of a block move at ES:SI; base in bytes 2 to 4 and 7. */
const MOVE_SOURCE = 0x10;
const MOVE_TARGET = 0x18;
const MOST_WORDS = 0x8000;
const DESCRIPTOR_BYTES = 8;
const MOVE_FAILED = 0x02;

const wordOf = (value: number): number => Math.min(LARGEST_WORD, Math.max(0, Math.floor(value)));

export class SystemServices {
  private readonly services: Readonly<Record<number, (call: ServiceCall) => boolean>> = {
    0x24: (call) => this.gateLine20(call),
    0x4f: () => false, // CF set, unlike elsewhere, means that the key counts
    0x87: (call) => this.moveBlock(call),
    0x88: (call) => this.getExtendedMemory(call),
    0xe8: (call) => (call.al === 0x20 ? this.getMemoryMapEntry(call) : call.al === 0x01 && this.getMemorySizes(call)),
  };

  /** @param ramBytes guest physical memory in bytes. */
  constructor(private readonly host: FirmwareHost, private readonly ramBytes: number) {}

  /** A service answers whether it did what was asked; what is not there is CF with AH=86h. */
  serve(call: ServiceCall): void {
    const asked = call.ah;
    const service = this.services[asked];
    const done = service !== undefined && service(call);
    call.carry = !done;
    if (!done && asked !== 0x4f && asked !== 0x87) call.ah = NOT_SUPPORTED;
  }

  private gateLine20(call: ServiceCall): boolean {
    const { bus } = this.host;
    const control = bus.readByte(SYSTEM_CONTROL_PORT_A) & ~FAST_RESET;
    if (call.al > 3) return false;
    call.ah = 0;
    if (call.al === 0) bus.writeByte(SYSTEM_CONTROL_PORT_A, control & ~A20_ENABLED);
    if (call.al === 1) bus.writeByte(SYSTEM_CONTROL_PORT_A, control | A20_ENABLED);
    if (call.al === 2) call.al = (control & A20_ENABLED) === 0 ? 0 : 1;
    else if (call.al === 3) call.bx = A20_MEANS;
    return true;
  }

  /** CX words between physical addresses. */
  private moveBlock(call: ServiceCall): boolean {
    const table = this.host.readPhysical(ServiceCall.address(call.es, call.si), MOVE_TARGET + DESCRIPTOR_BYTES);
    const base = (at: number): number => table[at + 2] + table[at + 3] * 0x100 + table[at + 4] * 0x10000 + table[at + 7] * 0x1000000;
    if (call.cx > MOST_WORDS) {
      call.ah = MOVE_FAILED;
      return false;
    }
    this.host.writePhysical(base(MOVE_TARGET), this.host.readPhysical(base(MOVE_SOURCE), call.cx * 2));
    call.ah = 0;
    return true;
  }

  private getExtendedMemory(call: ServiceCall): boolean {
    call.ax = wordOf((this.ramBytes - MIB) / KIB);
    return true;
  }

  /** KB between 1 and 16 MB, and 64 KB units above. */
  private getMemorySizes(call: ServiceCall): boolean {
    call.ax = wordOf((Math.min(this.ramBytes, MEMORY_HOLE) - MIB) / KIB);
    call.bx = wordOf((this.ramBytes - MEMORY_HOLE) / CHUNK);
    call.cx = call.ax;
    call.dx = call.bx;
    return true;
  }

  /** EBX is the number of the entry, 0 behind the last one; the answer is at ES:DI. */
  private getMemoryMapEntry(call: ServiceCall): boolean {
    const map = memoryMap(this.ramBytes);
    const index = call.long(Register.EBX);
    if (call.long(Register.EDX) !== SMAP || call.long(Register.ECX) < MEMORY_MAP_ENTRY_BYTES || index >= map.length) return false;
    const [start, bytes, type] = map[index];
    const view = new DataView(new ArrayBuffer(MEMORY_MAP_ENTRY_BYTES));
    view.setUint32(0, start, true);
    view.setUint32(8, bytes, true);
    view.setUint32(16, type, true);
    this.host.writePhysical(ServiceCall.address(call.es, call.di), new Uint8Array(view.buffer));
    call.setLong(Register.EAX, SMAP);
    call.setLong(Register.ECX, MEMORY_MAP_ENTRY_BYTES);
    call.setLong(Register.EBX, index + 1 === map.length ? 0 : index + 1);
    return true;
  }
}
