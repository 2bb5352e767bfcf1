import { Region, ROM_BYTES } from './layout.js';
import type { MachineMemory } from './memory.js';
import type { Mmu } from './mmu/mmu.js';

/** The ROM chips of a machine: windows of physical memory that stores do not change. In RAM they lie above it; beyond its end they have memory of their own. */
export class RomBank {
  private used = 0;

  constructor(private readonly memory: MachineMemory, private readonly mmu: Mmu) {}

  /**
   * Puts a ROM of whole pages at a physical address, and shows it at others too, as boards do that decode few address lines. The ROM must lie in RAM or
   * beyond it as a whole. Throws when more than ROM_BYTES lie beyond.
   */
  add(address: number, bytes: Uint8Array, aliases: readonly number[] = []): void {
    const isAboveRam = address + bytes.length <= this.memory.ramBytes;
    if (!isAboveRam && this.used + bytes.length > ROM_BYTES) throw new Error('too much ROM beyond RAM');
    const host = isAboveRam ? Region.RAM + address : Region.ROM + this.used;
    if (!isAboveRam) this.used += bytes.length;
    this.memory.bytes.set(bytes, host);
    this.mmu.addWindow({ start: address, bytes: bytes.length, ...(isAboveRam ? {} : { host }), write: ignore });
    for (const alias of aliases) this.mmu.addWindow({ start: alias, bytes: bytes.length, host, write: ignore });
  }
}

/** Nothing on the bus takes the write. */
function ignore(): void {}
