import type { PortBus } from '@ringbench/machine';

/** What firmware written in TypeScript sees of the machine that it serves: the same of a real one and of a VMM's virtual one. */
export interface FirmwareHost {
  /** The guest's processor state, words of isa's `Word`. Only general registers may be changed. */
  readonly state: Int32Array;
  /** The guest's ports. */
  readonly bus: PortBus;
  /** `count` bytes of guest physical memory; ones where there is none. */
  readPhysical(address: number, count: number): Uint8Array;
  /** Dropped where there is no memory, and in ROM. */
  writePhysical(address: number, bytes: Uint8Array): void;
}
