import { CR0, CR4, Vector, Word } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { NO_ENTRY, Region, TLB_WRITE_DISTANCE } from '../src/layout.js';
import type { AccessBytes } from '../src/mmu/physical.js';
import { NO_VECTOR } from '../src/mmu/mmu.js';
import { OracleMmu, type OracleEntry, type OracleStop } from './mmu-oracle.js';
import { Bench, generator, PAGE, RAM_PAGES } from './mmu-support.js';

const SEEDS = [1, 2, 3, 4, 5];
const OPERATIONS = 22_000;
const DATA_ENTRIES = 6;
const CODE_ENTRIES = 4;

/** Machine pages: two directories, four tables, second-level directory and table; the rest is data. */
const DIRECTORIES = [1, 2];
const TABLES = [3, 4, 5, 6];
const SECOND_DIRECTORY = 7;
const SECOND_TABLE = 8;
const DIRECTORY_INDICES = [0, 1, 0x200, 0x3ff];
const TABLE_INDICES = [0, 1, 2, 3, 0x3ff];
const SIZES: readonly AccessBytes[] = [1, 2, 4];

/** Both machines side by side; each method does one operation to both and compares. */
class Pair {
  readonly bench = new Bench({ dataEntries: DATA_ENTRIES, codeEntries: CODE_ENTRIES });
  readonly oracle = new OracleMmu(RAM_PAGES * PAGE, DATA_ENTRIES, CODE_ENTRIES);
  readonly random: (limit: number) => number;
  /** How often each kind of outcome happened: a run that never faults proves little. */
  readonly seen = { fine: 0, faults: 0, violations: 0, direct: 0, codeHits: 0 };

  constructor(seed: number) {
    this.random = generator(seed);
    for (let page = 9; page < RAM_PAGES; page++) this.pokeBoth(page * PAGE + 4 * this.random(1024), this.random(2 ** 32));
    for (const page of [...DIRECTORIES, ...TABLES]) for (let i = 0; i < 20; i++) this.pokeEntry(page);
    for (let i = 0; i < RAM_PAGES; i++) this.pokeSecond(i);
    this.pokeBoth(SECOND_DIRECTORY * PAGE, SECOND_TABLE * PAGE + 3);
    this.setControl('paging');
  }

  chance(percent: number): number {
    return this.random(100) < percent ? 1 : 0;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)];
  }

  linear(): number {
    const offset = this.chance(25) ? PAGE - 1 - this.random(4) : this.random(PAGE);
    return (this.pick(DIRECTORY_INDICES) * 1024 + this.pick(TABLE_INDICES)) * PAGE + offset;
  }

  pokeBoth(physical: number, value: number): void {
    this.bench.poke(physical, value | 0);
    this.oracle.ram.setUint32(physical, value >>> 0, true);
  }

  /** A plausible entry of a directory or table, stored behind the MMU's back: entries in the TLB go stale. */
  pokeEntry(page: number): void {
    const isDirectory = DIRECTORIES.includes(page);
    const index = this.pick(isDirectory ? DIRECTORY_INDICES : TABLE_INDICES);
    const flags = this.chance(88) + 2 * this.chance(75) + 4 * this.chance(75) + 0x20 * this.chance(50) + 0x40 * this.chance(40) + 0x100 * this.chance(30);
    const large = isDirectory && this.chance(15) === 1;
    let frame = isDirectory ? this.pick([...TABLES, ...TABLES, ...TABLES, DIRECTORIES[0]]) : this.random(RAM_PAGES + 6);
    if (large) frame = 1024 * this.chance(10) + this.chance(10);
    this.pokeBoth(page * PAGE + 4 * index, frame * PAGE + flags + (large || this.chance(3) ? 0x80 : 0));
  }

  pokeSecond(index: number): void {
    const frame = this.chance(70) ? index : this.random(RAM_PAGES + 2);
    this.pokeBoth(SECOND_TABLE * PAGE + 4 * index, frame * PAGE + this.chance(94) + 2 * this.chance(88));
  }

  setControl(which: 'paging' | 'writeProtect' | 'largePages' | 'globalPages'): void {
    const { state } = this.bench.memory;
    this.oracle[which] = !this.oracle[which];
    if (which === 'paging') state[Word.CR0] ^= CR0.PG;
    else if (which === 'writeProtect') state[Word.CR0] ^= CR0.WP;
    else state[Word.CR4] ^= which === 'largePages' ? CR4.PSE : CR4.PGE;
    if (which !== 'writeProtect') this.oracle.changePaging();
    this.bench.mmu.pagingChanged();
  }

  loadCr3(): void {
    this.oracle.cr3 = this.pick(DIRECTORIES) * PAGE;
    if (this.oracle.cr3 !== this.bench.memory.state[Word.CR3] || this.chance(50)) {
      this.bench.memory.state[Word.CR3] = this.oracle.cr3;
      this.bench.mmu.pagingChanged();
      this.oracle.loadCr3();
    }
  }

  toggleSecondLevel(): void {
    const { state } = this.bench.memory;
    const on = this.oracle.secondLevelRoot === undefined;
    this.oracle.secondLevelRoot = on ? SECOND_DIRECTORY * PAGE : undefined;
    state[Word.IN_V386] = on ? 1 : 0;
    state[Word.SECOND_LEVEL_ROOT] = SECOND_DIRECTORY * PAGE;
    this.bench.mmu.flushTranslations();
    this.oracle.flush();
  }

  /** The executors' test of a translation table: a host address, or -1 for the slow path. */
  direct(table: number, linear: number, bytes: number): number {
    const entry = this.bench.memory.words[table / 4 + (linear >>> 12)];
    if (bytes === 1 ? (entry & 0xfff) !== 0 : (linear & 0xfff) + (entry & 0xfff) > 0x1000 - bytes) return -1;
    this.seen.direct++;
    return (linear + entry) | 0;
  }

  load(user: boolean): void {
    const linear = this.linear();
    const bytes = this.pick(SIZES);
    const host = this.direct(user ? Region.DATA_READ_USER : Region.DATA_READ_SUPERVISOR, linear, bytes);
    const { view } = this.bench.memory;
    let value: number;
    if (host < 0) value = this.bench.mmu.load(linear | 0, bytes, user);
    else value = bytes === 4 ? view.getInt32(host, true) : bytes === 2 ? view.getUint16(host, true) : view.getUint8(host);
    this.agree(this.oracle.attempt(() => this.oracle.load(linear, bytes, user)), value, 0);
  }

  store(user: boolean): void {
    const linear = this.linear();
    const bytes = this.pick(SIZES);
    const value = this.random(2 ** 32) | 0;
    const host = this.direct((user ? Region.DATA_READ_USER : Region.DATA_READ_SUPERVISOR) + TLB_WRITE_DISTANCE, linear, bytes);
    let done = true;
    if (host < 0) done = this.bench.mmu.store(linear | 0, bytes, value, user);
    else for (let i = 0; i < bytes; i++) this.bench.memory.bytes[host + i] = value >>> (8 * i);
    this.agree(this.oracle.attempt(() => (this.oracle.store(linear, bytes, value, user), true)), done, false);
  }

  increment(user: boolean): void {
    const linear = this.linear();
    const bytes = this.pick([1, 2, 4, 8, 10]);
    const host = this.bench.mmu.translateWrite(linear | 0, bytes, user);
    if (host >= 0) {
      for (let i = 0; i < bytes; i++) this.bench.memory.bytes[host + i]++;
      this.bench.mmu.commitWrite();
    }
    this.agree(this.oracle.attempt(() => (this.oracle.increment(linear, bytes, user), true)), host >= 0, false);
  }

  probe(user: boolean): void {
    const linear = this.linear();
    const bytes = 1 + this.random(200);
    const write = this.chance(50) === 1;
    const fine = this.bench.mmu.probe(linear | 0, bytes, write, user);
    this.agree(this.oracle.attempt(() => (this.oracle.probe(linear, bytes, write, user), true)), fine, false);
  }

  fetch(user: boolean): void {
    const linear = this.linear();
    let host = this.direct(user ? Region.CODE_USER : Region.CODE_SUPERVISOR, linear, 1);
    if (host < 0) host = this.bench.mmu.fetch(linear | 0, user);
    const result = this.oracle.attempt(() => this.oracle.fetch(linear, user));
    const expected = typeof result !== 'number' || result < RAM_PAGES * PAGE ? result : Region.OPEN_BUS - Region.RAM + (linear % PAGE);
    this.agree(expected, host - Region.RAM, -1 - Region.RAM);
  }

  /** Same result or the same stop, and the same CR2. */
  agree<T>(expected: T | { stop: OracleStop }, actual: T, failed: T): void {
    const { mmu } = this.bench;
    if (typeof expected !== 'object' || expected === null || !('stop' in expected)) {
      this.seen.fine++;
      // `expect` costs more than the rest of an operation: only on a difference.
      if (mmu.faulted || actual !== expected) expect([mmu.faulted, actual]).toEqual([false, expected]);
      return;
    }
    if (!mmu.faulted || actual !== failed) expect([mmu.faulted, actual]).toEqual([true, failed]);
    if (expected.stop.kind === 'page-fault') this.seen.faults++;
    else this.seen.violations++;
    const mine = this.stop();
    if (JSON.stringify(mine) !== JSON.stringify(expected.stop)) expect(mine).toEqual(expected.stop);
    mmu.clearFault();
  }

  /** What stopped the unit under test, in the oracle's terms. */
  stop(): OracleStop {
    const { mmu } = this.bench;
    if (mmu.faultVector === Vector.PF && !mmu.violation.pending) return { kind: 'page-fault', error: mmu.faultError, cr2: this.bench.cr2 };
    const { guestPhysical, linear, write, fetch, duringWalk, present } = mmu.violation;
    expect([mmu.faultVector, mmu.violation.pending]).toEqual([NO_VECTOR, true]);
    return { kind: 'violation', guestPhysical, linear, write, fetch, duringWalk, present };
  }

  watch(): void {
    const page = this.random(RAM_PAGES);
    if (this.oracle.watched.delete(page)) {
      this.bench.mmu.unwatchCode(page);
    } else {
      this.oracle.watched.add(page);
      this.bench.mmu.watchCode(page);
    }
  }

  writePhysical(): void {
    const bytes = Array.from({ length: 1 + this.random(8) }, () => this.random(256));
    const physical = (9 + this.random(RAM_PAGES - 9)) * PAGE + (this.chance(30) ? PAGE - 3 : this.random(PAGE - 8));
    this.bench.mmu.writePhysical(physical, Uint8Array.from(bytes));
    this.oracle.writePhysical(physical, bytes);
  }

  /** After each operation. */
  compareCounts(): void {
    const c = this.oracle.counts;
    const { bench } = this;
    if (
      bench.count('walk.reads') !== c.reads || bench.count('walk.writes') !== c.writes || bench.count('tlb.fill.data') !== c.fillData ||
      bench.count('tlb.fill.code') !== c.fillCode || bench.count('tlb.dirty') !== c.dirty || bench.count('tlb.flush') !== c.flush
    ) {
      expect(bench.memory.counts.filter((n) => n !== 0)).toEqual(Object.values(c));
    }
    if (bench.codeWrites.length === 0 && this.oracle.codeWrites.length === 0) return;
    this.seen.codeHits++;
    expect(bench.codeWrites.map(({ host, bytes }) => `${host - Region.RAM}+${bytes}`)).toEqual(this.oracle.codeWrites);
    expect(bench.mmu.codeHit).toBe(true);
    bench.mmu.codeHit = false;
    bench.codeWrites.length = 0;
    this.oracle.codeWrites = [];
  }

  compareMemory(): void {
    const { bytes } = this.bench.memory;
    const mine = bytes.subarray(Region.RAM, Region.RAM + RAM_PAGES * PAGE);
    const theirs = new Uint8Array(this.oracle.ram.buffer);
    expect(mine.findIndex((byte, i) => byte !== theirs[i])).toBe(-1);
  }

  /** Every word of the translation tables is what the oracle's TLB, CR0.WP and the watched pages imply, no more and no less. */
  compareTables(): void {
    const plain = (e: OracleEntry): boolean => e.frame < RAM_PAGES;
    const open = (e: OracleEntry): boolean => plain(e) && e.dirty && e.machineWritable && !this.oracle.watched.has(e.frame);
    const rules: [number, OracleEntry[], (e: OracleEntry) => boolean][] = [
      [Region.DATA_READ_SUPERVISOR, this.oracle.data, plain],
      [Region.DATA_READ_USER, this.oracle.data, (e) => plain(e) && e.user],
      [Region.DATA_WRITE_SUPERVISOR, this.oracle.data, (e) => open(e) && (e.writable || !this.oracle.writeProtect)],
      [Region.DATA_WRITE_USER, this.oracle.data, (e) => open(e) && e.writable && e.user],
      [Region.CODE_SUPERVISOR, this.oracle.code, plain],
      [Region.CODE_USER, this.oracle.code, (e) => plain(e) && e.user],
    ];
    for (const [region, entries, rule] of rules) {
      const table = this.bench.memory.words.subarray(region / 4, region / 4 + 2 ** 20);
      const expected = entries.filter(rule);
      for (const { page, frame } of expected) expect(table[page]).toBe((Region.RAM + frame * PAGE - page * PAGE) | 0);
      let filled = 0;
      for (let page = 0; page < table.length; page++) if (table[page] !== NO_ENTRY) filled++;
      expect(filled).toBe(expected.length);
    }
  }

  step(): void {
    const user = this.chance(50) === 1;
    const choice = this.random(1000);
    if (choice < 450) this.load(user);
    else if (choice < 680) this.store(user);
    else if (choice < 750) this.increment(user);
    else if (choice < 830) this.fetch(user);
    else if (choice < 850) this.probe(user);
    else if (choice < 925) this.pokeEntry(this.pick([...DIRECTORIES, ...TABLES]));
    else if (choice < 935) this.pokeSecond(this.random(RAM_PAGES));
    else if (choice < 955) this.invalidate();
    else if (choice < 965) this.loadCr3();
    else if (choice < 985) this.watch();
    else if (choice < 990) this.writePhysical();
    else if (choice < 994) this.setControl('writeProtect');
    else if (choice < 996) this.setControl(this.pick(['largePages', 'globalPages']));
    else if (choice < 997 || !this.oracle.paging) this.setControl('paging');
    else this.toggleSecondLevel();
  }

  invalidate(): void {
    const linear = this.linear();
    this.bench.mmu.invalidatePage(linear | 0);
    this.oracle.invalidate(linear);
  }
}

describe('random operations on random page tables', () => {
  it.each(SEEDS)('agree with the slow unit in results, faults, counts, memory and tables (seed %i)', (seed) => {
    const pair = new Pair(seed);
    for (let i = 0; i < OPERATIONS; i++) {
      pair.step();
      pair.compareCounts();
      if (i % 10_000 === 0) {
        pair.compareMemory();
        pair.compareTables();
      }
    }
    pair.compareMemory();
    pair.compareTables();
    for (const [outcome, times] of Object.entries(pair.seen)) expect(times, outcome).toBeGreaterThan(OPERATIONS / 200);
  });
});
