/**
 * Port 80h, to which a BIOS writes its power-on self-test codes (IBM PC/AT Technical Reference, "I/O Address Map": a spare DMA page
 * register). Kernels write it as an I/O delay, so it is the port whose cost a benchmark of port I/O measures.
 */
import type { PortBus } from '../bus.js';

export const POST_PORT = 0x80;

export class PostPort {
  private stored = 0;

  /** The last byte written, which is also what a read gives. */
  get code(): number {
    return this.stored;
  }

  attach(bus: PortBus): void {
    bus.register(POST_PORT, 1, {
      readByte: () => this.stored,
      writeByte: (_port, value) => {
        this.stored = value;
      },
    });
  }

  reset(): void {
    this.stored = 0;
  }
}
