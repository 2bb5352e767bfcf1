import { MemoryDigest } from '@ringbench/engine';
import { Region, type AccessBytes, type MachineMemory, type Mmu, type WalkedMemory } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const ALL_ONES = -1;
/** Address bit 20 in a page number. */
const LINE_20_PAGE = 1 << 8;

/**
 * A guest's physical memory as the VMM sees it: which machine page each guest page is, and access to its bytes. Beyond its end there is nothing: reads
 * give all ones and writes are ignored, as on the machine itself.
 */
export class GuestMemory implements WalkedMemory {
  private readonly scratch = new Uint8Array(4);
  /** Guest pages beyond its memory that show something: ROM. */
  private readonly beyond = new Map<number, number>();
  /** Whether address line 20 reaches the guest's memory; whoever changes it has the translations made anew. */
  isLine20Enabled = true;
  private readonly scratchView = new DataView(this.scratch.buffer);
  /** Told the machine page of whatever was written here, by whomever but the silicon. */
  onWritten: ((machinePage: number) => void) | undefined = undefined;

  /** `machinePages`: the machine page of each guest page. */
  constructor(private readonly memory: MachineMemory, private readonly mmu: Mmu, private readonly machinePages: readonly number[]) {}

  /** Size in pages. */
  get pages(): number {
    return this.machinePages.length;
  }

  /** Machine page of a guest page as the guest's processor reaches it now, or undefined where it finds neither memory nor ROM. */
  machinePage(page: number): number | undefined {
    return this.pageOnBus(this.isLine20Enabled ? page : page & ~LINE_20_PAGE);
  }

  /** The same for a guest's device or firmware of ours, to whom address line 20 is nothing. */
  private pageOnBus(page: number): number | undefined {
    return page < this.machinePages.length ? this.machinePages[page] : this.beyond.get(page);
  }

  /** Makes a guest page beyond the guest's memory show a machine page. */
  map(page: number, machinePage: number): void {
    if (page < this.machinePages.length) throw new Error(`guest page ${page} is memory`);
    this.beyond.set(page, machinePage);
  }

  read(page: number, offset: number, bytes: AccessBytes): number {
    const machinePage = this.machinePage(page);
    if (machinePage === undefined) return bytes === 4 ? ALL_ONES : ALL_ONES >>> (32 - 8 * bytes);
    const host = Region.RAM + machinePage * PAGE_BYTES + offset;
    if (bytes === 4) return this.memory.view.getInt32(host, true);
    return bytes === 2 ? this.memory.view.getUint16(host, true) : this.memory.bytes[host];
  }

  write(page: number, offset: number, bytes: AccessBytes, value: number): void {
    const machinePage = this.machinePage(page);
    if (machinePage === undefined) return;
    this.scratchView.setInt32(0, value, true);
    // Through the MMU, which tells the executor when these bytes are code.
    this.mmu.writePhysical(machinePage * PAGE_BYTES + offset, this.scratch.subarray(0, bytes));
    this.onWritten?.(machinePage);
  }

  /** Bytes from a guest-physical address on, whatever address line 20 does; ones where nothing is. */
  readBytes(physical: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count).fill(ALL_ONES);
    for (let done = 0; done < count; ) {
      const at = physical + done;
      const part = Math.min(PAGE_BYTES - (at & OFFSET_MASK), count - done);
      const machinePage = this.pageOnBus(at >>> PAGE_SHIFT);
      const host = Region.RAM + (machinePage ?? 0) * PAGE_BYTES + (at & OFFSET_MASK);
      if (machinePage !== undefined) bytes.set(this.memory.bytes.subarray(host, host + part), done);
      done += part;
    }
    return bytes;
  }

  /** Writes bytes at a guest-physical address, whatever address line 20 does; what lies beyond the guest's memory is dropped. */
  writeBytes(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = physical + done;
      const part = Math.min(PAGE_BYTES - (at & OFFSET_MASK), bytes.length - done);
      const machinePage = this.pageOnBus(at >>> PAGE_SHIFT);
      if (machinePage !== undefined) {
        this.mmu.writePhysical(machinePage * PAGE_BYTES + (at & OFFSET_MASK), bytes.subarray(done, done + part));
        this.onWritten?.(machinePage);
      }
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
