const MOST_OWNERS = 1 << 16;
/** Who may own a machine page. Virtual machines are numbered from `FIRST_VM` on; a page of SHARED is mapped by several of them, and none may write to it. */
export const Owner = { NOBODY: 0, VMM: 1, FIRST_VM: 2, SHARED: MOST_OWNERS - 1 } as const;

/**
 * The Allocator (slide "Components of a VMM"): decides which pages of the machine's memory a virtual machine gets, and makes sure that the same page is
 * not provided twice. Pages are numbered by machine-physical address / 4096.
 */
export class Allocator {
  private readonly owners: Uint16Array;
  /** No free page lies below. */
  private lowest = 0;
  private freePages: number;

  /** `pages`: size of the machine's memory in pages. */
  constructor(pages: number) {
    this.owners = new Uint16Array(pages);
    this.freePages = pages;
  }

  /** Number of pages that nobody owns. */
  get free(): number {
    return this.freePages;
  }

  /** The owner of a page; NOBODY also for a page that the machine does not have. */
  ownerOf(page: number): number {
    return this.owners[page] ?? Owner.NOBODY;
  }

  /** Gives the lowest free page to `owner`. Undefined when memory is exhausted. */
  allocate(owner: number): number | undefined {
    if (this.freePages === 0) return undefined;
    while (this.owners[this.lowest] !== Owner.NOBODY) this.lowest++;
    this.claim(this.lowest, owner);
    return this.lowest;
  }

  /** Gives `count` pages, lowest first, or none at all: undefined when there are not enough. */
  allocateMany(owner: number, count: number): readonly number[] | undefined {
    if (count > this.freePages) return undefined;
    if (count === 0) return [];
    const pages: number[] = [];
    for (let page = this.allocate(owner); page !== undefined; page = this.allocate(owner)) {
      pages.push(page);
      if (pages.length === count) break;
    }
    return pages;
  }

  /** Gives this very page to `owner`. Throws when it does not exist or has an owner: that is a bug of ours. */
  claim(page: number, owner: number): void {
    if (owner <= Owner.NOBODY || owner >= MOST_OWNERS) throw new Error(`no owner has the number ${owner}`);
    if (!Number.isInteger(page) || page < 0 || page >= this.owners.length) throw new Error(`the machine has no page ${page}`);
    if (this.owners[page] !== Owner.NOBODY) throw new Error(`page ${page} belongs to owner ${this.owners[page]} already`);
    this.owners[page] = owner;
    this.freePages--;
  }

  /** Takes a page back. Throws unless `owner` has it. */
  release(page: number, owner: number): void {
    if (owner === Owner.NOBODY || this.ownerOf(page) !== owner) throw new Error(`owner ${owner} does not have page ${page}`);
    this.owners[page] = Owner.NOBODY;
    this.freePages++;
    this.lowest = Math.min(this.lowest, page);
  }
}

/** Pages below which a machine is nearly exhausted: more than one operation of a monitor takes. */
const SCARCE = 16;

/** One owner's part of a machine that many share: whatever is taken here, for the guest or for its monitor, is that owner's. */
export class OwnersAllocator extends Allocator {
  private readonly taken = new Set<number>();

  /** `onScarce`: called before a page is taken from a machine that has hardly any left; it may see to it that there are more. */
  constructor(private readonly whole: Allocator, readonly owner: number, private readonly onScarce: () => void) { super(0); }

  /** All pages that are the owner's. */
  get pages(): ReadonlySet<number> { return this.taken; }
  override get free(): number { return this.whole.free; }
  override ownerOf(page: number): number { return this.whole.ownerOf(page); }
  override allocate(_owner: number): number | undefined {
    if (this.whole.free < SCARCE) this.onScarce();
    const page = this.whole.allocate(this.owner);
    if (page !== undefined) this.taken.add(page);
    return page;
  }
  override claim(page: number, _owner: number): void {
    this.whole.claim(page, this.owner);
    this.taken.add(page);
  }
  override release(page: number, _owner: number): void {
    this.whole.release(page, this.owner);
    this.taken.delete(page);
  }
}
