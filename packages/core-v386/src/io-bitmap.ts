import type { MachineMemory, PortRange } from '@ringbench/machine';
import { Owner, PortMap, type Allocator, type PortGate } from '@ringbench/vmm';

const PAGE_BYTES = 4096;
/** 65,536 ports. */
export const IO_BITMAP_PAGES = 2;

/** The map of ports to which IO_BITMAP of the control block points (docs/v386-mode.md, section 2): what a guest may reach without an exit. */
export class IoBitmap implements PortGate {
  /** Machine-physical. */
  readonly address: number;
  private readonly map: PortMap;

  /** Every port exits. Throws without memory in one piece: the machine was built too small. */
  constructor(memory: MachineMemory, allocator: Allocator) {
    const pages = allocator.allocateMany(Owner.VMM, IO_BITMAP_PAGES);
    if (pages === undefined || pages[IO_BITMAP_PAGES - 1] - pages[0] !== IO_BITMAP_PAGES - 1) throw new Error('the machine was built without memory for a map of ports');
    this.address = pages[0] * PAGE_BYTES;
    this.map = new PortMap(memory, this.address, IO_BITMAP_PAGES * PAGE_BYTES);
    this.map.closeAll();
  }

  allowPorts(range: PortRange): void { this.map.allow(range); }
}
