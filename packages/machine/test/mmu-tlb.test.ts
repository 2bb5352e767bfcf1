import { CR0, Vector, Word } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { NO_ENTRY, Region } from '../src/layout.js';
import { A, Bench, D, DIRECTORY, G, P, PAGE, PGE, PS, PSE, TABLE, TABLES, U, W, WP } from './mmu-support.js';

const ALL = P | W | U;

/** A bench whose linear pages 16.. map to frames 16.. . */
function mapped(entries: number, bits = ALL, cr4 = 0): Bench {
  const bench = new Bench({ dataEntries: entries, codeEntries: entries });
  bench.startPaging(0, cr4);
  for (let page = 16; page < 32; page++) {
    bench.map(page, page, bits);
    bench.poke(page * PAGE, page);
  }
  return bench;
}

function touch(bench: Bench, ...pages: number[]): void {
  for (const page of pages) expect(bench.mmu.load(page * PAGE, 4, true)).toBe(page);
}

function held(bench: Bench): number[] {
  return Array.from({ length: 16 }, (_, i) => 16 + i).filter((page) => bench.exposed('DATA_READ_USER', page, page));
}

describe('replacement', () => {
  it('evicts the entry filled first, exactly when the TLB is full, whatever was hit since', () => {
    const bench = mapped(4);
    touch(bench, 16, 17, 18, 19);
    expect(held(bench)).toEqual([16, 17, 18, 19]);
    touch(bench, 16, 16, 16, 20);
    expect(held(bench)).toEqual([17, 18, 19, 20]);
    touch(bench, 16);
    expect(held(bench)).toEqual([16, 18, 19, 20]);
    expect(bench.count('tlb.fill.data')).toBe(6);
    expect(bench.count('walk.reads')).toBe(12);
  });

  it('removes an evicted entry from every table', () => {
    const bench = mapped(2);
    bench.mmu.store(16 * PAGE, 4, 16, true);
    bench.mmu.fetch(16 * PAGE, true);
    touch(bench, 17, 18);
    for (const table of TABLES) expect(bench.exposed(table, 16), table).toBe(table.startsWith('CODE'));
    bench.mmu.fetch(17 * PAGE, true);
    bench.mmu.fetch(18 * PAGE, true);
    for (const table of TABLES) expect(bench.exposed(table, 16), table).toBe(false);
    expect(bench.memory.words[Region.DATA_TLB_ENTRY / 4 + 16]).toBe(0);
    expect(bench.memory.words[Region.CODE_TLB_ENTRY / 4 + 16]).toBe(0);
  });

  it('uses a place freed by INVLPG before it evicts, and keeps the order of the others', () => {
    const bench = mapped(4);
    touch(bench, 16, 17, 18, 19, 20);
    bench.mmu.invalidatePage(18 * PAGE + 5);
    expect(held(bench)).toEqual([17, 19, 20]);
    touch(bench, 21);
    expect(held(bench)).toEqual([17, 19, 20, 21]);
    touch(bench, 22, 23);
    expect(held(bench)).toEqual([20, 21, 22, 23]);
  });

  it('keeps data and code apart', () => {
    const bench = mapped(4);
    touch(bench, 16);
    expect(bench.exposed('CODE_USER', 16)).toBe(false);
    expect(bench.mmu.fetch(17 * PAGE + 3, true)).toBe(Region.RAM + 17 * PAGE + 3);
    expect(bench.exposed('DATA_READ_USER', 17)).toBe(false);
    expect([bench.count('tlb.fill.data'), bench.count('tlb.fill.code')]).toEqual([1, 1]);
  });

  it('has 64 data and 128 code entries unless told', () => {
    const bench = new Bench();
    for (let page = 0; page < 129; page++) {
      bench.mmu.load(page * PAGE, 1, false);
      bench.mmu.fetch(page * PAGE, false);
    }
    const words = bench.memory.words;
    const filled = (region: number): number => words.subarray(region / 4, region / 4 + 1024).filter((word) => word !== 0).length;
    expect([filled(Region.DATA_TLB_ENTRY), filled(Region.CODE_TLB_ENTRY)]).toEqual([64, 128]);
  });

  it('refuses a TLB without entries', () => {
    expect(() => new Bench({ dataEntries: 0 })).toThrow(/positive/);
  });
});

describe('the dirty bit of a held entry', () => {
  it('is set by one more walk that keeps the place in the queue', () => {
    const bench = mapped(2);
    touch(bench, 16, 17);
    expect(bench.tableEntry(16) & D).toBe(0);
    bench.mmu.store(16 * PAGE, 4, 99, true);
    expect(bench.tableEntry(16) & (A | D)).toBe(A | D);
    expect([bench.count('tlb.dirty'), bench.count('tlb.fill.data'), bench.count('walk.reads')]).toEqual([1, 2, 6]);
    expect(bench.exposed('DATA_WRITE_USER', 16, 16)).toBe(true);
    touch(bench, 18);
    expect(held(bench)).toEqual([17, 18]);
  });

  it('takes the page from the tables as they are now', () => {
    const bench = mapped(4);
    touch(bench, 16);
    bench.map(16, 20);
    bench.mmu.store(16 * PAGE, 4, 99, true);
    expect([bench.peek(16 * PAGE), bench.peek(20 * PAGE)]).toEqual([16, 99]);
    expect(bench.tableEntry(16) & D).toBe(D);
  });

  it('faults, and loses the entry, if the tables refuse by now', () => {
    const bench = mapped(4);
    touch(bench, 16);
    bench.map(16, 16, P | U);
    expect(bench.mmu.store(16 * PAGE, 4, 99, true)).toBe(false);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 7, cr2: 16 * PAGE });
    expect([held(bench), bench.count('tlb.dirty')]).toEqual([[], 0]);
  });
});

describe('stale entries', () => {
  it('go on translating until they are invalidated', () => {
    const bench = mapped(4);
    touch(bench, 16);
    bench.map(16, 20, 0);
    expect(bench.mmu.load(16 * PAGE, 4, true)).toBe(16);
    bench.map(16, 20);
    bench.mmu.invalidatePage(16 * PAGE);
    expect(bench.mmu.load(16 * PAGE, 4, true)).toBe(20);
  });

  it('go on translating until they are evicted, and in each TLB for itself', () => {
    const bench = mapped(2);
    touch(bench, 16);
    bench.mmu.fetch(16 * PAGE, true);
    bench.map(16, 20);
    bench.mmu.load(17 * PAGE, 4, true);
    bench.mmu.load(18 * PAGE, 4, true);
    expect(bench.mmu.load(16 * PAGE, 4, true)).toBe(20);
    expect(bench.mmu.fetch(16 * PAGE, true)).toBe(Region.RAM + 16 * PAGE);
  });

  it('never cause a fault that the tables do not', () => {
    const bench = mapped(4, P);
    bench.mmu.load(16 * PAGE, 4, false);
    bench.mmu.fetch(16 * PAGE, false);
    bench.map(16, 16, ALL);
    expect(bench.mmu.store(16 * PAGE, 4, 5, true)).toBe(true);
    expect(bench.mmu.fetch(16 * PAGE, true)).toBe(Region.RAM + 16 * PAGE);
    expect(bench.mmu.faulted).toBe(false);
  });

  it('are removed by a page fault at their page', () => {
    const bench = mapped(4, P);
    bench.mmu.load(16 * PAGE, 4, false);
    bench.mmu.load(16 * PAGE, 4, true);
    expect(bench.fault()?.error).toBe(5);
    expect(bench.exposed('DATA_READ_SUPERVISOR', 16)).toBe(false);
  });
});

describe('flushes', () => {
  it('by CR3 spare global pages and their order while CR4.PGE is set', () => {
    const bench = mapped(4, ALL, PGE);
    bench.map(17, 17, ALL | G);
    bench.map(19, 19, ALL | G);
    touch(bench, 16, 17, 18, 19);
    bench.mmu.pagingChanged();
    expect(held(bench)).toEqual([17, 19]);
    touch(bench, 20, 21, 22);
    expect(held(bench)).toEqual([19, 20, 21, 22]);
    expect(bench.count('tlb.flush')).toBe(1);
    bench.mmu.invalidatePage(19 * PAGE);
    expect(held(bench), 'INVLPG takes global pages too').toEqual([20, 21, 22]);
  });

  it('ignore G while CR4.PGE is clear, and G of the directory', () => {
    const bench = mapped(4, ALL | G);
    touch(bench, 16);
    bench.mmu.pagingChanged();
    expect(held(bench)).toEqual([]);
    bench.memory.state[Word.CR4] = PGE;
    bench.mmu.pagingChanged();
    bench.map(16, 16, ALL, ALL | G);
    touch(bench, 16);
    bench.mmu.pagingChanged();
    expect(held(bench)).toEqual([]);
  });

  it.each([
    ['CR4.PGE', (bench: Bench) => (bench.memory.state[Word.CR4] ^= PGE)],
    ['CR4.PSE', (bench: Bench) => (bench.memory.state[Word.CR4] ^= PSE)],
    ['CR0.PG', (bench: Bench) => (bench.memory.state[Word.CR0] ^= CR0.PG)],
  ])('by a change of %s take everything', (_name, change) => {
    const bench = mapped(4, ALL | G, PGE);
    touch(bench, 16, 17);
    bench.mmu.fetch(18 * PAGE, true);
    change(bench);
    bench.mmu.pagingChanged();
    expect(held(bench)).toEqual([]);
    expect(bench.exposed('CODE_USER', 18)).toBe(false);
    expect(bench.count('tlb.flush')).toBe(1);
  });

  it('count once for a transition that flushes everything and then loads control registers', () => {
    const bench = mapped(4);
    touch(bench, 16);
    bench.mmu.flushTranslations();
    bench.memory.state[Word.CR3] = 30 * PAGE;
    bench.setCr0(WP, true);
    expect(bench.count('tlb.flush')).toBe(1);
  });

  it('see a CR3 load that comes with a change of CR0.WP', () => {
    const bench = mapped(4);
    touch(bench, 16);
    bench.memory.state[Word.CR3] = 30 * PAGE;
    bench.setCr0(WP, true);
    expect(held(bench)).toEqual([]);
  });

  it('leave no word behind', () => {
    const bench = mapped(4, ALL | G, PGE);
    touch(bench, 16, 17, 18, 19, 20, 21);
    bench.mmu.store(22 * PAGE, 4, 0, false);
    bench.mmu.fetch(18 * PAGE, true);
    bench.mmu.flushTranslations();
    const { words } = bench.memory;
    expect(words.subarray(Region.DATA_READ_SUPERVISOR / 4, Region.DATA_TLB_ENTRY / 4).every((word) => word === NO_ENTRY)).toBe(true);
    expect(words.subarray(Region.DATA_TLB_ENTRY / 4, Region.DATA_TLB_QUEUE / 4).every((word) => word === 0)).toBe(true);
  });

  it('by INVLPG take every piece of a 4 MB page', () => {
    const bench = mapped(8, ALL, PSE);
    const base = 1024;
    bench.poke(DIRECTORY * PAGE + 4, P | W | U | PS);
    touch(bench, 16);
    for (const piece of [16, 17, 18]) {
      bench.mmu.load((base + piece) * PAGE, 4, true);
      bench.mmu.fetch((base + piece) * PAGE, true);
    }
    bench.mmu.invalidatePage((base + 900) * PAGE);
    for (const piece of [16, 17, 18]) {
      expect(bench.exposed('DATA_READ_USER', base + piece)).toBe(false);
      expect(bench.exposed('CODE_USER', base + piece)).toBe(false);
    }
    expect(held(bench)).toEqual([16]);
  });
});

describe('paging off', () => {
  it('maps each address to itself through the TLB, without reads', () => {
    const bench = new Bench();
    bench.poke(9 * PAGE, 1234);
    expect(bench.mmu.load(9 * PAGE, 4, true)).toBe(1234);
    bench.mmu.store(9 * PAGE, 4, 5, true);
    expect(bench.exposed('DATA_WRITE_USER', 9, 9)).toBe(true);
    expect([bench.count('walk.reads'), bench.count('tlb.fill.data'), bench.count('tlb.dirty')]).toEqual([0, 1, 0]);
  });
});

describe('privilegeChanged', () => {
  it('selects the tables of the privilege level', () => {
    const bench = new Bench();
    const { state } = bench.memory;
    for (const cpl of [0, 1, 2, 3]) {
      state[Word.CPL] = cpl;
      bench.mmu.privilegeChanged();
      expect(state[Word.DATA_TLB]).toBe(cpl === 3 ? Region.DATA_READ_USER : Region.DATA_READ_SUPERVISOR);
      expect(state[Word.CODE_TLB]).toBe(cpl === 3 ? Region.CODE_USER : Region.CODE_SUPERVISOR);
    }
  });

  it('has happened before the first instruction', () => {
    expect(new Bench().memory.state[Word.DATA_TLB]).toBe(Region.DATA_READ_SUPERVISOR);
  });
});

describe('a table that maps itself', () => {
  it('gets both levels\' bits in one word', () => {
    const bench = new Bench();
    bench.startPaging();
    bench.poke(DIRECTORY * PAGE + 4 * 1023, (DIRECTORY * PAGE) | ALL);
    bench.mmu.store(0xfffff000 | 8, 4, (TABLE * PAGE) | ALL, false);
    expect(bench.peek(DIRECTORY * PAGE + 4 * 1023)).toBe((DIRECTORY * PAGE) | ALL | A | D);
    expect(bench.peek(DIRECTORY * PAGE + 8)).toBe((TABLE * PAGE) | ALL);
  });
});
