import type { Machine } from '@ringbench/machine';
import type { PagePool } from '../page-pool.js';
import { isSame } from './guarded-pages.js';
import { Mirror, type CodeSegment } from './mirror.js';

const PAGE_BYTES = 4096;

/** The mirror pages there are, found by the page that they mirror; a fixed number of machine pages, the oldest mirror goes when there is no other. */
export class MirrorPool {
  private readonly byOriginal = new Map<number, Mirror[]>();
  /** In the order in which they were made. */
  private readonly live = new Set<Mirror>();

  /** `pool`: pages that mirrors are made of. */
  constructor(private readonly machine: Machine, private readonly pool: PagePool) {}

  has(original: number): boolean { return this.byOriginal.has(original); }
  /** The mirrors of a machine page of the guest's. */
  of(original: number): readonly Mirror[] { return this.byOriginal.get(original) ?? []; }
  get all(): readonly Mirror[] { return [...this.live]; }

  find(original: number, linear: number, segment: CodeSegment): Mirror | undefined {
    return this.byOriginal.get(original)?.find((mirror) => mirror.linear === linear && isSame(mirror.segment, segment));
  }

  /** The mirror that has to be removed before another can be added; undefined while there is room. */
  get oldest(): Mirror | undefined {
    if (this.pool.left > 0) return undefined;
    for (const mirror of this.live) return mirror;
    return undefined;
  }

  add(original: number, linear: number, segment: CodeSegment): Mirror {
    const address = this.pool.take();
    if (address === undefined) throw new Error('a mirror was added while there was no page for it');
    const mirror = new Mirror(this.machine.memory, this.machine.processor.mmu, address / PAGE_BYTES, original, linear, segment);
    this.live.add(mirror);
    const same = this.byOriginal.get(original);
    if (same === undefined) this.byOriginal.set(original, [mirror]);
    else same.push(mirror);
    return mirror;
  }

  remove(mirror: Mirror): void {
    if (!this.live.delete(mirror)) throw new Error('a mirror was removed twice');
    const same = this.byOriginal.get(mirror.original) ?? [];
    if (same.length === 1) this.byOriginal.delete(mirror.original);
    else same.splice(same.indexOf(mirror), 1);
    this.pool.release(mirror.page * PAGE_BYTES);
  }
}
