/** The registers that the laboratory's own devices have in common (docs/virtual-devices.md, section 3). Only doubleword accesses reach them. */
import type { PortBus } from '../bus.js';

/** Offsets from a device's first port. STATUS is what a read of KICK's port gives. */
export const RequestRegister = { IDENTITY: 0x0, SIZE: 0x4, KICK: 0x8, CONTROL: 0xc } as const;
const PORTS = 16;
/** Bits of STATUS. */
export const RequestDeviceStatus = { BUSY: 1, REFUSED: 2 } as const;
/** Bits of CONTROL. */
export const RequestControl = { LISTEN: 1 } as const;

/** First ports, where no PC has anything. */
export const RequestPort = { DISK: 0xb10, CONSOLE: 0xb20, SERVICES: 0xb30, NETWORK: 0xb40 } as const;
/** What IDENTITY reads: "RBD1", "RBC1", "RBS1" and "RBN1" in memory order. */
export const RequestIdentity = { DISK: 0x31444252, CONSOLE: 0x31434252, SERVICES: 0x31534252, NETWORK: 0x314e4252 } as const;

/** What is behind the registers of one device. Values are unsigned. */
export interface RequestRegisters {
  readonly identity: number;
  size(): number;
  /** Reading it acknowledges. */
  status(): number;
  kick(address: number): void;
  control(value: number): void;
}

/** Puts a device on the bus. */
export function attachRequestDevice(bus: PortBus, first: number, registers: RequestRegisters): void {
  bus.register(first, PORTS, {
    readLong: (port) => {
      switch (port - first) {
        case RequestRegister.IDENTITY: return registers.identity | 0;
        case RequestRegister.SIZE: return registers.size() | 0;
        case RequestRegister.KICK: return registers.status();
        default: return -1;
      }
    },
    writeLong: (port, value) => {
      if (port - first === RequestRegister.KICK) registers.kick(value >>> 0);
      else if (port - first === RequestRegister.CONTROL) registers.control(value >>> 0);
    },
  });
}
