import type { CoreDefinition, Engine, EngineOptions, GuestImage, GuestSite, LinuxImage, MultibootImage } from '@ringbench/engine';
import { SharedMachine } from '@ringbench/vmm';
import { Scheduler, type SchedulerStop } from '../scheduler.js';
import { VirtualTime } from '../virtual-time.js';
import { VmCounters, VmProcess, type IdlePolicy } from './vm-process.js';

const PAGE_BYTES = 4096;
/** Pages that the monitor of any technique takes for a new guest, at most, beside the guest's own memory. */
const MONITOR_PAGES = 96;
/** Settings by which a guest gets a device of the machine for itself. */
const STATIC_SETTINGS = ['disk', 'console'] as const;

export interface VmHostOptions {
  /** Machine memory in bytes, for all virtual machines together. */
  readonly ramBytes: number;
  readonly idle?: IdlePolicy;
  /** Instructions; see Scheduler. */
  readonly slice?: number;
  /** Called when a virtual machine has ended, while its engine can still be looked at. */
  readonly onEnded?: (process: VmProcess) => void;
}

/** What a virtual machine is made of. */
export interface VmOptions extends Omit<EngineOptions, 'site' | 'memories' | 'neighbourPages'> {
  readonly name?: string;
  /** Guest instructions after which it is ended; default without end. */
  readonly budget?: number;
}

export type Launch = { readonly ok: true; readonly process: VmProcess } | { readonly ok: false; readonly problem: string };

/** A host kernel whose processes are virtual machines of one technique, on one machine. */
export class VmHost {
  readonly clock = new VirtualTime();
  readonly scheduler: Scheduler;
  readonly counters = new VmCounters();
  /** How long each woken virtual machine waited for the processor, in instructions, in the order of the wake-ups. */
  readonly wakeDelays: number[] = [];
  private readonly site: SharedMachine;
  private launched = 0;
  private readonly living = new Set<VmProcess>();

  /** Throws for a technique whose guests do not share a machine: `CoreDefinition.sharesMachine` tells. */
  constructor(private readonly core: CoreDefinition, private readonly options: VmHostOptions) {
    if (core.sharesMachine !== true) throw new Error(`a guest of ${core.id} has its machine for itself`);
    const { ramBytes, slice } = options;
    this.site = new SharedMachine(ramBytes);
    this.site.onScarce = (owner) => this.relieve(owner);
    this.scheduler = new Scheduler(this.clock, { ...(slice === undefined ? {} : { slice }), onWoken: (_task, delay) => this.wakeDelays.push(delay) });
  }

  get machine(): GuestSite { return this.site; }

  /** The launch call: a new process with a guest in it, which runs from the next `run` on. What cannot be loaded, or has no room, is a value. */
  launch(image: GuestImage, { name = `vm${this.launched}`, budget = Infinity, ...options }: VmOptions): Launch {
    if (image.format === 'rom' || image.format === 'disk') return { ok: false, problem: 'firmware is write-protected by the machine, which many share' };
    if (STATIC_SETTINGS.some((name) => options.settings?.[name] === 'static')) return { ok: false, problem: 'a device of a machine that many share cannot be allocated to one of them' };
    if (this.site.use.free < MONITOR_PAGES + Math.ceil(imageBytes(image) / PAGE_BYTES)) return { ok: false, problem: 'the machine has no memory left for another virtual machine' };
    const engine = this.core.create({ ...options, site: this.site });
    const loaded = engine.load(image);
    if (!loaded.ok || engine.tenant?.isStarved === true) {
      engine.tenant?.release();
      return { ok: false, problem: loaded.ok ? 'the machine has no memory left for the image' : loaded.problem };
    }
    return { ok: true, process: this.add(engine, name, budget) };
  }

  private add(engine: Engine, name: string, budget: number): VmProcess {
    engine.tenant?.shareMemory();
    this.counters.launches++;
    const { clock, scheduler, counters, options: { idle = 'halt' } } = this;
    const process = new VmProcess(this.launched++, name, engine, budget, { clock, scheduler, idle, counters, onEnded: (ended) => this.ended(ended) });
    this.living.add(process);
    scheduler.add(process);
    return process;
  }

  private ended(process: VmProcess): void {
    this.living.delete(process);
    this.options.onEnded?.(process);
  }

  /**
   * The machine, whose memory may be promised more often than it is there, is nearly out of pages: the virtual machine that has most of them ends, so that none pays
   * for another's hunger. If that is the one that asks, it goes on until it starves.
   */
  private relieve(asker: number): void {
    let most: VmProcess | undefined;
    let pages = 0;
    for (const process of this.living) {
      const { own, monitor } = process.memory;
      if (own + monitor <= pages) continue;
      most = process;
      pages = own + monitor;
    }
    if (most !== undefined && most.owner !== asker) most.starve();
  }

  /** Runs the virtual machines for so much host time, in instructions. */
  run(time: number): SchedulerStop { return this.scheduler.runUntil(this.clock.now + time); }
}

/** What loading an image writes, about. */
function imageBytes(image: MultibootImage | LinuxImage): number {
  const beside = image.format === 'multiboot' ? (image.modules ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0) : image.initrd?.length ?? 0;
  return image.bytes.length + beside;
}
