import type { MachineMemory, PortRange } from '@ringbench/machine';
import { Owner, PortMap, type Allocator, type PortGate } from '@ringbench/vmm';

const PAGE_BYTES = 4096;
/** 65,536 ports. */
export const IO_BITMAP_PAGES = 2;

/** The map of ports to which IO_BITMAP of the control block points (docs/v386-mode.md, section 2): what a guest may reach without an exit. */
export class IoBitmap implements PortGate {
  private made: { readonly address: number; readonly map: PortMap } | undefined;

  constructor(private readonly memory: MachineMemory, private readonly allocator: Allocator) {}

  /** Machine-physical; 0 while every port exits, which needs no map. */
  get address(): number { return this.made?.address ?? 0; }

  /** Throws without memory in one piece: the machine was built too small. */
  allowPorts(range: PortRange): void {
    this.made ??= this.make();
    this.made.map.allow(range);
  }

  private make() {
    const pages = this.allocator.allocateMany(Owner.VMM, IO_BITMAP_PAGES);
    if (pages === undefined || pages[IO_BITMAP_PAGES - 1] - pages[0] !== IO_BITMAP_PAGES - 1) throw new Error('the machine was built without memory for a map of ports');
    const address = pages[0] * PAGE_BYTES;
    const map = new PortMap(this.memory, address, IO_BITMAP_PAGES * PAGE_BYTES);
    map.closeAll();
    return { address, map };
  }
}
