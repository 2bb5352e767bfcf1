import { Region } from '../layout.js';
import { OFFSET_MASK, PAGE_BYTES, PAGE_SHIFT } from './entry.js';
import { PageKind, type PhysicalMemory } from './physical.js';

/** The second half of a read-modify-write: what has to be done when its bytes are written. No bytes means nothing. */
export class PendingWrite {
  private bounced = false;
  private lowPage = 0;
  private highPage = 0;
  private offset = 0;
  private lowBytes = 0;
  private highBytes = 0;

  constructor(private readonly physical: PhysicalMemory) {}

  forget(): void {
    this.lowBytes = 0;
    this.highBytes = 0;
  }

  /** Host address of the bytes at a linear address whose machine pages are known: their own, or Region.BOUNCE with a copy. `highPage` matters to an access across pages. */
  begin(linear: number, bytes: number, page: number, highPage: number): number {
    const { physical } = this;
    const offset = linear & OFFSET_MASK;
    const crosses = offset + bytes > PAGE_BYTES;
    this.lowPage = page;
    this.highPage = highPage;
    this.offset = offset;
    this.lowBytes = crosses ? PAGE_BYTES - offset : bytes;
    this.highBytes = bytes - this.lowBytes;
    this.bounced = crosses || (physical.kinds[page] & (PageKind.LOAD_TRAPPED | PageKind.STORE_TRAPPED)) !== 0;
    if (!this.bounced) return Region.RAM + (page << PAGE_SHIFT) + offset;
    physical.copyOut(page, offset, this.lowBytes, Region.BOUNCE);
    if (crosses) physical.copyOut(highPage, 0, this.highBytes, Region.BOUNCE + this.lowBytes);
    return Region.BOUNCE;
  }

  /** Copies bounced data back, low page first, and reports writes to watched pages. */
  commit(): void {
    const { physical, lowBytes, highBytes } = this;
    this.forget();
    if (lowBytes === 0) return;
    if (!this.bounced) {
      physical.reportCodeWrite(Region.RAM + (this.lowPage << PAGE_SHIFT) + this.offset, lowBytes);
      return;
    }
    physical.copyIn(this.lowPage, this.offset, lowBytes, Region.BOUNCE);
    if (highBytes !== 0) physical.copyIn(this.highPage, 0, highBytes, Region.BOUNCE + lowBytes);
  }
}
