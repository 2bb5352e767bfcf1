import { Region, type Machine } from '@ringbench/machine';
import { HostContext } from './host-context.js';

const DESCRIPTOR_BYTES = 8;
const DESCRIPTORS = 16;
const SELECTOR_SHIFT = 3;
/** Descriptors of HostContext's table, which whoever is at ring 0 goes on using. */
const HOSTS_WORDS = 12;
/** Flat 4 GB segments of ring 3, accessed so that the silicon does not write the table (SDM vol. 3, 3.4.5). */
const FLAT_LOW = 0x0000ffff;
const FLAT_CODE = 0x00cffb00;
const FLAT_DATA = 0x00cff300;
const GATE_BYTES = 8;
/** DPL 3 in the upper word of a gate (SDM vol. 3, figure 6-2). */
const USER_GATE = 3 << 13;

/** The descriptor table under which ring 3 runs where it has no segmentation of its own: the host's entries, two flat segments, and what is described. */
export class UserSegments {
  /** Limit of the table, for LGDT. */
  static readonly LIMIT = DESCRIPTORS * DESCRIPTOR_BYTES - 1;
  private readonly words: Int32Array;

  /** @param address machine-physical, of a page of the host's; `host` has written its own table. @param selectors those of the flat segments. */
  constructor(machine: Machine, private readonly address: number, host: HostContext, selectors: { readonly code: number; readonly data: number }) {
    this.words = machine.memory.words;
    const own = HostContext.wordIndex(host.tables);
    this.words.copyWithin(HostContext.wordIndex(address), own, own + HOSTS_WORDS);
    this.describe(selectors.code >>> SELECTOR_SHIFT, FLAT_LOW, FLAT_CODE);
    this.describe(selectors.data >>> SELECTOR_SHIFT, FLAT_LOW, FLAT_DATA);
  }

  /** Writes a descriptor, both words zero for none. Whether it may be had is for the caller to judge. */
  describe(index: number, low: number, high: number): void {
    const at = HostContext.wordIndex(this.address + index * DESCRIPTOR_BYTES);
    this.words[at] = low;
    this.words[at + 1] = high;
  }
}

/** Opens gates of the host's table to instructions of ring 3. Call it when the host is where it will stay. */
export function openGates(machine: Machine, host: HostContext, vectors: readonly number[]): void {
  const { view } = machine.memory;
  for (const vector of vectors) {
    const upper = Region.RAM + host.interruptTable + vector * GATE_BYTES + GATE_BYTES / 2;
    view.setInt32(upper, view.getInt32(upper, true) | USER_GATE, true);
  }
}
