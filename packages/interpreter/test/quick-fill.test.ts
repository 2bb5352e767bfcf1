import { describe, expect, it } from 'vitest';
import { CR0, CR4, Word } from '@ringbench/isa';
import { MachineMemory, Mmu, PagingEntry, Region } from '@ringbench/machine';
import { createQuickFill } from '../src/quick-fill.js';

const PAGE = 4096;
const RAM = 320 * PAGE;
const DIRECTORIES = [1, 2];
/** The last one lies behind the end of RAM. */
const TABLES = [3, 4, 5, 330];
/** Frames, some of them behind the end of RAM, half of them with address bit 20. */
const randomFrame = (random: (below: number) => number): number => random(72) | (random(2) << 8);
const OPERATIONS = 6000;
const ENTRIES = 8;

/** A small generator of random numbers (Numerical Recipes' constants), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) % below) | 0;
  };
}

const { PRESENT, WRITABLE, USER, ACCESSED, DIRTY, GLOBAL, PAGE_SIZE, RESERVED_LARGE } = PagingEntry;

/** An entry that is mostly good for something; of a directory it leads to a table or is a large page. */
function randomEntry(random: (below: number) => number, isDirectory: boolean): number {
  let bits = 0;
  for (const bit of [ACCESSED, DIRTY, GLOBAL]) if (random(2) === 0) bits |= bit;
  for (const bit of [PRESENT, WRITABLE, USER]) if (random(5) !== 0) bits |= bit;
  if (random(8) === 0) bits |= PAGE_SIZE;
  const isLarge = isDirectory && (bits & PAGE_SIZE) !== 0;
  const page = isLarge ? (random(4) === 0 ? RESERVED_LARGE : 0) : isDirectory ? TABLES[random(TABLES.length)] << 12 : randomFrame(random) << 12;
  return page | bits;
}

interface Bench {
  readonly reported: number[];
  readonly memory: MachineMemory;
  readonly mmu: Mmu;
}
function createBench(isQuick: boolean): Bench {
  const memory = new MachineMemory(RAM);
  const reported: number[] = [];
  const mmu = new Mmu(memory, { dataEntries: ENTRIES, codeEntries: ENTRIES, onCodeWrite: (host, bytes) => reported.push(host, bytes) });
  if (isQuick) mmu.quickFill = createQuickFill(memory.wasm);
  memory.state[Word.CR0] = CR0.PE | CR0.PG;
  memory.state[Word.CR3] = DIRECTORIES[0] * PAGE;
  mmu.pagingChanged();
  return { memory, mmu, reported };
}

/** Linear pages that meet all tables, and both halves of a few directory entries. */
const randomAddress = (random: (below: number) => number): number => (random(4) << 22) | (random(12) << 12) | (random(1023) << 2);

type Operation = (bench: Bench) => unknown;

function access(random: (below: number) => number): Operation {
  const linear = randomAddress(random);
  const [user, kind] = [random(2) === 0, random(3)];
  return ({ mmu }) => {
    const result = kind === 0 ? mmu.load(linear, 4, user) : kind === 1 ? mmu.store(linear, 4, linear, user) : mmu.translateWrite(linear, 4, user);
    const fault = [mmu.faulted, mmu.faultVector, mmu.faultError];
    mmu.clearFault();
    return [result, fault];
  };
}
function change(random: (below: number) => number): Operation {
  const [what, choice] = [random(9), random(2)];
  const linear = randomAddress(random);
  const page = random(3) === 0 ? DIRECTORIES[choice] + random(5) : randomFrame(random);
  const at = Region.RAM + (what === 0 ? DIRECTORIES[choice] * PAGE + random(4) * 4 : TABLES[random(3)] * PAGE + random(12) * 4);
  const entry = randomEntry(random, what === 0);
  return ({ memory, mmu }) => {
    const { state } = memory;
    switch (what) {
      case 0: case 1: case 2: memory.view.setInt32(at, entry, true); break;
      case 3: state[Word.CR3] = DIRECTORIES[choice] * PAGE; mmu.pagingChanged(); break;
      case 4: state[Word.CR0] ^= CR0.WP; mmu.pagingChanged(); break;
      case 5: state[Word.CR4] ^= choice === 0 ? CR4.PSE : CR4.PGE; mmu.pagingChanged(); break;
      case 6: if (choice === 0) mmu.watchCode(page); else mmu.unwatchCode(page); break;
      case 7: mmu.a20Masked = !mmu.a20Masked && choice === 0; break;
      default: mmu.invalidatePage(linear);
    }
    return what;
  };
}

const region = ({ memory }: Bench, from: number, to: number): Int32Array => memory.words.subarray(from >> 2, to >> 2);
/** Words that a quick fill writes only in order not to branch. */
const withoutSpare = (bench: Bench): Int32Array => {
  const words = region(bench, Region.DATA_TLB_QUEUE, Region.CODE_TLB_QUEUE).slice();
  words[5] = 0;
  return words;
};

/** What the translation tables say of all pages that `randomAddress` knows. */
function shown({ memory: { words } }: Bench): number[] {
  const tables = [Region.DATA_READ_SUPERVISOR, Region.DATA_READ_USER, Region.DATA_WRITE_SUPERVISOR, Region.DATA_WRITE_USER, Region.DATA_TLB_ENTRY];
  const pages = Array.from({ length: 48 }, (_, page) => (Math.floor(page / 12) << 10) | (page % 12));
  return tables.flatMap((table) => pages.map((page) => words[(table >> 2) + page]));
}

describe('quick fills', () => {
  it.each([1, 2, 3])('leave the same state, counts, tables and faults as the whole unit (seed %i)', (seed) => {
    const random = generator(seed);
    const quick = createBench(true);
    const whole = createBench(false);
    let filled = 0;
    const { quickFill } = quick.mmu;
    quick.mmu.quickFill = (linear, kind) => {
      const isFilled = quickFill(linear, kind);
      filled += isFilled;
      return isFilled;
    };
    for (let i = 0; i < OPERATIONS; i++) {
      const operation = random(4) === 0 ? change(random) : access(random);
      expect(operation(quick), `operation ${i}`).toEqual(operation(whole));
      expect(shown(quick), `tables after operation ${i}`).toEqual(shown(whole));
      if (i % 500 !== 0) continue;
      expect(region(quick, Region.RAM, Region.RAM + RAM), `memory after operation ${i}`).toEqual(region(whole, Region.RAM, Region.RAM + RAM));
      expect(withoutSpare(quick), `queue after operation ${i}`).toEqual(withoutSpare(whole));
    }
    expect(quick.memory.counts).toEqual(whole.memory.counts);
    expect(quick.memory.state).toEqual(whole.memory.state);
    expect(quick.reported).toEqual(whole.reported);
    expect(quick.reported.length).toBeGreaterThan(0);
    expect(filled).toBeGreaterThan(OPERATIONS / 20);
  });
});
