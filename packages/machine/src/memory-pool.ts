import { MachineMemory } from './memory.js';

/**
 * Memories for machines that are made one after the other in great numbers. A new memory costs its translation tables, 24 MB, whatever runs in it; one that is
 * used again costs what was used of it. It is equal to a new one to the byte.
 */
export class MemoryPool {
  private readonly free: MachineMemory[] = [];
  private readonly lent: MachineMemory[] = [];

  /** A memory as new, with so much RAM. It is the taker's until `reclaim`. */
  take(ramBytes: number): MachineMemory {
    const index = this.free.findIndex((memory) => memory.ramBytes === ramBytes);
    const memory = index < 0 ? new MachineMemory(ramBytes) : this.free.splice(index, 1)[0];
    this.lent.push(memory);
    return memory;
  }

  /** Takes back all that was lent. The machines that have it must not run again, nor be looked at. */
  reclaim(): void {
    for (const memory of this.lent.splice(0)) {
      memory.reset();
      this.free.push(memory);
    }
  }
}
