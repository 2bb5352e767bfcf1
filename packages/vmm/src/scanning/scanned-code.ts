import { Access, CR0, Segment, Word } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';
import type { VirtualMachine } from '../virtual-machine.js';
import type { CodeGuard } from '../deprivileged/code-guard.js';
import type { PagePool } from '../page-pool.js';
import type { ShadowTables } from '../deprivileged/shadow-tables.js';
import { GuardedPages } from './guarded-pages.js';
import { MirrorPool } from './mirror-pool.js';
import { Treatment, type CodeSegment, type Mirror } from './mirror.js';
import type { ScanningPolicy } from './policy.js';
import type { ScanCounters } from './scan-counters.js';
import { Scanner } from './scanner.js';

const PAGE_SHIFT = 12;
const OFFSET_MASK = 0xfff;
const USER_LEVEL = 3;
const NO_SEGMENT: CodeSegment = { base: -1, wide: false };

/** What to do about the guest's instruction at EIP. */
export const Verdict = { RUN: 0, INTERPRET: 1 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * Scan before execute: the guest's code runs from mirror pages, whose sensitive instructions are breakpoints, while its data accesses reach the originals.
 * Fetches and data accesses of one linear page lead to different machine pages because the silicon's code and data TLBs are apart, and the VMM says what
 * each of them loads (docs/decisions/0014-scan-before-execute.md).
 */
export class ScannedCode implements CodeGuard {
  private readonly mirrors: MirrorPool;
  private readonly guarded: GuardedPages;
  private readonly scanner: Scanner;
  private readonly state: Int32Array;
  /** What the VMM had the code TLB load since it was last emptied, by linear page. Some of it may have been replaced since. */
  private readonly loaded = new Map<number, Mirror>();
  /** The segment that everything loaded is for. */
  private segment = NO_SEGMENT;
  /** The last fetch found nothing in the code TLB, whatever `loaded` says. */
  private mustLoad = false;
  /** Guest time and EIP of the last page fault that was taken for one of the fetch. */
  private fetchFaultAt = -1;
  private fetchFaultEip = 0;
  readonly scansUsers: boolean;

  constructor(
    machine: Machine, private readonly guest: VirtualMachine, private readonly shadow: ShadowTables, private readonly policy: ScanningPolicy, private readonly counters: ScanCounters,
    pool: PagePool,
  ) {
    this.state = guest.processor.state;
    this.scansUsers = policy.userCode === 'scan';
    this.mirrors = new MirrorPool(machine, pool);
    this.guarded = new GuardedPages((page) => shadow.withdraw(page));
    this.scanner = new Scanner(machine.memory, this.state[Word.FEATURES], policy, counters);
    shadow.codeGuard = this;
    guest.memory.onWritten = (page) => this.written(page);
  }

  /** Whether what the guest runs now is scanned. */
  private get isScanning(): boolean {
    return this.scansUsers || this.state[Word.CPL] !== USER_LEVEL || (this.state[Word.CR0] & CR0.PG) === 0;
  }

  // ---- before an entry

  /** Sees to it that the guest can be entered at its EIP: the instruction there is scanned, and its mirror in the code TLB. INTERPRET: it can only be interpreted. */
  prepare(): Verdict {
    if (!this.isScanning) return Verdict.RUN;
    this.takeSegment();
    const linear = (this.segment.base + this.state[Word.EIP]) | 0;
    for (;;) {
      this.shadow.activate();
      const known = this.mustLoad ? undefined : this.loaded.get(linear >>> PAGE_SHIFT);
      if (known !== undefined) {
        if (!known.isScanned(linear & OFFSET_MASK)) this.scanner.scan(known, linear & OFFSET_MASK);
        return Verdict.RUN;
      }
      const original = this.shadow.codePage(linear);
      // The silicon's own fetch finds that out, as natively.
      if (original === 'unmapped') return Verdict.RUN;
      // Bytes of ones, which need no mirror: but the last one begins an instruction that goes on in the next page.
      if (original === 'open-bus') return Verdict.INTERPRET;
      this.load(linear, this.mirrorOf(original, linear >>> PAGE_SHIFT));
    }
  }

  /** A mirror is for one kind of code segment; the TLB knows nothing of that. */
  private takeSegment(): void {
    const base = this.state[Word.BASE + Segment.CS];
    const wide = (this.state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
    if (this.segment.base === base && this.segment.wide === wide) return;
    this.segment = { base, wide };
    if (this.loaded.size !== 0) this.shadow.markStale();
  }

  private mirrorOf(original: number, linear: number): Mirror {
    const mirror = this.mirrors.find(original, linear, this.segment) ?? this.makeMirror(original, linear);
    const targets = this.guarded.targetsOf(linear, this.segment);
    if (targets !== undefined && targets.version !== mirror.targetsVersion) {
      for (const offset of targets.offsets.keys()) this.scanner.scan(mirror, offset);
      mirror.targetsVersion = targets.version;
    }
    return mirror;
  }

  private makeMirror(original: number, linear: number): Mirror {
    const { oldest } = this.mirrors;
    if (oldest !== undefined) {
      this.counters.evictions++;
      this.drop(oldest);
    }
    this.counters.pages++;
    if (!this.mirrors.has(original)) this.shadow.protectCode(original);
    this.guarded.addMirror(linear);
    return this.mirrors.add(original, linear, this.segment);
  }

  /** Has the code TLB load the mirror, unless the tables that this needs were just made: then not yet. */
  private load(linear: number, mirror: Mirror): void {
    if (!this.shadow.loadCode(linear, mirror.page)) return;
    this.counters.codeFills++;
    this.loaded.set(mirror.linear, mirror);
    this.mustLoad = false;
  }

  // ---- after a trap

  /** A general-protection fault, which is what a breakpoint of ring 3 is where the gates are ring 0's. INTERPRET: there is one. RUN: there is none, and the fault is the guest's own, or was one and is none any more. */
  breakpoint(): 'interpret' | 'resume' | 'none' {
    if (!this.isScanning) return 'none';
    const linear = (this.segment.base + this.state[Word.EIP]) | 0;
    const offset = linear & OFFSET_MASK;
    const mirror = this.loaded.get(linear >>> PAGE_SHIFT);
    if (mirror === undefined || !mirror.isScanned(offset)) throw new Error(`the guest ran at ${(linear >>> 0).toString(16)}, which was not scanned`);
    return this.meet(mirror, offset);
  }

  private meet(mirror: Mirror, offset: number): 'interpret' | 'resume' | 'none' {
    const { counters } = this;
    switch (mirror.treatment(offset)) {
      case Treatment.NATIVE: return 'none';
      case Treatment.SENSITIVE: counters.sensitive++; break;
      case Treatment.COMPUTED_BRANCH: counters.branches++; break;
      case Treatment.STRADDLING: counters.straddling++; break;
      case Treatment.OVERLAPPED: counters.overlapped++; break;
      case Treatment.UNDECODABLE: counters.undecodable++; break;
      default: return this.meetStaticBranch(mirror, offset);
    }
    return 'interpret';
  }

  private meetStaticBranch(mirror: Mirror, offset: number): 'interpret' | 'resume' {
    const { policy, scanner, guarded } = this;
    this.counters.branches++;
    if (mirror.treatment(offset) === Treatment.LOCAL_BRANCH) {
      if (policy.branches === 'trap-all') return 'interpret';
      scanner.release(mirror, offset);
      return mirror.treatment(offset) === Treatment.NATIVE ? 'resume' : 'interpret';
    }
    if (policy.branches !== 'back-patching') return 'interpret';
    const target = scanner.release(mirror, offset);
    if (target === undefined) throw new Error('a branch to another page leads to its own');
    mirror.targets.push(target);
    guarded.addTarget(target, mirror.segment);
    this.forgetUnlessReady(target.page);
    return 'interpret';
  }

  /** The code TLB may hold a mirror in which the new target is not scanned. */
  private forgetUnlessReady(page: number): void {
    const mirror = this.loaded.get(page);
    if (mirror === undefined || mirror.targetsVersion === this.guarded.targetsOf(page, mirror.segment)?.version) return;
    this.mirrorOf(mirror.original, page);
  }

  /** Whether a page fault at the linear address of EIP, not by a write, is to be taken for one of the fetch: it is, unless it comes again although the fetch was seen to. */
  isFetch(linear: number): boolean {
    const eip = this.state[Word.EIP];
    if (!this.isScanning || linear !== ((this.state[Word.BASE + Segment.CS] + eip) | 0)) return false;
    const now = this.guest.clock.now();
    const isRepeated = now === this.fetchFaultAt && eip === this.fetchFaultEip;
    this.fetchFaultAt = isRepeated ? -1 : now;
    this.fetchFaultEip = eip;
    return !isRepeated;
  }

  /** The fetch at EIP faulted, and the guest's tables permit it. */
  fetchAgain(): void { this.mustLoad = true; }

  // ---- for the shadow tables

  isGuarded(page: number): boolean { return this.guarded.isGuarded(page); }
  dataFilled(): void { this.counters.dataFills++; }
  emptied(): void { this.loaded.clear(); }
  forgotten(page: number): void { this.loaded.delete(page); }

  admitsStore(page: number): boolean {
    if (!this.mirrors.has(page)) return true;
    if (this.isScanning && this.loaded.get(((this.segment.base + this.state[Word.EIP]) | 0) >>> PAGE_SHIFT)?.original === page) {
      // The mirror would be needed again at once, and the page be protected again.
      this.counters.ownStores++;
      return false;
    }
    this.invalidate(page);
    return true;
  }

  // ---- forgetting

  /** The VMM or a device of the guest's wrote to a machine page. */
  private written(page: number): void {
    if (this.mirrors.has(page)) this.invalidate(page);
  }

  private invalidate(page: number): void {
    for (const mirror of this.policy.invalidation === 'all' ? this.mirrors.all : [...this.mirrors.of(page)]) {
      this.counters.invalidations++;
      this.drop(mirror);
    }
  }

  private drop(mirror: Mirror): void {
    this.mirrors.remove(mirror);
    if (!this.mirrors.has(mirror.original)) this.shadow.unprotectCode(mirror.original);
    if (this.loaded.get(mirror.linear) === mirror) this.shadow.forget(mirror.linear);
    for (const target of mirror.targets) this.guarded.removeTarget(target, mirror.segment);
    this.guarded.removeMirror(mirror.linear);
  }

  /** Throws where an invariant does not hold. For tests. */
  check(): void {
    for (const mirror of this.mirrors.all) {
      mirror.check();
      if (!this.guarded.isGuarded(mirror.linear)) throw new Error(`linear page ${mirror.linear} has a mirror and is not guarded`);
    }
  }
}
