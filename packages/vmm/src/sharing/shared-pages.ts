import { digestMemory } from '@ringbench/engine';
import { Region, type Machine } from '@ringbench/machine';
import { Owner, type Allocator, type OwnersAllocator } from '../allocator.js';

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;

/** A page that several virtual machines show. */
interface SharedPage {
  readonly machinePage: number;
  readonly digest: string;
  /** Guest pages that show it. */
  uses: number;
}

/**
 * Pages with the same content, kept once for all virtual machines of a machine (Bugnion et al., Disco, SOSP 1997; Waldspurger, OSDI 2002). They belong to
 * nobody in particular; who writes to one gets a copy.
 */
export class SharedPages {
  private readonly byDigest = new Map<string, SharedPage[]>();
  private readonly byPage = new Map<number, SharedPage>();

  constructor(private readonly machine: Machine, private readonly allocator: Allocator) {}

  /** How many there are. */
  get size(): number { return this.byPage.size; }

  /**
   * For a page of `from`'s: the shared page with the same content, or 'zeros' where there is nothing but zeros. The first of its content becomes shared itself; any
   * other is for the caller to give back.
   */
  match(machinePage: number, from: OwnersAllocator): number | 'zeros' {
    const words = this.wordsOf(machinePage);
    if (words.every((word) => word === 0)) return 'zeros';
    const digest = digestMemory(words);
    const known = this.byDigest.get(digest) ?? [];
    const same = known.find((page) => this.wordsOf(page.machinePage).every((word, index) => word === words[index]));
    if (same !== undefined) {
      same.uses++;
      return same.machinePage;
    }
    from.release(machinePage, from.owner);
    this.allocator.claim(machinePage, Owner.SHARED);
    const page = { machinePage, digest, uses: 1 };
    this.byPage.set(machinePage, page);
    this.byDigest.set(digest, [...known, page]);
    return machinePage;
  }

  /** A guest page no longer shows a shared page, which goes with the last of them. True: it has gone, and is for the caller to wipe and release from SHARED. */
  unshare(machinePage: number): boolean {
    const page = this.byPage.get(machinePage);
    if (page === undefined) throw new Error(`page ${machinePage} is not shared`);
    if (--page.uses > 0) return false;
    this.byPage.delete(machinePage);
    const others = (this.byDigest.get(page.digest) ?? []).filter((other) => other !== page);
    if (others.length === 0) this.byDigest.delete(page.digest);
    else this.byDigest.set(page.digest, others);
    return true;
  }

  private wordsOf(machinePage: number): Int32Array { return new Int32Array(this.machine.memory.buffer, Region.RAM + machinePage * PAGE_BYTES, PAGE_WORDS); }
}
