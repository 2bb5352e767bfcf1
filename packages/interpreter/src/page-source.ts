import { Word, type ByteSource } from '@ringbench/isa';
import type { Mmu } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_MASK = PAGE_BYTES - 1;

/** Instruction bytes from one page and, for a single straddling instruction, the next. */
export class PageSource implements ByteSource {
  mayCross = false;
  /** Host address of the second page, once a byte of it was read; else -1. */
  secondHost = -1;
  private host = 0;
  private linear = 0;
  private room = 0;

  constructor(private readonly bytes: Uint8Array, private readonly mmu: Mmu, private readonly state: Int32Array) {}

  begin(linear: number, host: number): void {
    this.linear = linear;
    this.host = host;
    this.room = PAGE_BYTES - (linear & PAGE_MASK);
    this.secondHost = -1;
  }
  byte(index: number): number {
    if (index < this.room) return this.bytes[this.host + index];
    if (!this.mayCross) return -1;
    if (this.secondHost < 0) this.secondHost = this.mmu.fetch((this.linear + this.room) | 0, this.state[Word.CPL] === 3);
    return this.secondHost < 0 ? -1 : this.bytes[this.secondHost + index - this.room];
  }
}
