import { MemoryDigest } from '@ringbench/engine';
import { Region, type AccessBytes, type MachineMemory, type Mmu, type WalkedMemory } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const ALL_ONES = -1;

/**
 * A guest's physical memory as the VMM sees it: which machine page each guest page is, and access to its bytes. Beyond its end there is nothing: reads
 * give all ones and writes are ignored, as on the machine itself.
 */
export class GuestMemory implements WalkedMemory {
  private readonly scratch = new Uint8Array(4);
  private readonly scratchView = new DataView(this.scratch.buffer);

  /** `machinePages`: the machine page of each guest page. */
  constructor(private readonly memory: MachineMemory, private readonly mmu: Mmu, private readonly machinePages: readonly number[]) {}

  /** Size in pages. */
  get pages(): number {
    return this.machinePages.length;
  }

  /** Machine page of a guest page, or undefined where the guest has no memory. */
  machinePage(page: number): number | undefined {
    return this.machinePages[page];
  }

  read(page: number, offset: number, bytes: AccessBytes): number {
    const machinePage = this.machinePages[page];
    if (machinePage === undefined) return bytes === 4 ? ALL_ONES : ALL_ONES >>> (32 - 8 * bytes);
    const host = Region.RAM + machinePage * PAGE_BYTES + offset;
    if (bytes === 4) return this.memory.view.getInt32(host, true);
    return bytes === 2 ? this.memory.view.getUint16(host, true) : this.memory.bytes[host];
  }

  write(page: number, offset: number, bytes: AccessBytes, value: number): void {
    const machinePage = this.machinePages[page];
    if (machinePage === undefined) return;
    this.scratchView.setInt32(0, value, true);
    // Through the MMU, which tells the executor when these bytes are code.
    this.mmu.writePhysical(machinePage * PAGE_BYTES + offset, this.scratch.subarray(0, bytes));
  }

  /** Writes bytes at a guest-physical address; what lies beyond the guest's memory is dropped. */
  writeBytes(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = physical + done;
      const part = Math.min(PAGE_BYTES - (at & OFFSET_MASK), bytes.length - done);
      const machinePage = this.machinePages[at >>> PAGE_SHIFT];
      if (machinePage !== undefined) this.mmu.writePhysical(machinePage * PAGE_BYTES + (at & OFFSET_MASK), bytes.subarray(done, done + part));
      done += part;
    }
  }

  /** The digest that the same memory has on a machine of its own. */
  digest(): string {
    const digest = new MemoryDigest();
    for (const page of this.machinePages) digest.update(new Int32Array(this.memory.buffer, Region.RAM + page * PAGE_BYTES, PAGE_BYTES / 4));
    return digest.result();
  }
}
