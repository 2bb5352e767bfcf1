import { CR0, Vector, Word } from '@ringbench/isa';
import { beforeEach, describe, expect, it } from 'vitest';
import { NO_VECTOR } from '../src/mmu/mmu.js';
import { A, Bench, D, DIRECTORY, P, PAGE, PS, PSE, SECOND_DIRECTORY, SECOND_TABLE, TABLE, U, W } from './mmu-support.js';

const ALL = P | W | U;
const LINEAR_PAGE = 16;
const GUEST_FRAME = 20;
const MACHINE_FRAME = 40;
const ADDRESS = LINEAR_PAGE * PAGE + 0x10;
const PTE_ADDRESS = TABLE * PAGE + 4 * LINEAR_PAGE;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.startPaging();
  bench.map(LINEAR_PAGE, GUEST_FRAME);
  bench.startSecondLevel();
  second(GUEST_FRAME, MACHINE_FRAME);
});

/** Maps a guest-physical page to a machine page. */
function second(guestFrame: number, machineFrame: number, bits = P | W): void {
  bench.poke(SECOND_TABLE * PAGE + 4 * guestFrame, (machineFrame * PAGE) | bits);
}

function violation(): unknown {
  expect([bench.mmu.faulted, bench.mmu.faultVector, bench.cr2]).toEqual([true, NO_VECTOR, 0]);
  const { pending, ...rest } = bench.mmu.violation;
  expect(pending).toBe(true);
  return rest;
}

describe('reads', () => {
  it('are eight for a walk, (2+1)(2+1)-1', () => {
    bench.poke(MACHINE_FRAME * PAGE + 0x10, 4711);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(4711);
    expect([bench.count('walk.reads'), bench.count('walk.writes')]).toEqual([8, 2]);
    expect(bench.exposed('DATA_READ_USER', LINEAR_PAGE, MACHINE_FRAME)).toBe(true);
  });

  it('are eight for a fetch and a dirty walk as well', () => {
    bench.mmu.fetch(ADDRESS, true);
    bench.mmu.load(ADDRESS, 4, true);
    bench.resetCounts();
    bench.mmu.store(ADDRESS, 4, 1, true);
    expect([bench.count('walk.reads'), bench.count('walk.writes'), bench.count('tlb.dirty')]).toEqual([8, 1, 1]);
  });

  it('are five for a 4 MB page', () => {
    bench.memory.state[Word.CR4] = PSE;
    bench.poke(DIRECTORY * PAGE, P | W | U | PS);
    bench.mmu.flushTranslations();
    bench.mmu.load(GUEST_FRAME * PAGE, 4, true);
    expect(bench.count('walk.reads')).toBe(5);
    expect(bench.exposed('DATA_READ_USER', GUEST_FRAME, MACHINE_FRAME)).toBe(true);
  });

  it('are two while the guest has paging off', () => {
    bench.setCr0(CR0.PG, false);
    bench.mmu.store(GUEST_FRAME * PAGE, 4, 5, true);
    expect(bench.peek(MACHINE_FRAME * PAGE)).toBe(5);
    expect([bench.count('walk.reads'), bench.count('walk.writes')]).toEqual([2, 0]);
  });

  it('are two outside V386 mode and without a root', () => {
    for (const word of [Word.IN_V386, Word.SECOND_LEVEL_ROOT]) {
      const before = bench.memory.state[word];
      bench.memory.state[word] = 0;
      bench.mmu.flushTranslations();
      bench.resetCounts();
      bench.mmu.load(ADDRESS, 4, true);
      expect(bench.count('walk.reads')).toBe(2);
      expect(bench.exposed('DATA_READ_USER', LINEAR_PAGE, GUEST_FRAME)).toBe(true);
      bench.memory.state[word] = before;
    }
  });
});

describe('translation', () => {
  it('applies to CR3 and to the addresses of tables', () => {
    bench.poke(50 * PAGE, (21 * PAGE) | ALL); // the directory, seen by the guest at page 22
    bench.poke(51 * PAGE + 4 * LINEAR_PAGE, (GUEST_FRAME * PAGE) | ALL); // its table, seen at page 21
    second(22, 50);
    second(21, 51);
    bench.memory.state[Word.CR3] = 22 * PAGE;
    bench.mmu.pagingChanged();
    bench.mmu.store(ADDRESS, 4, 33, true);
    expect(bench.peek(MACHINE_FRAME * PAGE + 0x10)).toBe(33);
    expect(bench.peek(50 * PAGE)).toBe((21 * PAGE) | ALL | A);
    expect(bench.peek(51 * PAGE + 4 * LINEAR_PAGE)).toBe((GUEST_FRAME * PAGE) | ALL | A | D);
  });

  it('ignores the user bit and sets nothing in the second-level tables', () => {
    bench.mmu.store(ADDRESS, 4, 33, true);
    expect(bench.peek(SECOND_DIRECTORY * PAGE)).toBe((SECOND_TABLE * PAGE) | P | W);
    expect(bench.peek(SECOND_TABLE * PAGE + 4 * GUEST_FRAME)).toBe((MACHINE_FRAME * PAGE) | P | W);
  });

  it('leaves the guest its own page faults', () => {
    bench.map(LINEAR_PAGE, GUEST_FRAME, P | U);
    second(GUEST_FRAME, 0, 0);
    bench.mmu.store(ADDRESS, 4, 1, true);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 7, cr2: ADDRESS });
    expect(bench.mmu.violation.pending).toBe(false);
  });

  it('into nowhere behaves as memory behind RAM', () => {
    second(GUEST_FRAME, 0xfffff);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(-1);
    expect(bench.mmu.faulted).toBe(false);
  });
});

describe('a violation', () => {
  it('at the directory entry', () => {
    second(DIRECTORY, 0, 0);
    expect(bench.mmu.store(ADDRESS, 4, 1, true)).toBe(false);
    expect(violation()).toEqual({ guestPhysical: DIRECTORY * PAGE, linear: ADDRESS, write: false, fetch: false, duringWalk: true, present: false });
    expect(bench.count('walk.reads')).toBe(2);
  });

  it('at the table entry', () => {
    second(TABLE, 0, 0);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(0);
    expect(violation()).toEqual({ guestPhysical: PTE_ADDRESS, linear: ADDRESS, write: false, fetch: false, duringWalk: true, present: false });
    expect(bench.peek(DIRECTORY * PAGE) & A).toBe(0);
  });

  it.each(['read', 'write', 'fetch'] as const)('at the page itself (%s), with nothing set', (access) => {
    second(GUEST_FRAME, 0, 0);
    if (access === 'read') bench.mmu.load(ADDRESS, 4, true);
    else if (access === 'write') bench.mmu.store(ADDRESS, 4, 1, true);
    else expect(bench.mmu.fetch(ADDRESS, true)).toBe(-1);
    expect(violation()).toEqual({
      guestPhysical: GUEST_FRAME * PAGE + 0x10, linear: ADDRESS, write: access === 'write', fetch: access === 'fetch', duringWalk: false, present: false,
    });
    expect(bench.peek(DIRECTORY * PAGE) & A).toBe(0);
    expect(bench.peek(PTE_ADDRESS) & (A | D)).toBe(0);
    expect(bench.count('tlb.fill.data') + bench.count('tlb.fill.code')).toBe(0);
  });

  it('at the page by a write without permission, also through a held entry, also with CR0.WP clear', () => {
    second(GUEST_FRAME, MACHINE_FRAME, P);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(0);
    expect(bench.mmu.faulted).toBe(false);
    for (const user of [true, false]) {
      expect(bench.mmu.store(ADDRESS, 4, 1, user)).toBe(false);
      expect(violation()).toMatchObject({ guestPhysical: GUEST_FRAME * PAGE + 0x10, write: true, duringWalk: false, present: true });
      bench.mmu.clearFault();
    }
    expect(bench.peek(PTE_ADDRESS) & D).toBe(0);
  });

  it('keeps a dirty but write-protected page out of the write tables', () => {
    bench.map(LINEAR_PAGE, GUEST_FRAME, ALL | A | D);
    second(GUEST_FRAME, MACHINE_FRAME, P);
    bench.mmu.load(ADDRESS, 4, false);
    expect(bench.exposed('DATA_WRITE_USER', LINEAR_PAGE)).toBe(false);
    expect(bench.exposed('DATA_WRITE_SUPERVISOR', LINEAR_PAGE)).toBe(false);
    expect(bench.exposed('DATA_READ_USER', LINEAR_PAGE, MACHINE_FRAME)).toBe(true);
  });

  it('by the second-level directory, absent or write-protected', () => {
    bench.poke(SECOND_DIRECTORY * PAGE, (SECOND_TABLE * PAGE) | P);
    bench.map(LINEAR_PAGE, GUEST_FRAME, ALL | A, ALL | A);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(0);
    expect(bench.mmu.faulted).toBe(false);
    bench.mmu.store(ADDRESS, 4, 1, true);
    expect(violation()).toMatchObject({ write: true, present: true });
    bench.mmu.clearFault();
    bench.poke(SECOND_DIRECTORY * PAGE, 0);
    bench.mmu.flushTranslations();
    bench.mmu.load(ADDRESS, 4, true);
    expect(violation()).toMatchObject({ guestPhysical: DIRECTORY * PAGE, duringWalk: true, present: false });
  });

  it('by setting the accessed bit of a directory entry', () => {
    second(DIRECTORY, DIRECTORY, P);
    bench.mmu.load(ADDRESS, 4, true);
    expect(violation()).toEqual({ guestPhysical: DIRECTORY * PAGE, linear: ADDRESS, write: true, fetch: false, duringWalk: true, present: true });
    expect(bench.peek(PTE_ADDRESS) & A).toBe(0);
    bench.mmu.clearFault();
    bench.map(LINEAR_PAGE, GUEST_FRAME, ALL, ALL | A);
    bench.mmu.load(ADDRESS, 4, true);
    expect(bench.mmu.faulted, 'nothing to set, nothing refused').toBe(false);
  });

  it('by setting bits of a table entry, before the directory entry is touched', () => {
    second(TABLE, TABLE, P);
    bench.mmu.fetch(ADDRESS, true);
    expect(violation()).toEqual({ guestPhysical: PTE_ADDRESS, linear: ADDRESS, write: true, fetch: true, duringWalk: true, present: true });
    expect(bench.peek(DIRECTORY * PAGE) & A).toBe(0);
    bench.mmu.clearFault();
    bench.map(LINEAR_PAGE, GUEST_FRAME, ALL | A);
    bench.mmu.load(ADDRESS, 4, true);
    expect(bench.mmu.faulted).toBe(false);
    bench.mmu.store(ADDRESS, 4, 1, true);
    expect(violation()).toMatchObject({ guestPhysical: PTE_ADDRESS, write: true, duringWalk: true });
  });

  it('while the guest has paging off', () => {
    bench.setCr0(CR0.PG, false);
    second(GUEST_FRAME, 0, 0);
    bench.mmu.load(GUEST_FRAME * PAGE + 3, 1, true);
    expect(violation()).toMatchObject({ guestPhysical: GUEST_FRAME * PAGE + 3, linear: GUEST_FRAME * PAGE + 3, duringWalk: false });
  });

  it('in the high page of a store across pages, before any byte is written', () => {
    bench.map(LINEAR_PAGE + 1, GUEST_FRAME + 1);
    second(GUEST_FRAME + 1, MACHINE_FRAME + 1, P);
    expect(bench.mmu.store((LINEAR_PAGE + 1) * PAGE - 2, 4, -1, true)).toBe(false);
    expect(violation()).toMatchObject({ guestPhysical: (GUEST_FRAME + 1) * PAGE, linear: (LINEAR_PAGE + 1) * PAGE });
    expect(bench.peek(MACHINE_FRAME * PAGE + PAGE - 4)).toBe(0);
  });
});
