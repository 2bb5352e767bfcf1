import type { MachineMemory } from '@ringbench/machine';
import { Owner, type Allocator } from './allocator.js';
import { HostContext } from './host-context.js';

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
/** A machine that many share has none for tables when fewer are free than this, what one operation of a monitor takes. */
const LEAST_FREE = 8;

/** Pages of a monitor's for the tables of one guest: so many at most, each taken from the machine when it is needed first, and then kept. */
export class PagePool {
  private readonly free: number[] = [];
  private readonly words: Int32Array;
  private taken = 0;
  /** The machine had no page left where the pool had. */
  isStarved = false;

  /** `limit`: pages. */
  constructor(memory: MachineMemory, private readonly allocator: Allocator, private readonly limit: number) {
    this.words = memory.words;
  }

  /** How many `take` still gives. */
  get left(): number {
    const unused = this.limit - this.taken;
    if (this.allocator.free >= Math.min(unused, LEAST_FREE)) return this.free.length + unused;
    this.isStarved = true;
    return this.free.length;
  }

  /** Machine-physical address of a zeroed page, or undefined when none is left. */
  take(): number | undefined {
    const known = this.free.pop();
    if (known !== undefined) {
      const first = HostContext.wordIndex(known);
      this.words.fill(0, first, first + PAGE_WORDS);
      return known;
    }
    if (this.taken === this.limit) return undefined;
    const page = this.allocator.allocate(Owner.VMM);
    if (page === undefined) return undefined;
    this.taken++;
    return page * PAGE_BYTES;
  }

  /** Takes a page back. */
  release(address: number): void { this.free.push(address); }
}
