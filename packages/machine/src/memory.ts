import { SILICON_EVENTS, STATE_WORDS } from '@ringbench/isa';
import { MICRO_OPS_END, NO_ENTRY, Region } from './layout.js';

const WASM_PAGE = 65536;
const PAGE_BYTES = 4096;

/** The linear memory of one machine and typed views of it. RAM starts at `Region.RAM`; guest physical address p is host address `Region.RAM + p`. */
export class MachineMemory {
  readonly wasm: WebAssembly.Memory;
  readonly buffer: ArrayBuffer;
  readonly state: Int32Array;
  readonly counts: Float64Array;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly view: DataView;
  private readonly restorers: (() => void)[] = [];

  constructor(readonly ramBytes: number) {
    if (ramBytes % PAGE_BYTES !== 0) throw new Error('RAM size must be a multiple of 4096');
    this.wasm = new WebAssembly.Memory({ initial: Math.ceil((Region.RAM + ramBytes) / WASM_PAGE) });
    this.buffer = this.wasm.buffer;
    this.state = new Int32Array(this.buffer, Region.STATE, STATE_WORDS);
    this.counts = new Float64Array(this.buffer, Region.COUNTS, SILICON_EVENTS.length);
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Int32Array(this.buffer);
    this.view = new DataView(this.buffer);
    this.bytes.fill(0xff, Region.OPEN_BUS, Region.OPEN_BUS + PAGE_BYTES);
    this.words.fill(NO_ENTRY, MICRO_OPS_END >> 2, Region.DATA_TLB_ENTRY >> 2);
  }

  /** For who keeps something in a region that is large and mostly unused: `restore` is called once, by `reset`, and puts back there what a new memory has. */
  onReset(restore: () => void): void { this.restorers.push(restore); }

  /** Makes it equal to a new memory of the same size, at the cost of what was used of it. The machine that had it must not run again. */
  reset(): void {
    for (const restore of this.restorers.splice(0)) restore();
    this.bytes.fill(0, Region.STATE, Region.OPEN_BUS);
    this.bytes.fill(0, Region.JUMP_CACHE, Region.MICRO_OPS);
    this.bytes.fill(0, Region.ROM);
  }
}
