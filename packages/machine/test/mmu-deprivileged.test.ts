import { CR0, Vector } from '@ringbench/isa';
import { beforeEach, describe, expect, it } from 'vitest';
import { A, Bench, D, P, PAGE, SECOND_DIRECTORY, SECOND_TABLE, TABLE, U, W, WP } from './mmu-support.js';

/** Ring 3 as a deprivileged guest's: docs/decisions/0017-second-level-at-ring-3.md. */

const LINEAR_PAGE = 16;
const GUEST_FRAME = 20;
const MACHINE_FRAME = 40;
const ADDRESS = LINEAR_PAGE * PAGE + 0x10;
const [GUEST, MONITOR] = [true, false];
const [WRITE_ERROR, USER_ERROR, SECOND_LEVEL_ERROR] = [2, 4, 32];

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.startPaging(WP);
  bench.map(LINEAR_PAGE, GUEST_FRAME);
  bench.poke(SECOND_DIRECTORY * PAGE, (SECOND_TABLE * PAGE) | P | W);
  for (const table of [1, TABLE]) bench.poke(SECOND_TABLE * PAGE + 4 * table, (table * PAGE) | P | W);
  bench.poke(SECOND_TABLE * PAGE + 4 * GUEST_FRAME, (MACHINE_FRAME * PAGE) | P | W);
  bench.mmu.hostGuest(SECOND_DIRECTORY * PAGE);
  bench.resetCounts();
});

describe('a machine that hosts a deprivileged guest', () => {
  it('translates accesses of ring 3 by the tables of CR3 and then by the second level, sets A and D, and has physical addresses elsewhere', () => {
    expect(bench.mmu.store(ADDRESS, 4, 4711, GUEST)).toBe(true);
    expect([bench.peek(MACHINE_FRAME * PAGE + 0x10), bench.tableEntry(LINEAR_PAGE) & (A | D), bench.count('walk.reads')]).toEqual([4711, A | D, 8]);
    bench.poke(ADDRESS, 17);
    expect([bench.mmu.load(ADDRESS, 4, MONITOR), bench.mmu.fetch(ADDRESS, MONITOR)]).toEqual([17, bench.mmu.fetch(ADDRESS, GUEST) + (LINEAR_PAGE - MACHINE_FRAME) * PAGE]);
    expect(bench.count('walk.reads')).toBe(16);
  });

  it('shows the monitor nothing of the guest’s translations', () => {
    bench.mmu.store(ADDRESS, 4, 1, GUEST);
    bench.mmu.fetch(ADDRESS, GUEST);
    for (const table of ['DATA_READ_USER', 'DATA_WRITE_USER', 'CODE_USER'] as const) expect(bench.exposed(table, LINEAR_PAGE, MACHINE_FRAME)).toBe(true);
    for (const table of ['DATA_READ_SUPERVISOR', 'DATA_WRITE_SUPERVISOR', 'CODE_SUPERVISOR'] as const) expect(bench.exposed(table, LINEAR_PAGE)).toBe(false);
  });

  it('judges ring 3 as the guest’s supervisor when told so, in the TLBs as in the tables', () => {
    bench.map(LINEAR_PAGE, GUEST_FRAME, P | W);
    bench.mmu.load(ADDRESS, 4, GUEST);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: P | USER_ERROR, cr2: ADDRESS });
    bench.mmu.clearFault();
    bench.mmu.guestIsSupervisor = true;
    bench.mmu.store(ADDRESS, 4, 3, GUEST);
    bench.mmu.fetch(ADDRESS, GUEST);
    expect([bench.fault(), bench.exposed('DATA_WRITE_USER', LINEAR_PAGE, MACHINE_FRAME), bench.exposed('CODE_USER', LINEAR_PAGE, MACHINE_FRAME)]).toEqual([undefined, true, true]);
    bench.mmu.guestIsSupervisor = false;
    expect([bench.exposed('DATA_READ_USER', LINEAR_PAGE), bench.exposed('CODE_USER', LINEAR_PAGE)]).toEqual([false, false]);
    expect(bench.mmu.fetch(ADDRESS, GUEST)).toBe(-1);
  });

  it('obeys the guest’s CR0.WP where ring 3 is its supervisor', () => {
    bench.map(LINEAR_PAGE, GUEST_FRAME, P | U);
    bench.mmu.guestIsSupervisor = true;
    expect(bench.mmu.store(ADDRESS, 4, 1, GUEST)).toBe(false);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: P | WRITE_ERROR, cr2: ADDRESS });
    bench.mmu.clearFault();
    bench.setCr0(CR0.WP, false);
    expect(bench.mmu.store(ADDRESS, 4, 1, GUEST)).toBe(true);
  });

  it('makes a refusal of the second level a page fault with a bit of its own and the guest-physical address in CR2', () => {
    bench.map(LINEAR_PAGE, 30);
    bench.mmu.store(ADDRESS, 4, 1, GUEST);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: SECOND_LEVEL_ERROR | WRITE_ERROR, cr2: 30 * PAGE + 0x10 });
    expect(bench.tableEntry(LINEAR_PAGE) & (A | D)).toBe(0);
  });

  it('has guest-physical addresses at ring 3 while the guest’s paging is off', () => {
    bench.setCr0(CR0.PG, false);
    bench.poke(MACHINE_FRAME * PAGE, 99);
    expect(bench.mmu.load(GUEST_FRAME * PAGE, 4, GUEST)).toBe(99);
  });
});
