/** Which of the laboratory's own devices a PC has (docs/virtual-devices.md), and how they are wired. */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import type { BlockStore } from './block-store.js';
import { RequestConsole } from './request-console.js';
import { RequestDisk } from './request-disk.js';
import type { CharacterServerOptions } from './request-servers.js';
import type { DeviceMemory } from './requests.js';
import { ServicePort } from './service-port.js';

/** How a guest reaches its disks: an ATA channel, the request disk, or a service of the I/O API. */
export type DiskInterface = 'ata' | 'request' | 'service';
/** How a guest reaches its console, beside the serial port, which every PC has. */
export type ConsoleInterface = 'uart' | 'request' | 'service';

export interface LaboratoryOptions {
  readonly clock: InstructionClock;
  /** Needed for every interface that is not a PC's own. */
  readonly memory: DeviceMemory | undefined;
  readonly diskInterface: DiskInterface;
  readonly consoleInterface: ConsoleInterface;
  /** What becomes of bytes written to a console's channels: the serial line's and the host's (`ConsoleSource`). */
  readonly outputs: readonly ((byte: number) => void)[];
  readonly onDiskInterrupt: (level: boolean) => void;
  readonly onConsoleInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

/** Names of the services of the I/O API. */
const CONSOLE_SERVICE = 'console';
const DISK_SERVICES = ['disk', 'disk1'] as const;

export class LaboratoryDevices {
  private readonly console: RequestConsole | undefined;
  private readonly services: ServicePort | undefined;
  private disk: RequestDisk | undefined;

  constructor(private readonly options: LaboratoryOptions, private readonly bus: PortBus) {
    const { consoleInterface, diskInterface } = options;
    if (consoleInterface === 'request') this.console = new RequestConsole(this.characterOptions());
    if (consoleInterface === 'service' || diskInterface === 'service') this.services = new ServicePort(this.memory);
    if (consoleInterface === 'service') this.services?.addCharacters(CONSOLE_SERVICE, this.characterOptions());
    this.console?.attach(bus);
    this.services?.attach(bus);
  }

  /** How many disks it takes. */
  get mostDisks(): number { return this.options.diskInterface === 'request' ? 1 : DISK_SERVICES.length; }

  /** Disks for `request` and `service`. Throws for more than `mostDisks`. */
  connectDisks(stores: readonly BlockStore[]): void {
    if (stores.length > this.mostDisks) throw new Error(`${stores.length} disks are too many`);
    if (this.services !== undefined && this.options.diskInterface === 'service') stores.forEach((store, index) => this.services?.addBlocks(DISK_SERVICES[index], store));
    if (this.options.diskInterface !== 'request') return;
    const { clock, onDiskInterrupt, instructionsPerSecond } = this.options;
    this.disk = new RequestDisk({ clock, memory: this.memory, store: stores[0], onInterrupt: onDiskInterrupt, instructionsPerSecond });
    this.disk.attach(this.bus);
  }

  /** A byte arrives at the console; false when the sender must wait. Undefined where the console is the serial port. */
  offer(byte: number): boolean | undefined {
    return this.console?.offer(byte) ?? this.services?.offer(byte);
  }

  reset(): void {
    this.console?.reset();
    this.services?.reset();
    this.disk?.reset();
  }

  private get memory(): DeviceMemory {
    if (this.options.memory === undefined) throw new Error('a board without memory has no request devices');
    return this.options.memory;
  }
  private characterOptions(): CharacterServerOptions {
    return { memory: this.memory, outputs: this.options.outputs, onInterrupt: this.options.onConsoleInterrupt };
  }
}
