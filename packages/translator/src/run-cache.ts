import type { LoweredInstruction } from '@ringbench/interpreter';

const PAGE_SHIFT = 12;
/** Of all runs together. What is recorded of an instruction takes some kilobytes. */
const MOST_INSTRUCTIONS = 10_000;

/** Instructions in a row, at a host address. */
export type Run = readonly LoweredInstruction[];

/**
 * Decoded code by host page and EIP, so that code which belongs to several regions is decoded once, and recorded once (RegionFormer). Code that the interpreter has
 * decoded is watched: what is here stays true until one of the methods for forgetting is called.
 */
export class RunCache {
  private readonly pages = new Map<number, Map<number, Run>>();
  /** Instructions of all runs. */
  private count = 0;
  /** The last change, if nothing was decoded since. */
  private writtenHost = -1;
  private writtenBytes = 0;

  constructor(private readonly decode: (eip: number, host: number) => Run) {}

  /** The instructions at an EIP, whose bytes begin at a host address. */
  get(eip: number, host: number): Run {
    const runs = this.pages.get(host >>> PAGE_SHIFT);
    // The offset in the page is the EIP's too.
    return runs?.get(eip) ?? this.add(eip, host);
  }
  private add(eip: number, host: number): Run {
    const run = this.decode(eip, host);
    if (run.length === 0) return run;
    if (this.count + run.length > MOST_INSTRUCTIONS) this.forget();
    const runs = this.pages.get(host >>> PAGE_SHIFT) ?? new Map<number, Run>();
    this.pages.set(host >>> PAGE_SHIFT, runs.set(eip, run));
    this.count += run.length;
    this.writtenHost = -1;
    return run;
  }

  /** Bytes of watched code changed. */
  codeWritten(host: number, bytes: number): void {
    // Code that keeps being patched comes here all the time.
    if (this.count === 0 || (host === this.writtenHost && bytes === this.writtenBytes)) return;
    this.writtenHost = host;
    this.writtenBytes = bytes;
    for (let page = host >>> PAGE_SHIFT; page <= (host + bytes - 1) >>> PAGE_SHIFT; page++) {
      const runs = this.pages.get(page);
      if (runs === undefined) continue;
      for (const [eip, run] of runs) {
        const start = page * 2 ** PAGE_SHIFT + (eip & (2 ** PAGE_SHIFT - 1));
        if (host >= start + ((run[run.length - 1].next - eip) | 0) || host + bytes <= start) continue;
        runs.delete(eip);
        this.count -= run.length;
      }
    }
  }
  /** Code is not watched any more. */
  forget(): void {
    if (this.count > 0) this.pages.clear();
    this.count = 0;
  }
}
