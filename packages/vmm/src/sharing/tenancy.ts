import type { Tenant, TenantUse } from '@ringbench/engine';
import type { GuestClock } from '../guest-clock.js';
import type { OwnersAllocator } from '../allocator.js';
import type { GuestMemory, PageSupply } from '../guest-memory.js';
import type { PagePool } from '../page-pool.js';
import { ProcessorContext } from './processor-context.js';
import type { SharedMachine } from './shared-machine.js';

/** What an engine lends to its tenancy. */
export interface TenantParts {
  readonly clock: GuestClock;
  readonly memory: GuestMemory;
  /** What its monitor's tables come from; absent: they do not grow. */
  readonly pool?: PagePool;
  /** Takes the processor from the guest between two instructions, if the guest has it. */
  readonly leave: () => void;
  /** The guest slept: it is to pause. */
  readonly onSlept: () => void;
  /** The processor is this guest's again, with empty TLBs. */
  readonly onResumed: () => void;
  /** The guest wrote to the marker port. */
  readonly onMarker: (value: number) => void;
  /** Forgets all translations of the guest's memory. */
  readonly onRemapped: () => void;
  /** Guest pages that its monitor holds on to, and that never change their place. */
  readonly pinned?: readonly number[];
}

/** The place of one virtual machine on a shared machine. */
export class Tenancy implements Tenant {
  readonly allocator: OwnersAllocator;
  private readonly context = new ProcessorContext();
  private parts: TenantParts | undefined;
  private sleepTaken = 0;
  private isGone = false;

  /** Throws when no number is left for it. */
  constructor(private readonly site: SharedMachine) {
    const allocator = site.admit(this);
    if (allocator === undefined) throw new Error('this machine has as many virtual machines as it can number');
    this.allocator = allocator;
  }

  get owner(): number { return this.allocator.owner; }

  /** Where the guest's pages come from. */
  get supply(): PageSupply {
    return { take: () => this.allocator.allocate(this.allocator.owner), unshare: (machinePage) => this.site.unshare(machinePage) };
  }

  /** The engine is built. */
  attach(parts: TenantParts): void {
    this.parts = parts;
    parts.clock.onSlept = parts.onSlept;
  }

  private get engine(): TenantParts {
    if (this.parts === undefined || this.isGone) throw new Error('this virtual machine is not there');
    return this.parts;
  }

  leave(): void { if (this.site.isSeated(this)) this.engine.leave(); }

  mark(value: number): void { this.engine.onMarker(value); }

  /** The processor goes to another. */
  suspend(): void {
    const { leave, clock } = this.engine;
    leave();
    this.context.save(this.site.machine);
    clock.hold();
  }

  resume(): boolean {
    const { clock, onResumed } = this.engine;
    if (!this.site.seat(this)) return false;
    this.context.load(this.site.machine);
    clock.goOn();
    onResumed();
    return true;
  }

  get workTime(): number { return this.site.machine.processor.now() + this.engine.clock.emulated; }

  takeSleep(): number {
    const { idle } = this.engine.clock;
    const units = idle - this.sleepTaken;
    this.sleepTaken = idle;
    return units;
  }

  shareMemory(): void {
    const { memory, onRemapped, pinned = [] } = this.engine;
    for (const [page, machinePage] of memory.ownPages()) {
      if (pinned.includes(page)) continue;
      const match = this.site.pages.match(machinePage, this.allocator);
      memory.share(page, match === 'zeros' ? undefined : match);
      if (match !== machinePage) this.site.giveBack(machinePage, this.allocator);
    }
    onRemapped();
  }

  get use(): TenantUse {
    const { memory } = this.engine;
    const { own, shared, given, copied } = memory.use;
    return { own, shared, given, copied, monitor: this.allocator.pages.size - own };
  }
  get isStarved(): boolean { return this.engine.memory.isStarved || this.engine.pool?.isStarved === true; }

  release(): void {
    const { memory } = this.engine;
    for (const page of memory.sharedPages()) this.site.unshare(page);
    this.site.evict(this);
    this.isGone = true;
  }
}
