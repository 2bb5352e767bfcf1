import type { Silicon } from '@ringbench/isa';
import type { Pc } from '@ringbench/machine';
import type { FirmwareHost } from './bios/index.js';

/** A guest's machine, real or virtual, as its loaders and its firmware see it. */
export interface GuestHost extends FirmwareHost {
  readonly processor: Silicon;
  readonly pc: Pc;
  /** Guest physical memory in bytes. */
  readonly ramBytes: number;
  /**
   * Puts a ROM of whole pages at a guest-physical address, in RAM or beyond it as a whole, and shows it at `aliases` too. Throws when there are more than
   * ROM_BYTES beyond RAM.
   */
  addRom(address: number, bytes: Uint8Array, aliases: readonly number[]): void;
  /** The RESET line: processor and devices as after power-on. */
  reset(): void;
}
