import { ATA_PORTS, Irq, UART_PORTS, type PortRange } from '@ringbench/machine';
import { Owner } from '../allocator.js';

const PORT_COUNT = 0x10000;
const LINE_COUNT = 16;

/** A device of the machine that can be handed out: its ports and its interrupt line. */
export interface BoardDevice {
  readonly name: string;
  readonly ports: readonly PortRange[];
  readonly line: number;
}

/** Devices that a guest can have for itself. */
export const BOARD_DEVICES = {
  disk: { name: 'disk', ports: ATA_PORTS, line: Irq.DISK },
  console: { name: 'console', ports: UART_PORTS, line: Irq.COM1 },
} as const satisfies Readonly<Record<string, BoardDevice>>;

/**
 * The Allocator's rule (slide "Components of a VMM") for devices: which owner has which ports and interrupt lines of the machine, and never two the same. Unlike
 * memory, a machine has one of each, so that being refused is nothing unusual.
 */
export class DeviceAllocator {
  private readonly ports = new Uint16Array(PORT_COUNT);
  private readonly lines = new Uint16Array(LINE_COUNT);

  ownerOfPort(port: number): number { return this.ports[port] ?? Owner.NOBODY; }
  ownerOfLine(line: number): number { return this.lines[line] ?? Owner.NOBODY; }

  /** Gives a device to `owner`; false, and nothing is given, when any of its ports or its line has an owner already. */
  allocate(device: BoardDevice, owner: number): boolean {
    if (!this.isFree(device)) return false;
    this.assign(device, owner);
    return true;
  }

  /** Takes a device back. Throws unless `owner` has it: that is a bug of ours. */
  release(device: BoardDevice, owner: number): void {
    if (owner === Owner.NOBODY || this.lines[device.line] !== owner) throw new Error(`owner ${owner} does not have the ${device.name}`);
    this.assign(device, Owner.NOBODY);
  }

  private isFree({ ports, line }: BoardDevice): boolean {
    return this.lines[line] === Owner.NOBODY && ports.every(({ first, count }) => this.ports.subarray(first, first + count).every((owner) => owner === Owner.NOBODY));
  }

  private assign({ ports, line }: BoardDevice, owner: number): void {
    this.lines[line] = owner;
    for (const { first, count } of ports) this.ports.fill(owner, first, first + count);
  }
}
