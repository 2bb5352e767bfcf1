import { MAXIMUM_LENGTH } from '@ringbench/isa';
import { Region, type MachineMemory, type Mmu } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const LENGTH_MASK = 15;
const TREATMENT_SHIFT = 4;
const INT3 = 0xcc;
const BREAKPOINT = Uint8Array.of(INT3);
const BREAKPOINTS = new Uint8Array(PAGE_BYTES).fill(INT3);

/** How a scanned instruction runs: natively, or why there is a breakpoint in its place. */
export const Treatment = {
  NATIVE: 0,
  SENSITIVE: 1,
  /** A static branch within the page that is not released. */
  LOCAL_BRANCH: 2,
  /** A static branch out of the page that is not released. */
  DISTANT_BRANCH: 3,
  /** A branch whose target is not in the instruction. */
  COMPUTED_BRANCH: 4,
  /** It, or its successor in line, is not in this page. */
  STRADDLING: 5,
  /** It would run natively, but another instruction that begins in its middle has a breakpoint there. */
  OVERLAPPED: 6,
  UNDECODABLE: 7,
} as const;
export type TreatmentName = keyof typeof Treatment;

/** How the bytes of a page are decoded and reached: what else than its bytes a scan depends on. */
export interface CodeSegment {
  readonly base: number;
  /** The D bit: 32-bit code. */
  readonly wide: boolean;
}

/** A branch of a mirror's that runs natively to another linear page. */
export interface DistantTarget {
  readonly page: number;
  readonly offset: number;
}

/**
 * A mirror page: the copy that is executed instead of a page of the guest's. It has the original's bytes where instructions run natively, and breakpoints
 * elsewhere. Two things always hold, and are what makes it sound (docs/decisions/0014-scan-before-execute.md):
 * - where a scanned instruction has a breakpoint, no instruction that runs natively has a byte;
 * - whoever places an instruction to run natively sees to it that all of its successors in the page are scanned.
 */
export class Mirror {
  /** By offset: length of the scanned instruction that begins there, and its treatment from bit 4 on; 0 where none was scanned. */
  private readonly scanned = new Uint8Array(PAGE_BYTES);
  /** Branches to other pages that were released. */
  readonly targets: DistantTarget[] = [];
  /** Version of the targets of this linear page that were scanned (`GuardedPages`). */
  targetsVersion = 0;

  /** @param page machine page of the copy. @param original machine page of the guest's. @param linear number of the linear page at which it is executed. */
  constructor(private readonly memory: MachineMemory, private readonly mmu: Mmu, readonly page: number, readonly original: number, readonly linear: number, readonly segment: CodeSegment) {
    mmu.writePhysical(page << PAGE_SHIFT, BREAKPOINTS);
  }

  isScanned(offset: number): boolean { return this.scanned[offset] !== 0; }
  /** Of a scanned instruction. */
  treatment(offset: number): number { return this.scanned[offset] >>> TREATMENT_SHIFT; }

  /** The instruction at `offset` was scanned, or is to be treated otherwise from now on. `length` in bytes, at least 1; all of it within the page if it is NATIVE. */
  place(offset: number, length: number, treatment: number): void {
    const actual = treatment === Treatment.NATIVE && this.hasBreakpointWithin(offset + 1, offset + length) ? Treatment.OVERLAPPED : treatment;
    this.scanned[offset] = length | (actual << TREATMENT_SHIFT);
    if (actual === Treatment.NATIVE) this.show(offset, length);
    else this.breakAt(offset);
  }

  private hasBreakpointWithin(from: number, to: number): boolean {
    for (let offset = from; offset < to; offset++) if (this.scanned[offset] >>> TREATMENT_SHIFT !== Treatment.NATIVE) return true;
    return false;
  }

  private show(offset: number, length: number): void {
    const from = Region.RAM + (this.original << PAGE_SHIFT) + offset;
    this.mmu.writePhysical((this.page << PAGE_SHIFT) + offset, this.memory.bytes.subarray(from, from + length));
  }

  /** Instructions that run natively and have this byte in their middle get a breakpoint too, and so on: all of a page's in a row at worst, so that this is a loop. */
  private breakAt(offset: number): void {
    const pending = [offset];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      this.mmu.writePhysical((this.page << PAGE_SHIFT) + at, BREAKPOINT);
      for (let start = Math.max(0, at - MAXIMUM_LENGTH + 1); start < at; start++) {
        const known = this.scanned[start];
        if (known === 0 || known >>> TREATMENT_SHIFT !== Treatment.NATIVE || start + known <= at) continue;
        this.scanned[start] = (known & LENGTH_MASK) | (Treatment.OVERLAPPED << TREATMENT_SHIFT);
        pending.push(start);
      }
    }
  }

  /** Throws where an invariant of the page does not hold. For tests. */
  check(): void {
    const copy = Region.RAM + (this.page << PAGE_SHIFT);
    const original = Region.RAM + (this.original << PAGE_SHIFT);
    const { bytes } = this.memory;
    for (let offset = 0; offset < PAGE_BYTES; offset++) {
      const known = this.scanned[offset];
      if (known === 0) continue;
      if (known >>> TREATMENT_SHIFT !== Treatment.NATIVE) {
        if (bytes[copy + offset] !== INT3) throw new Error(`no breakpoint at ${offset}`);
        continue;
      }
      for (let at = offset; at < offset + known; at++) if (bytes[copy + at] !== bytes[original + at]) throw new Error(`byte ${at} of the instruction at ${offset} is not the original's`);
    }
  }
}
