import { CR0, CR4, eventIndex, Word } from '@ringbench/isa';
import { NO_ENTRY, Region } from '../src/layout.js';
import { MachineMemory } from '../src/memory.js';
import { Mmu, type MmuOptions } from '../src/mmu/mmu.js';

export const PAGE = 4096;
export const RAM_PAGES = 64;

/** Paging-structure entry bits, written out apart from the code under test. */
export const P = 0x001;
export const W = 0x002;
export const U = 0x004;
export const A = 0x020;
export const D = 0x040;
export const PS = 0x080;
export const G = 0x100;

/** Where the tests' tables lie, as machine pages. */
export const DIRECTORY = 1;
export const TABLE = 2;
export const SECOND_DIRECTORY = 3;
export const SECOND_TABLE = 4;

export const TABLES = ['DATA_READ_SUPERVISOR', 'DATA_WRITE_SUPERVISOR', 'DATA_READ_USER', 'DATA_WRITE_USER', 'CODE_SUPERVISOR', 'CODE_USER'] as const;
export type TableName = (typeof TABLES)[number];

/** A machine of 64 pages of RAM with its MMU, and what a test does to it from outside. */
export class Bench {
  readonly memory = new MachineMemory(RAM_PAGES * PAGE);
  readonly codeWrites: { host: number; bytes: number }[] = [];
  readonly mmu: Mmu;

  constructor(options: MmuOptions = {}) {
    this.mmu = new Mmu(this.memory, { onCodeWrite: (host, bytes) => this.codeWrites.push({ host, bytes }), ...options });
  }

  /** Turns paging on with an empty directory; `extra` bits of CR0 and CR4. */
  startPaging(cr0 = 0, cr4 = 0): void {
    this.memory.bytes.fill(0, Region.RAM);
    this.memory.state[Word.CR0] = CR0.PE | CR0.PG | cr0;
    this.memory.state[Word.CR4] = cr4;
    this.memory.state[Word.CR3] = DIRECTORY * PAGE;
    this.mmu.flushTranslations();
    this.resetCounts();
  }

  /** Second-level tables: the first 1024 guest pages map to themselves, writable. */
  startSecondLevel(): void {
    this.poke(SECOND_DIRECTORY * PAGE, (SECOND_TABLE * PAGE) | P | W);
    for (let page = 0; page < RAM_PAGES; page++) this.poke(SECOND_TABLE * PAGE + 4 * page, (page * PAGE) | P | W);
    this.memory.state[Word.IN_V386] = 1;
    this.memory.state[Word.SECOND_LEVEL_ROOT] = SECOND_DIRECTORY * PAGE;
    this.mmu.flushTranslations();
    this.resetCounts();
  }

  /** Maps linear page `page` (below 1024) to `frame` through the one table. */
  map(page: number, frame: number, bits = P | W | U, directoryBits = P | W | U): void {
    this.poke(DIRECTORY * PAGE, (TABLE * PAGE) | directoryBits);
    this.poke(TABLE * PAGE + 4 * page, (frame * PAGE) | bits);
  }

  poke(physical: number, value: number): void {
    this.memory.view.setInt32(Region.RAM + physical, value, true);
  }

  peek(physical: number): number {
    return this.memory.view.getInt32(Region.RAM + physical, true);
  }

  tableEntry(page: number): number {
    return this.peek(TABLE * PAGE + 4 * page);
  }

  /** True when an executor would find this page in a translation table by itself; also checks that it would find the right byte. */
  exposed(table: TableName, page: number, frame?: number): boolean {
    const word = this.memory.words[Region[table] / 4 + page];
    if (word !== NO_ENTRY && frame !== undefined && ((word + page * PAGE) | 0) !== Region.RAM + frame * PAGE) throw new Error(`${table} maps page ${page} elsewhere`);
    return word !== NO_ENTRY;
  }

  count(event: string): number {
    return this.memory.counts[eventIndex(event)];
  }

  resetCounts(): void {
    this.memory.counts.fill(0);
  }

  get cr2(): number {
    return this.memory.state[Word.CR2] >>> 0;
  }

  setCr0(bits: number, on: boolean): void {
    this.memory.state[Word.CR0] = on ? this.memory.state[Word.CR0] | bits : this.memory.state[Word.CR0] & ~bits;
    this.mmu.pagingChanged();
  }

  /** What the fault was, in one comparable value. */
  fault(): { vector: number; error: number; cr2: number } | undefined {
    if (!this.mmu.faulted) return undefined;
    return { vector: this.mmu.faultVector, error: this.mmu.faultError, cr2: this.cr2 };
  }
}

export const PSE = CR4.PSE;
export const PGE = CR4.PGE;
export const WP = CR0.WP;

/** A small seeded generator (mulberry32): uniform integers below `limit`. */
export function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
