import { Vector } from '@ringbench/isa';
import { beforeEach, describe, expect, it } from 'vitest';
import { Region } from '../src/layout.js';
import { A, Bench, D, P, PAGE, RAM_PAGES, U, W } from './mmu-support.js';

const ALL = P | W | U;
/** Neighbours in linear memory, apart in physical memory. */
const LOW = 16;
const HIGH = 17;
const LOW_FRAME = 40;
const HIGH_FRAME = 30;
/** Two bytes in each page. */
const CROSSING = HIGH * PAGE - 2;
/** A frame behind RAM. */
const NOWHERE = RAM_PAGES;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.startPaging();
  bench.map(LOW, LOW_FRAME);
  bench.map(HIGH, HIGH_FRAME);
});

function lowBytes(): number[] {
  return [...bench.memory.bytes.subarray(Region.RAM + LOW_FRAME * PAGE + PAGE - 4, Region.RAM + LOW_FRAME * PAGE + PAGE)];
}
function highBytes(): number[] {
  return [...bench.memory.bytes.subarray(Region.RAM + HIGH_FRAME * PAGE, Region.RAM + HIGH_FRAME * PAGE + 4)];
}

describe('values', () => {
  it('are loaded zero-extended and stored truncated, at any alignment', () => {
    expect(bench.mmu.store(LOW * PAGE + 1, 4, 0x89abcdef | 0, true)).toBe(true);
    expect(bench.mmu.load(LOW * PAGE + 1, 4, true)).toBe(0x89abcdef | 0);
    expect(bench.mmu.load(LOW * PAGE + 3, 2, true)).toBe(0x89ab);
    expect(bench.mmu.load(LOW * PAGE + 4, 1, true)).toBe(0x89);
    bench.mmu.store(LOW * PAGE + 1, 1, 0x1ff, true);
    bench.mmu.store(LOW * PAGE + 2, 2, -2, true);
    expect(bench.mmu.load(LOW * PAGE + 1, 4, true)).toBe(0x89fffeff | 0);
  });
});

describe('an access across pages', () => {
  it('joins bytes of both', () => {
    bench.mmu.store(CROSSING, 4, 0x44332211, true);
    expect([lowBytes(), highBytes()]).toEqual([[0, 0, 0x11, 0x22], [0x33, 0x44, 0, 0]]);
    expect(bench.mmu.load(CROSSING, 4, true)).toBe(0x44332211);
    expect(bench.mmu.load(HIGH * PAGE - 1, 2, true)).toBe(0x3322);
    expect(bench.mmu.load(HIGH * PAGE - 3, 4, true)).toBe(0x33221100);
    bench.mmu.store(HIGH * PAGE - 1, 2, 0xbbaa, true);
    expect([lowBytes(), highBytes()]).toEqual([[0, 0, 0x11, 0xaa], [0xbb, 0x44, 0, 0]]);
  });

  it('wraps at 4 GB', () => {
    bench = new Bench(); // paging off: page 0 is RAM, the last page is nothing
    bench.mmu.store(-2, 4, 0x44332211, false);
    expect(bench.peek(0)).toBe(0x4433);
    expect(bench.mmu.load(-2, 4, false)).toBe(0x4433ffff);
  });

  it.each(['load', 'store', 'translateWrite', 'probe'] as const)('faults at the low page first (%s), then at the first byte of the high page', (method) => {
    const write = method === 'load' ? 0 : 2;
    const act = (): unknown => {
      bench.mmu.clearFault();
      bench.mmu.flushTranslations();
      if (method === 'load') return bench.mmu.load(CROSSING, 4, true);
      if (method === 'store') return bench.mmu.store(CROSSING, 4, -1, true);
      if (method === 'probe') return bench.mmu.probe(CROSSING, 4, true, true);
      return bench.mmu.translateWrite(CROSSING, 4, true);
    };
    bench.map(LOW, LOW_FRAME, 0);
    bench.map(HIGH, HIGH_FRAME, 0);
    const failed = { load: 0, store: false, translateWrite: -1, probe: false }[method];
    expect(act()).toBe(failed);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 4 | write, cr2: CROSSING });
    bench.map(LOW, LOW_FRAME);
    expect(act()).toBe(failed);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 4 | write, cr2: HIGH * PAGE });
    bench.map(HIGH, HIGH_FRAME, P | W);
    act();
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 5 | write, cr2: HIGH * PAGE });
    expect([lowBytes(), highBytes()]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0]]);
    bench.map(HIGH, HIGH_FRAME);
    act();
    expect(bench.fault()).toBeUndefined();
  });

  it('faults at the low page alone if only that is absent', () => {
    bench.map(LOW, LOW_FRAME, 0);
    bench.mmu.store(CROSSING, 4, -1, true);
    expect(bench.fault()?.cr2).toBe(CROSSING);
    expect(bench.tableEntry(HIGH) & A).toBe(0);
    expect(highBytes()).toEqual([0, 0, 0, 0]);
  });

  it('works with a TLB of one entry', () => {
    bench = new Bench({ dataEntries: 1 });
    bench.startPaging();
    bench.map(LOW, LOW_FRAME);
    bench.map(HIGH, HIGH_FRAME);
    bench.mmu.store(CROSSING, 4, 0x44332211, true);
    expect(bench.mmu.load(CROSSING, 4, true)).toBe(0x44332211);
  });
});

describe('translateWrite', () => {
  it('gives the place in RAM itself within a page', () => {
    bench.poke(LOW_FRAME * PAGE + 8, 41);
    const host = bench.mmu.translateWrite(LOW * PAGE + 8, 4, true);
    expect(host).toBe(Region.RAM + LOW_FRAME * PAGE + 8);
    bench.memory.view.setInt32(host, bench.memory.view.getInt32(host, true) + 1, true);
    bench.mmu.commitWrite();
    expect(bench.peek(LOW_FRAME * PAGE + 8)).toBe(42);
    expect(bench.tableEntry(LOW) & D).toBe(D);
  });

  it('asks for write permission before anything is read', () => {
    bench.map(LOW, LOW_FRAME, P | U);
    expect(bench.mmu.translateWrite(LOW * PAGE, 4, true)).toBe(-1);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 7, cr2: LOW * PAGE });
  });

  it('bounces across pages, ten bytes too, and changes nothing before the commit', () => {
    bench.mmu.store(CROSSING, 4, 0x44332211, true);
    const host = bench.mmu.translateWrite(CROSSING, 10, true);
    expect(host).toBe(Region.BOUNCE);
    const data = bench.memory.bytes.subarray(host, host + 10);
    expect([...data]).toEqual([0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 0, 0]);
    data.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lowBytes()).toEqual([0, 0, 0x11, 0x22]);
    bench.mmu.commitWrite();
    expect([lowBytes(), highBytes()]).toEqual([[0, 0, 1, 2], [3, 4, 5, 6]]);
    bench.mmu.store(CROSSING, 4, 0, true);
    bench.mmu.commitWrite();
    expect(lowBytes(), 'a commit happens once').toEqual([0, 0, 0, 0]);
  });

  it('leaves nothing to commit after a fault', () => {
    bench.mmu.translateWrite(CROSSING, 4, true);
    bench.map(LOW, LOW_FRAME, 0);
    bench.mmu.flushTranslations();
    bench.memory.bytes.fill(0x77, Region.BOUNCE, Region.BOUNCE + 4);
    expect(bench.mmu.translateWrite(CROSSING, 4, true)).toBe(-1);
    bench.mmu.commitWrite();
    expect(highBytes()).toEqual([0, 0, 0, 0]);
  });

  it('has a limit, and crossing it is a bug of ours', () => {
    expect(() => bench.mmu.translateWrite(LOW * PAGE, 65, true)).toThrow(/bounce/);
  });
});

describe('physical addresses behind RAM', () => {
  beforeEach(() => bench.map(LOW, NOWHERE));

  it('read all ones, ignore writes and stay out of the translation tables', () => {
    expect(bench.mmu.load(LOW * PAGE, 4, true)).toBe(-1);
    expect(bench.mmu.load(LOW * PAGE, 2, true)).toBe(0xffff);
    expect(bench.mmu.load(LOW * PAGE, 1, true)).toBe(0xff);
    expect(bench.mmu.store(LOW * PAGE, 4, 0, true)).toBe(true);
    expect(bench.mmu.load(LOW * PAGE, 4, true)).toBe(-1);
    for (const table of ['DATA_READ_SUPERVISOR', 'DATA_WRITE_SUPERVISOR', 'DATA_READ_USER', 'DATA_WRITE_USER'] as const) {
      expect(bench.exposed(table, LOW)).toBe(false);
    }
    expect([bench.count('tlb.fill.data'), bench.count('tlb.dirty')], 'they are translated like others').toEqual([1, 1]);
  });

  it('join RAM in an access across pages', () => {
    bench.mmu.store(CROSSING, 4, 0x44332211, true);
    expect(bench.mmu.load(CROSSING, 4, true)).toBe(0x4433ffff);
    expect(highBytes()).toEqual([0x33, 0x44, 0, 0]);
  });

  it('bounce a read-modify-write', () => {
    const host = bench.mmu.translateWrite(LOW * PAGE, 4, true);
    expect(bench.memory.view.getInt32(host, true)).toBe(-1);
    bench.memory.view.setInt32(host, 0, true);
    bench.mmu.commitWrite();
    expect(bench.mmu.load(LOW * PAGE, 4, true)).toBe(-1);
  });

  it('give code bytes of all ones, which no one watches', () => {
    const host = bench.mmu.fetch(LOW * PAGE + 7, true);
    expect(bench.memory.bytes.subarray(host, host + PAGE - 7).every((byte) => byte === 0xff)).toBe(true);
    expect(bench.mmu.pageOfHost(host)).toBe(-1);
    bench.mmu.watchCode(-1);
    bench.mmu.watchCode(NOWHERE);
    expect(bench.exposed('CODE_USER', LOW)).toBe(false);
  });

  it('hold page tables of all ones: present, and everything behind RAM', () => {
    bench.poke(PAGE, (NOWHERE * PAGE) | ALL);
    bench.mmu.flushTranslations();
    expect(bench.mmu.load(LOW * PAGE, 4, true)).toBe(-1);
    expect(bench.mmu.faulted).toBe(false);
  });

  it('are read and ignored by loadPhysical and storePhysical', () => {
    bench.mmu.storePhysical(RAM_PAGES * PAGE, 1);
    expect(bench.mmu.loadPhysical(RAM_PAGES * PAGE)).toBe(-1);
    bench.mmu.storePhysical(LOW_FRAME * PAGE + 4094, 0x44332211);
    expect(bench.mmu.loadPhysical(LOW_FRAME * PAGE + 4094)).toBe(0x44332211);
    bench.mmu.storePhysical(LOW_FRAME * PAGE, 9);
    expect(bench.mmu.loadPhysical(LOW_FRAME * PAGE)).toBe(9);
  });
});

describe('windows', () => {
  it('give accesses to the device at their width, even from pages already in the TLB', () => {
    bench.mmu.load(LOW * PAGE, 4, true);
    const seen: string[] = [];
    bench.mmu.addWindow({
      start: LOW_FRAME * PAGE, bytes: PAGE,
      read: (physical, bytes) => (seen.push(`r${bytes}@${physical - LOW_FRAME * PAGE}`), 0x80c0ffee),
      write: (physical, bytes, value) => seen.push(`w${bytes}@${physical - LOW_FRAME * PAGE}=${value}`),
    });
    expect(bench.exposed('DATA_READ_USER', LOW)).toBe(false);
    expect(bench.mmu.load(LOW * PAGE + 4, 4, true)).toBe(0x80c0ffee | 0);
    expect(bench.mmu.load(LOW * PAGE + 4, 2, true)).toBe(0xffee);
    bench.mmu.store(LOW * PAGE + 8, 2, 3, true);
    const host = bench.mmu.translateWrite(LOW * PAGE + 12, 4, true);
    bench.memory.view.setInt32(host, 5, true);
    bench.mmu.commitWrite();
    expect(seen).toEqual(['r4@4', 'r2@4', 'w2@8=3', 'r4@12', 'w4@12=5']);
  });

  it('without reads are ROM: read and fetched directly, never written', () => {
    bench.poke(LOW_FRAME * PAGE, 0x1234);
    bench.mmu.addWindow({ start: LOW_FRAME * PAGE, bytes: PAGE, write: () => {} });
    bench.mmu.store(LOW * PAGE, 4, 0, true);
    bench.mmu.writePhysical(LOW_FRAME * PAGE, Uint8Array.of(9));
    expect(bench.mmu.load(LOW * PAGE, 4, true)).toBe(0x1234);
    expect(bench.exposed('DATA_READ_USER', LOW, LOW_FRAME)).toBe(true);
    expect(bench.exposed('DATA_WRITE_USER', LOW)).toBe(false);
    expect(bench.mmu.fetch(LOW * PAGE, true)).toBe(Region.RAM + LOW_FRAME * PAGE);
    bench.mmu.addWindow({ start: 0xfff00000, bytes: 0x100000, read: () => 0xea, write: () => {} });
    bench.map(HIGH, 0xfffff);
    expect(bench.mmu.load(HIGH * PAGE + 0xff0, 1, true)).toBe(0xea);
  });

  it('consist of whole pages', () => {
    expect(() => bench.mmu.addWindow({ start: 0, bytes: 100, write: () => {} })).toThrow(/whole pages/);
  });
});

describe('code watch', () => {
  const host = (frame: number, offset = 0): number => Region.RAM + frame * PAGE + offset;

  it('takes the page out of the write tables, reports stores after they are made, and gives it back', () => {
    let seen = 0;
    bench = new Bench({ onCodeWrite: (address) => (seen = bench.memory.bytes[address]) });
    bench.startPaging();
    bench.map(LOW, LOW_FRAME);
    bench.mmu.store(LOW * PAGE, 1, 1, true);
    expect(bench.exposed('DATA_WRITE_USER', LOW)).toBe(true);
    bench.mmu.watchCode(LOW_FRAME);
    expect(bench.exposed('DATA_WRITE_USER', LOW)).toBe(false);
    expect(bench.exposed('DATA_WRITE_SUPERVISOR', LOW)).toBe(false);
    expect(bench.exposed('DATA_READ_USER', LOW)).toBe(true);
    expect(bench.mmu.codeHit).toBe(false);
    bench.mmu.store(LOW * PAGE, 1, 0x90, true);
    expect([seen, bench.mmu.codeHit]).toEqual([0x90, true]);
    expect(bench.exposed('DATA_WRITE_USER', LOW), 'a store does not end the watch').toBe(false);
    bench.mmu.codeHit = false;
    bench.mmu.unwatchCode(LOW_FRAME);
    expect(bench.exposed('DATA_WRITE_USER', LOW, LOW_FRAME)).toBe(true);
    bench.mmu.store(LOW * PAGE, 1, 1, true);
    expect(bench.mmu.codeHit).toBe(false);
  });

  it('holds for every linear page that maps to it, whenever it is filled', () => {
    bench.map(20, LOW_FRAME);
    bench.mmu.store(20 * PAGE, 1, 1, true);
    bench.mmu.watchCode(LOW_FRAME);
    bench.mmu.store(LOW * PAGE, 1, 1, true);
    for (const page of [LOW, 20]) expect(bench.exposed('DATA_WRITE_USER', page)).toBe(false);
    expect(bench.codeWrites).toEqual([{ host: host(LOW_FRAME), bytes: 1 }]);
  });

  it('reports the part of an access across pages that hit', () => {
    bench.mmu.watchCode(HIGH_FRAME);
    bench.mmu.store(CROSSING - 1, 4, -1, true);
    expect(bench.codeWrites).toEqual([{ host: host(HIGH_FRAME), bytes: 1 }]);
    bench.mmu.watchCode(LOW_FRAME);
    bench.mmu.translateWrite(CROSSING, 8, true);
    expect(bench.codeWrites).toHaveLength(1);
    bench.mmu.commitWrite();
    expect(bench.codeWrites.slice(1)).toEqual([{ host: host(LOW_FRAME, PAGE - 2), bytes: 2 }, { host: host(HIGH_FRAME), bytes: 6 }]);
  });

  it('lets a read-modify-write work in place and reports it at the commit', () => {
    bench.mmu.watchCode(LOW_FRAME);
    expect(bench.mmu.translateWrite(LOW * PAGE + 4, 4, true)).toBe(host(LOW_FRAME, 4));
    expect(bench.mmu.codeHit).toBe(false);
    bench.mmu.commitWrite();
    expect(bench.codeWrites).toEqual([{ host: host(LOW_FRAME, 4), bytes: 4 }]);
  });

  it('sees physical writes', () => {
    bench.mmu.watchCode(HIGH_FRAME);
    bench.mmu.writePhysical(HIGH_FRAME * PAGE - 2, Uint8Array.of(1, 2, 3, 4, 5));
    expect(bench.codeWrites).toEqual([{ host: host(HIGH_FRAME), bytes: 3 }]);
    expect(highBytes()).toEqual([3, 4, 5, 0]);
    bench.mmu.storePhysical(HIGH_FRAME * PAGE, 0);
    expect(bench.codeWrites).toHaveLength(2);
  });

  it('sees page walks that set a bit', () => {
    bench.mmu.watchCode(2);
    bench.mmu.load(LOW * PAGE, 4, true);
    expect(bench.codeWrites).toEqual([{ host: host(2, LOW * 4), bytes: 4 }]);
  });
});
