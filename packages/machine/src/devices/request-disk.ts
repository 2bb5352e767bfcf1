/**
 * A disk of the laboratory's own semantics (docs/virtual-devices.md, section 4): one port access starts a chain of requests, one interrupt tells that all
 * are answered, and the answers are in memory. The medium takes as long as that of the ATA drive.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline, TickRate } from '../clock.js';
import { BusyTime } from './ata-drive.js';
import type { BlockStore } from './block-store.js';
import { attachRequestDevice, RequestDeviceStatus, RequestIdentity, RequestPort } from './request-registers.js';
import { BlockServer } from './request-servers.js';
import { RequestChain, type DeviceMemory } from './requests.js';

const MICROSECONDS_PER_SECOND = 1_000_000;

export interface RequestDiskOptions {
  readonly clock: InstructionClock;
  readonly memory: DeviceMemory;
  readonly store: BlockStore;
  /** Called with the level of the interrupt line. */
  readonly onInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

export class RequestDisk {
  private readonly chain: RequestChain;
  private readonly busy: Deadline;
  private readonly accessTime: number;
  private first = 0;
  private refused = false;

  constructor(private readonly options: RequestDiskOptions) {
    const server = new BlockServer(options.memory, options.store);
    this.chain = new RequestChain(options.memory, (request) => server.serve(request));
    this.busy = new Deadline(() => this.finish());
    this.accessTime = new TickRate(MICROSECONDS_PER_SECOND, options.instructionsPerSecond).instructionsAt(BusyTime.ACCESS);
  }

  attach(bus: PortBus): void {
    attachRequestDevice(bus, RequestPort.DISK, {
      identity: RequestIdentity.DISK, size: () => this.options.store.sectors, status: () => this.status(), kick: (address) => this.kick(address), control: () => undefined,
    });
  }

  reset(): void {
    this.options.clock.cancel(this.busy);
    this.refused = false;
    this.options.onInterrupt(false);
  }

  /** A kick takes back the interrupt of the last one; while the disk is busy it is lost, and marked as refused. */
  private kick(address: number): void {
    this.settle();
    if (this.isBusy) {
      this.refused = true;
      return;
    }
    const { clock, onInterrupt } = this.options;
    onInterrupt(false);
    this.first = address;
    this.refused = false;
    clock.reschedule(this.busy, clock.now() + this.accessTime);
  }

  private get isBusy(): boolean { return this.busy.at !== Infinity; }

  /** An access on the very instruction sees the chain done, whether or not the driver has fired the deadline yet. */
  private settle(): void {
    const { clock } = this.options;
    if (this.busy.at > clock.now()) return;
    clock.cancel(this.busy);
    this.finish();
  }

  private finish(): void {
    if (!this.chain.perform(this.first)) this.refused = true;
    this.options.onInterrupt(true);
  }

  private status(): number {
    this.settle();
    this.options.onInterrupt(false);
    return (this.isBusy ? RequestDeviceStatus.BUSY : 0) | (this.refused ? RequestDeviceStatus.REFUSED : 0);
  }
}
