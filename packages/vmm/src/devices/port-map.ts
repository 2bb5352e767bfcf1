import { Region, type MachineMemory, type PortRange } from '@ringbench/machine';

const PORTS_PER_BYTE = 8;
const CLOSED = 0xff;

/**
 * A map of ports in the machine's memory, one bit each, set where an access traps: the I/O permission map of a TSS (SDM vol. 1, 19.5.2), or that of V386 mode
 * (docs/v386-mode.md, section 2).
 */
export class PortMap {
  private readonly bits: Uint8Array;

  /** `address`: machine-physical. `bytes`: the map's size; it has eight ports in each byte, from port 0 on. */
  constructor(memory: MachineMemory, address: number, bytes: number) {
    this.bits = memory.bytes.subarray(Region.RAM + address, Region.RAM + address + bytes);
  }

  /** Every access traps. */
  closeAll(): void {
    this.bits.fill(CLOSED);
  }

  /** Accesses to these ports do not trap. Throws when the map does not have them: that is a bug of ours. */
  allow({ first, count }: PortRange): void {
    if (first + count > this.bits.length * PORTS_PER_BYTE) throw new Error(`the map ends before port ${(first + count - 1).toString(16)}`);
    for (let port = first; port < first + count; port++) this.bits[Math.floor(port / PORTS_PER_BYTE)] &= ~(1 << port % PORTS_PER_BYTE);
  }
}
