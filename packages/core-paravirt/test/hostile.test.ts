import { PagingEntry, Region, Machine } from '@ringbench/machine';
import { Interpreter } from '@ringbench/interpreter';
import { Allocator, GuestClock, GuestMemory, HostContext, MonitorInstructions, Owner, ShadowCounters, PagePool } from '@ringbench/vmm';
import { describe, expect, it } from 'vitest';
import { DIRECT_BASE, GUEST_END, HYPERCALLS, VirtualRegister } from '../src/interface.js';
import { spacePages, Spaces } from '../src/spaces.js';
import { runGuest } from './support/run.js';
import { call, callNumber, DATA_PHYSICAL, storeRegister, store, tinyGuest, withHandler, setStack, DATA } from './support/tiny-guest.js';

const SEEDS = [1, 2, 3, 4, 5, 6];
const CALLS = 400;
const NEIGHBOUR_PAGES = 16;
const NUMBERS = [0, 1, 2, 3, 0x1000, 0x400000, 0x8048000, DATA_PHYSICAL, DIRECT_BASE, DIRECT_BASE + 0x100000, 0xbffff000, 0xff800000, GUEST_END, GUEST_END + 0x1000, 0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff];

/** Mulberry32: numbers below 2^32 from a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Calls with arguments at random, most of them near something; `terminate` stands at the end only, and nobody sleeps for ever. */
function hostileCode(seed: number): number[] {
  const random = randomFrom(seed);
  const pick = (): number => (random() % 4 === 0 ? random() : (NUMBERS[random() % NUMBERS.length] ?? 0));
  const list = [0, 0x400000, DATA_PHYSICAL | 3].map(() => pick());
  const one = (): number[] => {
    const number = random() % (HYPERCALLS.length + 3);
    const name = HYPERCALLS[number - 1];
    if (name === 'terminate' || name === 'idle') return [];
    const registers = Object.values(VirtualRegister).filter((at) => at !== VirtualRegister.KERNEL_ENTRY);
    const spoil = random() % 8 === 0 ? store(DIRECT_BASE + (registers[random() % registers.length] ?? 0), pick()) : [];
    const words = random() % 3 === 0 ? list.flatMap((_, index) => store(DATA + 4 * index, pick())) : [];
    const parameters = name === 'update' && random() % 2 === 0 ? [DATA_PHYSICAL, random() % 4] : [pick(), pick(), pick()];
    return [...spoil, ...words, ...callNumber(number, parameters)];
  };
  return withHandler(call('terminate', 1), () => [...setStack(DATA + 0x1000), ...Array.from({ length: CALLS }, one).flat(), ...storeRegister('INTERRUPTS', 0), ...call('terminate', 0)]);
}

describe('hostile guests', () => {
  it.each(SEEDS)('of seed %i end as a value, and reach nothing of a neighbour\'s', (seed) => {
    const { engine, exit } = runGuest(tinyGuest(hostileCode(seed), 0), { neighbourPages: NEIGHBOUR_PAGES });
    expect(['power-off', 'shutdown', 'budget', 'halted']).toContain(exit.kind);
    expect(engine.neighbourChanges?.()).toEqual([]);
    expect(engine.counts()['paravirt.refused']).toBeGreaterThan(0);
  });
});

const GUEST_PAGES = 512;
const ENTRIES = 1024;
const UPDATES = 20_000;

describe('page-table updates at random', () => {
  it('map the guest\'s own pages only, and never a table', () => {
    const pages = 2 + spacePages(GUEST_PAGES) + GUEST_PAGES;
    const machine = new Machine({ ramBytes: pages * 4096, createExecutor: (processor) => new Interpreter(processor) });
    const allocator = new Allocator(pages);
    const host = new HostContext(machine, allocator);
    const pool = new PagePool(machine.memory, allocator, spacePages(GUEST_PAGES));
    const own = Array.from({ length: GUEST_PAGES }, () => allocator.allocate(Owner.FIRST_VM) ?? 0);
    const memory = new GuestMemory(machine.memory, machine.processor.mmu, own);
    const monitor = new MonitorInstructions(machine, new GuestClock(() => machine.processor.now()), new ShadowCounters());
    const spaces = new Spaces(machine, memory, monitor, pool, [host.tables, host.trapAddress]);
    const random = randomFrom(7);
    const pick = (): number => (random() % 4 === 0 ? random() : (NUMBERS[random() % NUMBERS.length] ?? 0));
    for (let round = 0; round < UPDATES; round++) {
      const handle = random() % 6;
      switch (random() % 8) {
        case 0: spaces.make(); break;
        case 1: spaces.drop(handle); break;
        case 2: spaces.use(handle); break;
        case 3: spaces.makeTable(handle, pick()); break;
        default: spaces.update(handle, pick() & ~0xfff, (random() % 600 << 12) | (random() & 7));
      }
    }
    const isOwn = (page: number): boolean => allocator.ownerOf(page) === Owner.FIRST_VM;
    const isTable = (page: number): boolean => allocator.ownerOf(page) === Owner.VMM;
    const table = new Int32Array(machine.memory.buffer, Region.RAM);
    let present = 0;
    for (const directory of spaces.directories()) {
      for (let slot = 0; slot < ENTRIES - 1; slot++) {
        const entry = table[directory / 4 + slot] ?? 0;
        if ((entry & PagingEntry.PRESENT) === 0) continue;
        expect(isTable(entry >>> 12)).toBe(true);
        for (let index = 0; index < ENTRIES; index++) {
          const mapped = table[(entry >>> 12) * ENTRIES + index] ?? 0;
          if ((mapped & PagingEntry.PRESENT) === 0) continue;
          present++;
          if (!isOwn(mapped >>> 12) || isTable(mapped >>> 12)) throw new Error(`entry ${index} of slot ${slot} maps page ${mapped >>> 12}`);
        }
      }
    }
    expect(present).toBeGreaterThan(GUEST_PAGES);
    const window = (table[(spaces.directories()[0] ?? 0) / 4 + ENTRIES - 1] ?? 0) >>> 12;
    const monitors = [host.tables, host.trapAddress].map((address) => address | PagingEntry.PRESENT | PagingEntry.WRITABLE);
    expect([...table.subarray(window * ENTRIES, (window + 1) * ENTRIES)]).toEqual([...monitors, ...Array.from({ length: ENTRIES - 2 }, () => 0)]);
  });
});
