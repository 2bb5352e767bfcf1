import type { CodeSegment, DistantTarget } from './mirror.js';

/** Where natively running branches from other pages lead in one linear page, for one kind of code segment. */
export interface NativeTargets {
  readonly segment: CodeSegment;
  /** By offset: how many live mirrors have such a branch. */
  readonly offsets: Map<number, number>;
  /** Counts up with each offset that is new. */
  version: number;
}

interface GuardedPage {
  /** Mirrors that are executed here. */
  mirrors: number;
  readonly targets: NativeTargets[];
}

/**
 * The linear pages to which code can run natively: those that have a mirror, and those to which a released branch of another page's leads. No shadow table
 * keeps a translation of theirs, so that every fetch that the code TLB does not know comes to the VMM, in whatever address space. Numbers are of linear pages.
 */
export class GuardedPages {
  private readonly pages = new Map<number, GuardedPage>();

  /** `onGuarded`: a page became guarded; its translations have to go. */
  constructor(private readonly onGuarded: (page: number) => void) {}

  isGuarded(page: number): boolean { return this.pages.has(page); }

  addMirror(page: number): void { this.guard(page).mirrors++; }
  removeMirror(page: number): void {
    const guarded = this.pages.get(page);
    if (guarded === undefined) throw new Error(`linear page ${page} has a mirror and is not guarded`);
    guarded.mirrors--;
    this.settle(page, guarded);
  }

  /** What every mirror of this page must have scanned before it is executed; undefined: nothing. */
  targetsOf(page: number, segment: CodeSegment): NativeTargets | undefined {
    return this.pages.get(page)?.targets.find((each) => isSame(each.segment, segment));
  }

  addTarget({ page, offset }: DistantTarget, segment: CodeSegment): void {
    const guarded = this.guard(page);
    let targets = guarded.targets.find((each) => isSame(each.segment, segment));
    if (targets === undefined) {
      targets = { segment, offsets: new Map(), version: 0 };
      guarded.targets.push(targets);
    }
    const known = targets.offsets.get(offset) ?? 0;
    if (known === 0) targets.version++;
    targets.offsets.set(offset, known + 1);
  }

  removeTarget({ page, offset }: DistantTarget, segment: CodeSegment): void {
    const targets = this.targetsOf(page, segment);
    const guarded = this.pages.get(page);
    const known = targets?.offsets.get(offset);
    if (guarded === undefined || targets === undefined || known === undefined) throw new Error(`no branch leads to offset ${offset} of linear page ${page}`);
    if (known > 1) {
      targets.offsets.set(offset, known - 1);
      return;
    }
    // The version stays: mirrors that have scanned more than they need are no worse for it.
    targets.offsets.delete(offset);
    this.settle(page, guarded);
  }

  private guard(page: number): GuardedPage {
    const known = this.pages.get(page);
    if (known !== undefined) return known;
    const made: GuardedPage = { mirrors: 0, targets: [] };
    this.pages.set(page, made);
    this.onGuarded(page);
    return made;
  }

  private settle(page: number, { mirrors, targets }: GuardedPage): void {
    if (mirrors === 0 && targets.every(({ offsets }) => offsets.size === 0)) this.pages.delete(page);
  }
}

export const isSame = (one: CodeSegment, other: CodeSegment): boolean => one.base === other.base && one.wide === other.wide;
