import { Access } from '@ringbench/isa';
import { UserSegments, type HostContext } from '@ringbench/vmm';
import type { Machine } from '@ringbench/machine';
import { FIRST_THREAD_SEGMENT, GuestSelector, THREAD_SEGMENTS } from './interface.js';

const ACCESS_SHIFT = 8;
/** A thread segment is present data of ring 3, accessed so that the silicon does not write the table, without the bits that the architecture reserves. */
const REQUIRED = Access.PRESENT | Access.NOT_SYSTEM | Access.DPL_MASK | Access.ACCESSED;
const FREE = Access.WRITABLE;
const ACCESS_BYTE = 0xff;

/** The guest's descriptor table: beside the flat segments three that a program's threads may have. There is no other segmentation. */
export class ThreadSegments {
  private readonly table: UserSegments;

  /** `address`: machine-physical, of a page of the monitor's; `host` has written its own table. */
  constructor(machine: Machine, address: number, host: HostContext) {
    this.table = new UserSegments(machine, address, host, { code: GuestSelector.USER_CODE, data: GuestSelector.USER_DATA });
  }

  /** Loads a descriptor, zero for none. False unless it is one that harms nobody. */
  load(index: number, low: number, high: number): boolean {
    if (index >= THREAD_SEGMENTS) return false;
    const isNone = low === 0 && high === 0;
    if (!isNone && ((high >>> ACCESS_SHIFT) & ACCESS_BYTE & ~FREE) !== (REQUIRED & ACCESS_BYTE)) return false;
    this.table.describe(FIRST_THREAD_SEGMENT + index, low, high);
    return true;
  }
}
