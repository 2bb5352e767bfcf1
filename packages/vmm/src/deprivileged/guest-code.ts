import { Segment, SILICON_EVENTS, Word, type ByteSource } from '@ringbench/isa';
import { PageWalker, Region, type MachineMemory } from '@ringbench/machine';
import type { VirtualMachine } from '../virtual-machine.js';

const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const OFFSET_MASK = PAGE_BYTES - 1;
const USER_LEVEL = 3;
const REFUSED = -1;

/** The bytes at a guest's EIP, as its own page tables show them; ones where it has no memory. */
export class GuestCode implements ByteSource {
  /** Host address of the first byte. */
  start = 0;
  /** Linear address at which the guest's tables refused a byte, and the error code; meaningful after `begin` was false or `byte` -1. */
  refusedLinear = 0;
  refusedError = 0;
  private second = REFUSED;
  private linear = 0;
  private readonly walker: PageWalker;

  constructor(private readonly memory: MachineMemory, private readonly guest: VirtualMachine) {
    this.walker = new PageWalker({ state: guest.processor.state, counts: new Float64Array(SILICON_EVENTS.length) }, guest.memory);
  }

  /** False when the guest's tables map nothing there. */
  begin(): boolean {
    const { state } = this.guest.processor;
    this.linear = (state[Word.BASE + Segment.CS] + state[Word.EIP]) | 0;
    this.second = REFUSED;
    this.start = this.hostOf(this.linear);
    return this.start >= 0;
  }

  byte(index: number): number {
    const room = PAGE_BYTES - (this.linear & OFFSET_MASK);
    if (index < room) return this.memory.bytes[this.start + index];
    if (this.second < 0) this.second = this.hostOf((this.linear + room) | 0);
    return this.second < 0 ? -1 : this.memory.bytes[this.second + index - room];
  }

  holds(bytes: Uint8Array): boolean {
    for (let index = 0; index < bytes.length; index++) if (this.byte(index) !== bytes[index]) return false;
    return true;
  }

  take(count: number): Uint8Array { return Uint8Array.from({ length: count }, (_, index) => this.byte(index)); }

  private hostOf(linear: number): number {
    const entry = this.walker.walk(linear, false, this.guest.processor.state[Word.CPL] === USER_LEVEL, true);
    if (entry === 0) {
      this.refusedLinear = linear;
      this.refusedError = this.walker.faultError;
      return REFUSED;
    }
    const page = this.guest.memory.machinePage(entry >>> PAGE_SHIFT);
    return (page === undefined ? Region.OPEN_BUS : Region.RAM + (page << PAGE_SHIFT)) + (linear & OFFSET_MASK);
  }
}
