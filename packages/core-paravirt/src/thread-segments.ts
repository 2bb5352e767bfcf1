import { Access } from '@ringbench/isa';
import { HostContext } from '@ringbench/vmm';
import type { Machine } from '@ringbench/machine';
import { FIRST_THREAD_SEGMENT, GuestSelector, THREAD_SEGMENTS } from './interface.js';

const DESCRIPTOR_BYTES = 8;
const DESCRIPTORS = 16;
const INDEX_BITS = ~7;
/** Descriptors of HostContext's table, which the monitor goes on using. */
const MONITORS_WORDS = 12;
/** Flat 4 GB segments of ring 3, accessed (SDM vol. 3, 3.4.5). */
const FLAT_LOW = 0x0000ffff;
const FLAT_CODE = 0x00cffb00;
const FLAT_DATA = 0x00cff300;
const ACCESS_SHIFT = 8;
/** A thread segment is present data of ring 3, accessed so that the silicon does not write the table, without the bits that the architecture reserves. */
const REQUIRED = Access.PRESENT | Access.NOT_SYSTEM | Access.DPL_MASK | Access.ACCESSED;
const FREE = Access.WRITABLE;
const ACCESS_BYTE = 0xff;

/** Limit of the table, for LGDT. */
export const GUEST_TABLE_LIMIT = DESCRIPTORS * DESCRIPTOR_BYTES - 1;

/**
 * The descriptor table under which the guest runs: the monitor's own entries, two flat segments, and three that a program's threads may have. There is no other
 * segmentation.
 */
export class ThreadSegments {
  private readonly words: Int32Array;

  /** `address`: machine-physical, of a page of the monitor's; `host` has written its own table. */
  constructor(machine: Machine, private readonly address: number, host: HostContext) {
    this.words = machine.memory.words;
    const own = HostContext.wordIndex(host.tables);
    this.words.copyWithin(HostContext.wordIndex(address), own, own + MONITORS_WORDS);
    this.write(GuestSelector.USER_CODE & INDEX_BITS, FLAT_LOW, FLAT_CODE);
    this.write(GuestSelector.USER_DATA & INDEX_BITS, FLAT_LOW, FLAT_DATA);
  }

  /** Loads a descriptor, zero for none. False unless it is one that harms nobody. */
  load(index: number, low: number, high: number): boolean {
    if (index >= THREAD_SEGMENTS) return false;
    const isNone = low === 0 && high === 0;
    if (!isNone && ((high >>> ACCESS_SHIFT) & ACCESS_BYTE & ~FREE) !== (REQUIRED & ACCESS_BYTE)) return false;
    this.write((FIRST_THREAD_SEGMENT + index) * DESCRIPTOR_BYTES, low, high);
    return true;
  }

  private write(offset: number, low: number, high: number): void {
    const at = HostContext.wordIndex(this.address + offset);
    this.words[at] = low;
    this.words[at + 1] = high;
  }
}
