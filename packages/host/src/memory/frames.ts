import { Region, type Machine } from '@ringbench/machine';
import type { Allocator } from '@ringbench/vmm';
import { PAGE_BYTES } from '../abi/memory.js';
import type { HostCounters } from '../events.js';

const PAGE_WORDS = PAGE_BYTES / 4;
const ZEROS = new Uint8Array(PAGE_BYTES);

/**
 * The machine's pages as the host's processes use them: each has a number of users, and goes back when the last leaves. Addresses are machine-physical, of a page's
 * first byte.
 */
export class Frames {
  private readonly users = new Map<number, number>();

  /** @param owner whose the pages are, for the Allocator. */
  constructor(private readonly machine: Machine, private readonly allocator: Allocator, private readonly owner: number, private readonly counters: HostCounters) {}

  /** A page of zeros with one user; undefined when memory is exhausted. */
  take(): number | undefined {
    const page = this.allocator.allocate(this.owner);
    if (page === undefined) return undefined;
    const frame = page * PAGE_BYTES;
    // Through the MMU, which tells the executor should code have been in it.
    if (this.wordsOf(frame).some((word) => word !== 0)) this.write(frame, ZEROS);
    this.users.set(frame, 1);
    this.counters.count('host.page');
    return frame;
  }

  share(frame: number): void { this.users.set(frame, this.usersOf(frame) + 1); }

  release(frame: number): void {
    const users = this.usersOf(frame) - 1;
    if (users > 0) {
      this.users.set(frame, users);
      return;
    }
    this.users.delete(frame);
    this.allocator.release(frame / PAGE_BYTES, this.owner);
  }

  /** Throws for a page that nobody uses: that is a bug of ours. */
  usersOf(frame: number): number {
    const users = this.users.get(frame);
    if (users === undefined) throw new Error(`nobody uses the page at ${frame.toString(16)}`);
    return users;
  }

  /** The words of a frame, to read. */
  wordsOf(frame: number): Int32Array { return new Int32Array(this.machine.memory.buffer, Region.RAM + frame, PAGE_WORDS); }
  read(address: number, count: number): Uint8Array { return this.machine.memory.bytes.slice(Region.RAM + address, Region.RAM + address + count); }
  write(address: number, bytes: Uint8Array): void { this.machine.processor.mmu.writePhysical(address, bytes); }
  copy(from: number, to: number): void { this.write(to, this.machine.memory.bytes.subarray(Region.RAM + from, Region.RAM + from + PAGE_BYTES)); }
}
