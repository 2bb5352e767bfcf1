import { describe, expect, it } from 'vitest';
import { CR0, CR4, eventIndex, Word } from '@ringbench/isa';
import { MachineMemory, Mmu, PagingEntry, Region, TlbWord } from '@ringbench/machine';
import { createPageInvalidation, type PageInvalidation } from '../src/page-invalidation.js';

const PAGE = 4096;
const PAGES = 32;
const DIRECTORY = 1;
const TABLE = 2;
const LARGE_PAGE = 1 << 22;
const OPERATIONS = 4000;
const USER_LEVEL = 3;
const EXECUTED = eventIndex('executed.invlpg');
const { PRESENT, WRITABLE, USER, PAGE_SIZE } = PagingEntry;

interface Bench {
  readonly memory: MachineMemory;
  readonly mmu: Mmu;
  readonly invalidate: PageInvalidation;
}
/** The first pages mapped to themselves, and one large page; a data TLB of an odd number of entries. */
function createBench(): Bench {
  const memory = new MachineMemory(PAGES * PAGE);
  const mmu = new Mmu(memory, { dataEntries: 7, codeEntries: 4 });
  const { state, view } = memory;
  view.setInt32(Region.RAM + DIRECTORY * PAGE, (TABLE * PAGE) | PRESENT | WRITABLE | USER, true);
  view.setInt32(Region.RAM + DIRECTORY * PAGE + 4, PRESENT | WRITABLE | USER | PAGE_SIZE, true);
  for (let page = 0; page < PAGES; page++) view.setInt32(Region.RAM + TABLE * PAGE + page * 4, (page * PAGE) | PRESENT | WRITABLE | USER, true);
  state[Word.CR3] = DIRECTORY * PAGE;
  state[Word.CR4] = CR4.PSE;
  state[Word.CR0] = CR0.PE | CR0.PG;
  mmu.pagingChanged();
  return { memory, mmu, invalidate: createPageInvalidation(memory.wasm) };
}

/** The queue and, for every page, its entries and what the tables show. */
function held({ memory: { words } }: Bench): number[] {
  const tables = [Region.DATA_READ_SUPERVISOR, Region.DATA_READ_USER, Region.DATA_WRITE_SUPERVISOR, Region.DATA_WRITE_USER, Region.DATA_TLB_ENTRY, Region.CODE_TLB_ENTRY, Region.CODE_SUPERVISOR];
  const shown = tables.flatMap((table) => [...words.subarray(table >> 2, (table >> 2) + PAGES)]);
  return [...shown, ...words.subarray(Region.DATA_TLB_QUEUE >> 2, (Region.DATA_TLB_QUEUE >> 2) + 16)];
}

/** Numerical Recipes' generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
}

describe('the invalidation of a page', () => {
  it('leaves what the whole unit leaves, wherever in the queue the page is', () => {
    const [quick, whole] = [createBench(), createBench()];
    const random = generator(5);
    let dropped = 0;
    for (let i = 0; i < OPERATIONS; i++) {
      const linear = random(PAGES) * PAGE + random(PAGE);
      if (random(3) !== 0) for (const { mmu } of [quick, whole]) mmu.load(linear & -4, 4, false);
      else {
        if (quick.memory.words[(Region.DATA_TLB_ENTRY >> 2) + (linear >>> 12)] !== 0) dropped++;
        expect(quick.invalidate(linear)).toBe(1);
        whole.mmu.invalidatePage(linear);
        whole.memory.counts[EXECUTED]++;
      }
      expect(held(quick), `operation ${i}`).toEqual(held(whole));
    }
    expect(dropped).toBeGreaterThan(OPERATIONS / 30);
    expect(quick.memory.counts).toEqual(whole.memory.counts);
  });

  it.each<[string, (bench: Bench) => void]>([
    ['at another level than 0', ({ memory }) => (memory.state[Word.CPL] = USER_LEVEL)],
    ['in V386 mode', ({ memory }) => (memory.state[Word.IN_V386] = 1)],
    ['of a page that code was fetched from', ({ mmu }) => mmu.fetch(3 * PAGE, false)],
    ['while data may be in pieces of large pages', ({ mmu }) => mmu.load(LARGE_PAGE, 4, false)],
    ['while code may be in pieces of large pages', ({ mmu }) => mmu.fetch(LARGE_PAGE, false)],
  ])('is left to the procedure %s', (_, arrange) => {
    const bench = createBench();
    bench.mmu.load(3 * PAGE, 4, false);
    arrange(bench);
    const [before, counts] = [held(bench), bench.memory.counts.slice()];
    expect(bench.invalidate(3 * PAGE)).toBe(0);
    expect(held(bench)).toEqual(before);
    expect(bench.memory.counts).toEqual(counts);
  });

  it('has a queue to compare', () => {
    const bench = createBench();
    bench.mmu.load(3 * PAGE, 4, false);
    expect(bench.memory.words[(Region.DATA_TLB_QUEUE >> 2) + TlbWord.COUNT]).toBe(1);
  });
});
