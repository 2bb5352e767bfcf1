import { CPU_MODELS, DEFAULT_CPU_MODEL, Word } from '@ringbench/isa';
import { Machine, Region as MemoryRegion, RomBank } from '@ringbench/machine';
import { bootGuest } from './boot.js';
import { MemoryDigest, type Digest } from './digest.js';
import type { Engine, EngineOptions, EventCounts, Exit, Fingerprint, GuestImage, GuestView, LoadResult, Region } from './engine.js';
import { createExecutor } from './executors.js';
import { fingerprintOf } from './fingerprint.js';
import type { GuestHost } from './guest-host.js';
import { guestView } from './guest-view.js';
import { GuestIo } from './io/guest-io.js';
import { RegionRecorder } from './marker.js';
import { showScreen } from './screen.js';

/** How a technique names what the silicon counted while the guest ran. */
export type CountView = (silicon: EventCounts) => EventCounts;

/** The machine itself as its guest's host. */
function hostOf(machine: Machine): GuestHost {
  const { memory, processor, pc } = machine;
  const roms = new RomBank(memory, processor.mmu);
  return {
    processor, pc, state: memory.state, bus: pc.bus, ramBytes: memory.ramBytes,
    readPhysical: (address, count) => processor.mmu.readPhysical(address, count),
    writePhysical: (address, bytes) => processor.mmu.writePhysical(address, bytes),
    addRom: (address, bytes, aliases) => roms.add(address, bytes, aliases),
    reset: () => machine.reset(),
  };
}

/** An engine whose guest owns the whole machine: what differs between techniques is only how the events are attributed. */
export class DirectEngine implements Engine {
  private readonly machine: Machine;
  private readonly host: GuestHost;
  private readonly recorder: RegionRecorder;
  private readonly io: GuestIo;
  /** The guest has firmware of its own, which starts the machine again after a reset. */
  private hasFirmware = false;

  constructor(private readonly options: EngineOptions, private readonly view: CountView) {
    this.io = new GuestIo(options);
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    this.machine = new Machine({
      ...this.io.equipment(),
      memories: options.memories,
      ramBytes: options.memoryBytes,
      // Every core shows its guest the same processor, and V386 mode does not nest: the mode's bit is for the core that uses it.
      features: CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL].features,
      createExecutor: createExecutor(options),
      onMarker: (value) => this.recorder.mark(value),
    });
    this.host = hostOf(this.machine);
  }

  load(image: GuestImage): LoadResult {
    const loaded = bootGuest(image, this.host, this.options, this.io);
    if (loaded.ok) this.hasFirmware = image.format === 'rom';
    return loaded;
  }
  run(budget: number): Exit {
    const end = this.retired + budget;
    for (;;) {
      const stop = this.machine.run(end - this.retired);
      switch (stop.kind) {
        case 'exit': return { kind: 'power-off', status: stop.status };
        case 'shutdown': return { kind: 'shutdown', eip: this.machine.processor.state[Word.EIP] >>> 0, detail: stop.detail };
        case 'trap-page': throw new Error('a guest without VMM reached a trap page');
        case 'reset':
          if (!this.hasFirmware) return stop;
          this.machine.reset();
          break;
        default: return stop;
      }
    }
  }
  pause(): void { this.machine.pause(); }
  receive(byte: number): boolean { return this.machine.pc.offerInput(byte); }
  type(text: string): boolean { return this.machine.pc.keyboard?.type(text) === true; }
  screen(): readonly string[] { return showScreen(this.host); }
  inspect(): GuestView { return guestView(this.machine.memory.state, this.machine.memory.counts, (address, count) => this.host.readPhysical(address, count)); }
  get retired(): number { return this.machine.retired; }
  counts(): EventCounts { return { ...this.view(this.machine.counts()), ...this.io.counts() }; }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(digest: Digest = new MemoryDigest()): Fingerprint {
    const { memory } = this.machine;
    digest.update(new Int32Array(memory.buffer, MemoryRegion.RAM, memory.ramBytes / 4));
    return fingerprintOf(memory.state, digest.result());
  }
}
