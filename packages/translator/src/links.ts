const PAGE_SHIFT = 12;
const HOST_STRIDE = 2 ** 32;

/** Code that a region may lead to: where it is in both address spaces, and at which level it runs. */
export interface LinkTarget {
  readonly eip: number;
  readonly host: number;
  readonly user: boolean;
}

/** Enough for all regions that there can be at once; without a link a region goes through the dispatcher. */
export const MOST_LINKS = 1 << 14;

/**
 * How regions go on in one another without a look-up: a region leaves by a call through a place of the dispatcher's table that stands for the code it goes to. There is the
 * region that begins with that code, or else `none`, which returns.
 */
export class Links {
  private readonly places = new Map<number, number>();
  private readonly regions = new Map<number, () => number>();

  constructor(private readonly table: WebAssembly.Table, private readonly first: number, private readonly none: () => number) {}

  /** The place for some code; 0 when there is no room. */
  placeOf(target: LinkTarget): number {
    const key = keyOf(target);
    const known = this.places.get(key);
    if (known !== undefined) return known;
    if (this.isFull) return 0;
    const place = this.first + this.places.size;
    this.places.set(key, place);
    this.table.set(place, this.regions.get(key) ?? this.none);
    return place;
  }
  get size(): number { return this.places.size; }
  /** There are no places left. */
  get isFull(): boolean { return this.size >= MOST_LINKS; }
  /** There is a region that begins with some code. */
  add(target: LinkTarget, run: () => number): void {
    const key = keyOf(target);
    this.regions.set(key, run);
    const place = this.places.get(key);
    if (place !== undefined) this.table.set(place, run);
  }
  /** There is none any more. */
  remove(target: LinkTarget): void {
    const key = keyOf(target);
    this.regions.delete(key);
    const place = this.places.get(key);
    if (place !== undefined) this.table.set(place, this.none);
  }
  /** To be called when there are no regions. */
  forget(): void { this.places.clear(); }
}

/** The offset in the page is in both addresses. */
function keyOf({ eip, host, user }: LinkTarget): number { return ((eip >>> PAGE_SHIFT) * HOST_STRIDE + host) * 2 + (user ? 1 : 0); }
