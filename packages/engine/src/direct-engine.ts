import { Feature, Word } from '@ringbench/isa';
import { Interpreter } from '@ringbench/interpreter';
import { DEFAULT_FEATURES, Machine, Region as MemoryRegion } from '@ringbench/machine';
import { digestMemory } from './digest.js';
import type { Engine, EngineOptions, EventCounts, Exit, Fingerprint, GuestImage, LoadResult, Region } from './engine.js';
import { fingerprintOf } from './fingerprint.js';
import { startGuest } from './guest-start.js';
import { RegionRecorder } from './marker.js';
import { loadGuest } from './load-guest.js';

/** How a technique names what the silicon counted while the guest ran. */
export type CountView = (silicon: EventCounts) => EventCounts;

/** An engine whose guest owns the whole machine: what differs between techniques is only how the events are attributed. */
export class DirectEngine implements Engine {
  private readonly machine: Machine;
  private readonly recorder: RegionRecorder;

  constructor(options: EngineOptions, private readonly view: CountView) {
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    this.machine = new Machine({
      ramBytes: options.memoryBytes,
      // Every core shows its guest the same processor, and V386 mode does not nest: the mode's bit is for the core that uses it.
      features: DEFAULT_FEATURES & ~Feature.V386,
      createExecutor: (processor) => new Interpreter(processor),
      onMarker: (value) => this.recorder.mark(value),
      ...(options.onConsole === undefined ? {} : { onConsole: options.onConsole }),
    });
  }

  load(image: GuestImage): LoadResult {
    const { memory, processor } = this.machine;
    const start = loadGuest(image, memory.ramBytes, (physical, bytes) => processor.mmu.writePhysical(physical, bytes));
    if (!start.ok) return start;
    startGuest(processor, start);
    return { ok: true };
  }
  run(budget: number): Exit {
    const stop = this.machine.run(budget);
    switch (stop.kind) {
      case 'exit': return { kind: 'power-off', status: stop.status };
      case 'shutdown': return { kind: 'shutdown', eip: this.machine.processor.state[Word.EIP] >>> 0, detail: stop.detail };
      case 'trap-page': throw new Error('a guest without VMM reached a trap page');
      default: return stop;
    }
  }
  pause(): void { this.machine.pause(); }
  receive(byte: number): boolean { return this.machine.pc.uart.offer(byte); }
  get retired(): number { return this.machine.retired; }
  counts(): EventCounts { return this.view(this.machine.counts()); }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(): Fingerprint {
    const { memory } = this.machine;
    return fingerprintOf(memory.state, digestMemory(new Int32Array(memory.buffer, MemoryRegion.RAM, memory.ramBytes / 4)));
  }
}
