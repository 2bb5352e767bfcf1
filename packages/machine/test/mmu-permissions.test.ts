import { Vector } from '@ringbench/isa';
import { beforeAll, describe, expect, it } from 'vitest';
import { A, Bench, D, DIRECTORY, P, PAGE, PS, PSE, TABLE, U, W, WP } from './mmu-support.js';

const LINEAR_PAGE = 5;
const FRAME = 9;
const ADDRESS = LINEAR_PAGE * PAGE + 0x124;
const ACCESSES = ['read', 'write', 'fetch'] as const;

interface Case {
  readonly pde: number;
  readonly pte: number;
  readonly writeProtect: boolean;
  readonly user: boolean;
  readonly access: (typeof ACCESSES)[number];
}

function allCases(): Case[] {
  const cases: Case[] = [];
  for (let pde = 0; pde < 8; pde++) {
    for (let pte = 0; pte < 8; pte++) {
      for (const writeProtect of [false, true]) for (const user of [false, true]) for (const access of ACCESSES) cases.push({ pde, pte, writeProtect, user, access });
    }
  }
  return cases;
}

/** SDM vol. 3, 4.6 and 4.7, case by case: the error code, or undefined where the access is allowed. */
function expectedError({ pde, pte, writeProtect, user, access }: Case): number | undefined {
  const both = (bit: number): boolean => (pde & bit) !== 0 && (pte & bit) !== 0;
  const accessBits = (access === 'write' ? 2 : 0) + (user ? 4 : 0);
  if (!both(1)) return accessBits;
  const userPage = both(4);
  const writablePage = both(2);
  let allowed = true;
  if (user && !userPage) allowed = false;
  if (access === 'write' && !writablePage && (user || writeProtect)) allowed = false;
  return allowed ? undefined : accessBits + 1;
}

function perform(bench: Bench, access: Case['access'], user: boolean): void {
  if (access === 'read') bench.mmu.load(ADDRESS, 4, user);
  else if (access === 'write') bench.mmu.store(ADDRESS, 4, 0x11223344, user);
  else bench.mmu.fetch(ADDRESS, user);
}

describe('permissions', () => {
  let bench: Bench;
  beforeAll(() => {
    bench = new Bench();
  });

  it('decides every combination of P, W and U as the manual does, with error code, CR2 and accessed and dirty bits', () => {
    const cases = allCases();
    expect(cases).toHaveLength(768);
    for (const test of cases) {
      bench.startPaging(test.writeProtect ? WP : 0);
      bench.map(LINEAR_PAGE, FRAME, test.pte, test.pde);
      bench.mmu.clearFault();
      perform(bench, test.access, test.user);
      const error = expectedError(test);
      const name = JSON.stringify(test);
      expect(bench.fault(), name).toEqual(error === undefined ? undefined : { vector: Vector.PF, error, cr2: ADDRESS });
      expect(bench.peek(DIRECTORY * PAGE) & (A | D), name).toBe(error === undefined ? A : 0);
      const touched = test.access === 'write' ? A | D : A;
      expect(bench.tableEntry(LINEAR_PAGE) & (A | D), name).toBe(error === undefined ? touched : 0);
      expect(bench.count('walk.writes'), name).toBe(error === undefined ? 2 : 0);
      expect(bench.peek(FRAME * PAGE + 0x124), name).toBe(error === undefined && test.access === 'write' ? 0x11223344 : 0);
    }
  });

  it('exposes an entry in exactly the translation tables whose accesses it allows', () => {
    for (const test of allCases().filter((each) => expectedError(each) === undefined)) {
      bench.startPaging(test.writeProtect ? WP : 0);
      bench.map(LINEAR_PAGE, FRAME, test.pte, test.pde);
      bench.mmu.clearFault();
      perform(bench, test.access, test.user);
      const dirty = test.access === 'write';
      const can = (user: boolean, access: Case['access']): boolean => expectedError({ ...test, user, access }) === undefined;
      const isData = test.access !== 'fetch';
      const name = JSON.stringify(test);
      expect(bench.exposed('DATA_READ_SUPERVISOR', LINEAR_PAGE, FRAME), name).toBe(isData);
      expect(bench.exposed('DATA_READ_USER', LINEAR_PAGE, FRAME), name).toBe(isData && can(true, 'read'));
      expect(bench.exposed('DATA_WRITE_SUPERVISOR', LINEAR_PAGE, FRAME), name).toBe(dirty && can(false, 'write'));
      expect(bench.exposed('DATA_WRITE_USER', LINEAR_PAGE, FRAME), name).toBe(dirty && can(true, 'write'));
      expect(bench.exposed('CODE_SUPERVISOR', LINEAR_PAGE, FRAME), name).toBe(!isData);
      expect(bench.exposed('CODE_USER', LINEAR_PAGE, FRAME), name).toBe(!isData && can(true, 'fetch'));
    }
  });

  it('exposes a clean page to writes only after one write', () => {
    bench.startPaging();
    bench.map(LINEAR_PAGE, FRAME, P | W | U | A);
    bench.mmu.load(ADDRESS, 4, true);
    expect(bench.exposed('DATA_WRITE_USER', LINEAR_PAGE)).toBe(false);
    bench.mmu.flushTranslations();
    bench.map(LINEAR_PAGE, FRAME, P | W | U | A | D);
    bench.mmu.load(ADDRESS, 4, true);
    expect(bench.exposed('DATA_WRITE_USER', LINEAR_PAGE)).toBe(true);
  });

  it('writes no entry whose bits are set already', () => {
    bench.startPaging();
    bench.map(LINEAR_PAGE, FRAME, P | W | U | A | D, P | W | U | A);
    bench.mmu.store(ADDRESS, 4, 1, true);
    expect([bench.count('walk.reads'), bench.count('walk.writes')]).toEqual([2, 0]);
  });

  it('applies a change of CR0.WP to entries already held, without a flush', () => {
    bench.startPaging();
    bench.map(LINEAR_PAGE, FRAME, P | U);
    bench.mmu.clearFault();
    bench.mmu.store(ADDRESS, 4, 7, false);
    expect(bench.exposed('DATA_WRITE_SUPERVISOR', LINEAR_PAGE)).toBe(true);
    bench.setCr0(WP, true);
    expect(bench.exposed('DATA_WRITE_SUPERVISOR', LINEAR_PAGE)).toBe(false);
    expect(bench.exposed('DATA_READ_SUPERVISOR', LINEAR_PAGE)).toBe(true);
    expect(bench.count('tlb.flush')).toBe(0);
    expect(bench.mmu.store(ADDRESS, 4, 8, false)).toBe(false);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 3, cr2: ADDRESS });
  });
});

describe('4 MB pages', () => {
  const LARGE_BASE = 1 << 22;

  it('enter the TLB as 4 KB pieces and set bits in the directory entry alone', () => {
    const bench = new Bench();
    bench.startPaging(0, PSE);
    bench.poke(DIRECTORY * PAGE + 4, P | W | U | PS);
    bench.poke(FRAME * PAGE + 8, 0x12345678);
    expect(bench.mmu.load(LARGE_BASE + FRAME * PAGE + 8, 4, true)).toBe(0x12345678);
    expect(bench.peek(DIRECTORY * PAGE + 4)).toBe(P | W | U | PS | A);
    expect(bench.count('walk.reads')).toBe(1);
    bench.mmu.store(LARGE_BASE + (FRAME + 1) * PAGE, 1, 1, true);
    expect(bench.peek(DIRECTORY * PAGE + 4)).toBe(P | W | U | PS | A | D);
    expect(bench.count('tlb.fill.data')).toBe(2);
    expect(bench.exposed('DATA_WRITE_USER', 1024 + FRAME + 1, FRAME + 1)).toBe(true);
    expect(bench.exposed('DATA_WRITE_USER', 1024 + FRAME)).toBe(false);
  });

  it('obey permissions', () => {
    const bench = new Bench();
    bench.startPaging(WP, PSE);
    bench.poke(DIRECTORY * PAGE + 4, P | PS);
    bench.mmu.load(LARGE_BASE, 4, true);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 5, cr2: LARGE_BASE });
    expect(bench.mmu.store(LARGE_BASE, 4, 0, false)).toBe(false);
    expect(bench.fault()?.error).toBe(3);
    expect(bench.peek(DIRECTORY * PAGE + 4)).toBe(P | PS);
  });

  it('are ordinary table pointers while CR4.PSE is clear', () => {
    const bench = new Bench();
    bench.startPaging();
    bench.map(LINEAR_PAGE, FRAME, P | W | U, P | W | U | PS);
    bench.poke(FRAME * PAGE + 0x124, 77);
    expect(bench.mmu.load(ADDRESS, 4, true)).toBe(77);
    expect(bench.count('walk.reads')).toBe(2);
  });

  it('have reserved bits, as have table entries, while CR4.PSE is set (SDM vol. 3, 4.3)', () => {
    const bench = new Bench();
    bench.startPaging(0, PSE);
    for (let bit = 12; bit <= 21; bit++) {
      bench.poke(DIRECTORY * PAGE + 4, P | W | U | PS | (1 << bit));
      bench.mmu.store(LARGE_BASE, 4, 0, true);
      expect(bench.fault(), `bit ${bit}`).toEqual({ vector: Vector.PF, error: 1 | 2 | 4 | 8, cr2: LARGE_BASE });
      bench.mmu.clearFault();
    }
    bench.map(LINEAR_PAGE, FRAME, P | W | U | PS);
    bench.mmu.load(ADDRESS, 4, false);
    expect(bench.fault()).toEqual({ vector: Vector.PF, error: 1 | 8, cr2: ADDRESS });
    bench.poke(TABLE * PAGE + 4 * LINEAR_PAGE, PS);
    bench.mmu.load(ADDRESS, 4, false);
    expect(bench.fault()?.error, 'nothing is reserved in an entry that is not present').toBe(0);
  });
});
