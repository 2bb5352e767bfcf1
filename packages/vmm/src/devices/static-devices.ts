import type { DeviceChoices } from '@ringbench/engine';
import type { PortBus, PortRange } from '@ringbench/machine';
import { BOARD_DEVICES, type BoardDevice, type DeviceAllocator } from './device-allocator.js';

/** How a technique lets a guest's accesses to ports through to the machine. */
export interface PortGate {
  allowPorts(range: PortRange): void;
}

/**
 * Devices of the machine that one virtual machine has for itself (slide "Hardware devices", "Static allocation"). Its guest reaches their ports without a trap
 * (on ports that the gate lets through), while their interrupts go to the VMM, because the interrupt controller stays virtual. Such a device runs on its owner's
 * time, as every device does (docs/decisions/0015-static-devices.md): so its model is the guest's, plugged into the machine's own bus.
 */
export class StaticDevices {
  private readonly held: BoardDevice[] = [];

  /** `owner`: of whom `guestBus` is. */
  constructor(
    private readonly machineBus: PortBus, private readonly guestBus: PortBus, private readonly allocator: DeviceAllocator, private readonly gate: PortGate, private readonly owner: number,
  ) {}

  /** The guest has no device of the machine. */
  get isEmpty(): boolean { return this.held.length === 0; }

  /** Gives the guest a device; false when another has it. */
  allocate(device: BoardDevice): boolean {
    if (!this.allocator.allocate(device, this.owner)) return false;
    this.held.push(device);
    for (const range of device.ports) this.gate.allowPorts(range);
    this.connect();
    return true;
  }

  /** Gives the guest the devices that its settings choose. Throws when it cannot have one: its machine was built for it alone. */
  allocateChosen(choices: Pick<DeviceChoices, keyof typeof BOARD_DEVICES>): void {
    for (const device of Object.values(BOARD_DEVICES)) {
      if (choices[device.name] === 'static' && !this.allocate(device)) throw new Error(`the ${device.name} belongs to another guest`);
    }
  }

  /** Plugs in what the guest has; again when disks were connected since. */
  connect(): void {
    for (const { ports } of this.held) for (const range of ports) this.machineBus.share(range, this.guestBus);
  }
}
