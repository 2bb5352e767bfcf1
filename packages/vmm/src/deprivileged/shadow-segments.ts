import { Access, CR0, Flag, Segment, storeSegmentRegister, Word, type Silicon } from '@ringbench/isa';
import type { HostContext } from '../host-context.js';
import type { MonitorInstructions } from './monitor-instructions.js';

const REGISTERS = 6;
/** Those that an instruction can load without a change of CS. */
const LOADABLE_SEGMENTS = [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS] as const;
const BYTE_LIMIT = 0xfffff;
const PAGE_SHIFT = 12;
const PARAGRAPH_SHIFT = 4;
const PARAGRAPH_LIMIT = 0xffff;
const USER = Access.PRESENT | Access.NOT_SYSTEM | Access.DPL_MASK | Access.ACCESSED;
/** An expand-down segment whose limit is the highest offset: no access is within it. */
const NOTHING = USER | Access.WRITABLE | Access.EXPAND_DOWN | Access.BIG | Access.GRANULARITY;
/** Bits of a selector that say which descriptor it is of; none of them is set in a null selector. SDM vol. 3, 3.4.2. */
const DESCRIPTOR_BITS = 0xfffc;
const INDEX_SHIFT = 3;

/**
 * Shadow descriptors: one of the monitor's GDT for each segment register, with what the guest's register holds (the hidden part, SDM vol. 3, 3.4.3) but for
 * ring 3. So a guest's segments have its bases, limits and types whatever its tables say by now, and its tables are read by the Interpreter only.
 */
export class ShadowSegments {
  /** BASE, LIMIT and ACCESS of each register as last shadowed; -1 in the last means never. */
  private readonly known = new Int32Array(3 * REGISTERS).fill(-1);
  private readonly selectors = new Int32Array(REGISTERS);

  constructor(private readonly host: HostContext, private readonly guest: Int32Array) {}

  /**
   * True when some mode of ring 3 has segments like the guest's. Real mode has virtual-8086 mode's, unless protected mode left it others: no mode with these
   * has ARPL undefined and lets any segment be written. Nor can ring 3 run code in what real mode leaves in CS, until protected mode loads it.
   */
  get haveMode(): boolean {
    const { guest } = this;
    if (isVirtual8086(guest)) return true;
    return (guest[Word.CR0] & CR0.PE) === 0 ? this.areParagraphs : (guest[Word.ACCESS + Segment.CS] & Access.CODE) !== 0;
  }

  /** True when all registers hold what virtual-8086 mode prescribes. */
  private get areParagraphs(): boolean {
    const { guest } = this;
    for (let segment = 0; segment < REGISTERS; segment++) {
      if (guest[Word.BASE + segment] !== guest[Word.SELECTOR + segment] << PARAGRAPH_SHIFT || guest[Word.LIMIT + segment] !== PARAGRAPH_LIMIT) return false;
      const access = guest[Word.ACCESS + segment];
      if ((access & Access.BIG) !== 0 || (access & (Access.CODE | Access.EXPAND_DOWN)) === Access.EXPAND_DOWN) return false;
    }
    return true;
  }

  /** Selector of the shadow of CS or SS, for the VMM's IRET. */
  selectorOf(segment: number): number { return this.selectors[segment]; }

  /** Has all registers shadowed, and the data segments loaded on the silicon unless they are; CS and SS are left to IRET. */
  load(monitor: MonitorInstructions, force: boolean): void {
    for (let segment = 0; segment < REGISTERS; segment++) {
      const isNew = this.shadow(segment);
      if ((isNew || force) && segment !== Segment.CS && segment !== Segment.SS) monitor.loadSegment(segment, this.selectors[segment]);
    }
  }

  /**
   * Where segment loads do not trap: takes over what the guest loaded without the monitor. All that there is for it to load are null selectors, and its own
   * segments by the selectors that it found in other registers. `real` is the silicon's state after the trap, `stackSelector` what that pushed of SS.
   */
  takeLoads(processor: Silicon, real: Int32Array, stackSelector: number): void {
    const { guest, selectors } = this;
    for (const segment of LOADABLE_SEGMENTS) {
      const selector = segment === Segment.SS ? stackSelector : real[Word.SELECTOR + segment];
      if (selector === selectors[segment]) continue;
      if ((selector & DESCRIPTOR_BITS) === 0) {
        storeSegmentRegister(processor, segment, selector, 0, 0, Access.UNUSABLE);
        continue;
      }
      const from = selector >>> INDEX_SHIFT;
      storeSegmentRegister(processor, segment, guest[Word.SELECTOR + from], guest[Word.BASE + from], guest[Word.LIMIT + from], guest[Word.ACCESS + from]);
    }
  }

  /** Writes a register's descriptor if it changed. */
  private shadow(segment: number): boolean {
    const { guest, known } = this;
    const at = 3 * segment;
    const base = guest[Word.BASE + segment];
    const limit = guest[Word.LIMIT + segment];
    const access = guest[Word.ACCESS + segment];
    if (known[at] === base && known[at + 1] === limit && known[at + 2] === access) return false;
    known[at] = base;
    known[at + 1] = limit;
    known[at + 2] = access;
    const isUnusable = (access & Access.UNUSABLE) !== 0;
    this.selectors[segment] = isUnusable && segment !== Segment.SS ? 0 : this.host.shadowSelector(segment);
    if (isUnusable) this.write(segment, 0, -1, NOTHING);
    else this.write(segment, base, limit, accessFor(segment, access));
    return true;
  }

  /** `limit` in bytes. */
  private write(segment: number, base: number, limit: number, access: number): void {
    const isLarge = limit >>> 0 > BYTE_LIMIT;
    const field = isLarge ? limit >>> PAGE_SHIFT : limit;
    const granularity = isLarge ? Access.GRANULARITY : 0;
    const low = (field & 0xffff) | (base << 16);
    const high = ((base >>> 16) & 0xff) | (((access & ~Access.GRANULARITY) | granularity) << 8) | (field & 0xf0000) | (base & 0xff000000);
    this.host.writeShadow(segment, low, high);
  }
}

/** Access bits for ring 3. CS must be code of just this ring, whatever it was loaded from. */
function accessFor(segment: number, access: number): number {
  const sizes = access & Access.BIG;
  if (segment === Segment.CS) return USER | Access.CODE | (access & Access.READABLE) | sizes;
  if (segment === Segment.SS) return USER | Access.WRITABLE | (access & Access.EXPAND_DOWN) | sizes;
  return USER | (access & (Access.CODE | Access.EXPAND_DOWN | Access.WRITABLE)) | sizes;
}

/** Whether the guest's segment registers hold paragraph numbers. */
export function isVirtual8086(state: Int32Array): boolean { return (state[Word.FLAG_SYSTEM] & Flag.VM) !== 0; }
