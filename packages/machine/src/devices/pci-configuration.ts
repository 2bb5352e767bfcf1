/**
 * The ports of PCI configuration mechanism 1 over an empty bus (PCI Local Bus Specification, "Configuration Mechanism #1"): the address register
 * is there, and every configuration read ends in a master abort, which gives all ones. A kernel finds the mechanism but no host bridge behind it.
 */
import type { PortBus } from '../bus.js';

const ADDRESS_PORT = 0xcf8;
const DATA_PORT = 0xcfc;
const DATA_PORTS = 4;
/** The enable bit, bus, device, function and register; the others read zero. */
const ADDRESS_BITS = 0x80fffffc | 0;

export class PciConfiguration {
  private address = 0;

  /** Only a doubleword access reaches the address register; narrower ones find what mechanism 2 would have there: nothing. */
  attach(bus: PortBus): void {
    bus.register(ADDRESS_PORT, 1, {
      readLong: () => this.address,
      writeLong: (_port, value) => {
        this.address = value & ADDRESS_BITS;
      },
    });
    bus.register(DATA_PORT, DATA_PORTS, {});
  }

  reset(): void {
    this.address = 0;
  }
}
