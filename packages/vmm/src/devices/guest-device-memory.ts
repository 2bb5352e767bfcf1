import type { DeviceMemory } from '@ringbench/machine';
import type { GuestMemory } from '../guest-memory.js';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;

export interface GuestDeviceMemoryOptions {
  readonly memory: GuestMemory;
  readonly memoryBytes: number;
  /** Told of each part of a page that a device wrote, for monitors whose structures follow the guest's memory. */
  readonly onStore?: (page: number, offset: number, bytes: number) => void;
}

/** What virtual devices reach by themselves: the guest's memory and nothing else of the machine. */
export function guestDeviceMemory({ memory, memoryBytes, onStore }: GuestDeviceMemoryOptions): DeviceMemory {
  return {
    bytes: memoryBytes,
    readPhysical: (address, count) => memory.readBytes(address, count),
    writePhysical(address, bytes) {
      memory.writeBytes(address, bytes);
      if (onStore === undefined) return;
      for (let at = address; at < address + bytes.length; at = (at | OFFSET_MASK) + 1) {
        onStore(at >>> PAGE_SHIFT, at & OFFSET_MASK, Math.min(PAGE_BYTES - (at & OFFSET_MASK), address + bytes.length - at));
      }
    },
  };
}
