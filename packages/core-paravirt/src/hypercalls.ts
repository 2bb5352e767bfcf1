import { Register } from '@ringbench/isa';
import type { GuestMemory } from '@ringbench/vmm';
import type { ParavirtCounters } from './counters.js';
import { HYPERCALLS, MOST_UPDATES, NO_SUCH_CALL, UPDATE_WORDS, type Hypercall } from './interface.js';
import type { Spaces } from './spaces.js';
import type { ThreadSegments } from './thread-segments.js';
import type { VirtualDevices } from './virtual-devices.js';

const WORD_BYTES = 4;
const PAGE_BYTES = 4096;
const LOW_WORD = 0xffff;
const BYTE = 0xff;

/** What hypercalls reach. */
export interface HypercallTargets {
  readonly memory: GuestMemory;
  readonly spaces: Spaces;
  readonly segments: ThreadSegments;
  readonly devices: VirtualDevices;
  readonly counters: ParavirtCounters;
  /** Without a virtual MMU there is the kernel's space only. */
  readonly hasSpaces: boolean;
  readonly onMark: (value: number) => void;
  readonly onTerminate: (status: number) => void;
}

/** An answer, and whether it tells of a refusal. */
type Service = (first: number, second: number, third: number) => number | boolean;

/** The machine's hypercalls (docs/paravirt.md, section 4). Whatever the guest passes, the answer is a value, and nothing but the guest's own can change. */
export class Hypercalls {
  private readonly services: Readonly<Record<Hypercall, Service>>;

  constructor(private readonly targets: HypercallTargets) {
    const { spaces, segments, devices, hasSpaces, onMark, onTerminate } = targets;
    this.services = {
      terminate: (status) => { onTerminate(status & LOW_WORD); return true; },
      idle: (microseconds) => { devices.idle(microseconds); return true; },
      'space-make': () => hasSpaces && (spaces.make() || false),
      'space-free': (space) => spaces.drop(space),
      'space-use': (space) => spaces.use(space),
      'table-make': (space, linear) => spaces.makeTable(space, linear),
      update: (array, count) => this.update(array, count),
      segment: (index, low, high) => segments.load(index, low, high),
      timer: (microseconds) => { devices.setTimer(microseconds); return true; },
      kick: (device, chain) => devices.kick(device, chain),
      listen: (on) => { devices.listen(on !== 0); return true; },
      mark: (value) => { onMark(value & BYTE); return true; },
    };
  }

  /** Serves the call that the registers describe, and puts the answer in EAX. */
  serve(general: Int32Array): void {
    const name: Hypercall | undefined = HYPERCALLS[(general[Register.EAX] >>> 0) - 1];
    if (name === undefined) {
      this.targets.counters.refused++;
      general[Register.EAX] = NO_SUCH_CALL;
      return;
    }
    this.targets.counters.called(name);
    const answer = this.services[name](general[Register.EBX] >>> 0, general[Register.ECX] >>> 0, general[Register.EDX] >>> 0);
    if (answer === false) this.targets.counters.refused++;
    general[Register.EAX] = Number(answer);
  }

  /** How many of the array's elements were applied: up to the first that is refused. */
  private update(array: number, count: number): number {
    const { memory, spaces, counters } = this.targets;
    const last = Math.min(count, MOST_UPDATES);
    const bytes = last * UPDATE_WORDS * WORD_BYTES;
    if (array % WORD_BYTES !== 0 || array + bytes > memory.pages * PAGE_BYTES) {
      counters.refused++;
      return 0;
    }
    const { buffer } = memory.readBytes(array, bytes);
    const view = new DataView(buffer);
    const word = (index: number): number => view.getUint32(index * WORD_BYTES, true);
    for (let done = 0; done < last; done++) {
      const at = done * UPDATE_WORDS;
      if (!spaces.update(word(at), word(at + 1), word(at + 2))) {
        counters.refused++;
        return done;
      }
      counters.updates++;
    }
    return last;
  }
}
