import { describe, expect, it } from 'vitest';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { Machine, PagingEntry, Region } from '@ringbench/machine';
import { Allocator, GuestMemory, HostContext, Owner, SecondLevelTables, secondLevelPages } from '../src/index.js';

const PAGE_BYTES = 4096;
/** Those of HostContext. */
const HOST_PAGES = 2;
const OPEN_BUS_PAGE = 0xfffff;
/** More than one table, and the last of them not full. */
const GUEST_PAGES = 1024 + 100;

function build(): { machine: Machine; allocator: Allocator; guest: GuestMemory; tables: SecondLevelTables } {
  const pages = HOST_PAGES + secondLevelPages(GUEST_PAGES) + GUEST_PAGES;
  const machine = new Machine({ ramBytes: pages * PAGE_BYTES, createExecutor: (processor) => new Executor(processor) });
  const allocator = new Allocator(pages);
  new HostContext(machine, allocator);
  const guest = new GuestMemory(machine.memory, machine.processor.mmu, (allocator.allocateMany(Owner.FIRST_VM, GUEST_PAGES) ?? []).toReversed());
  return { machine, allocator, guest, tables: new SecondLevelTables(machine.memory, allocator, guest) };
}

/** Every machine page that the tables name, by guest page; the walk is the test's own. */
function mappings({ machine, tables }: ReturnType<typeof build>): Map<number, number> {
  const { view } = machine.memory;
  const found = new Map<number, number>();
  for (let directory = 0; directory < 1024; directory++) {
    const upper = view.getUint32(Region.RAM + tables.root + directory * 4, true);
    if ((upper & PagingEntry.PRESENT) === 0) continue;
    for (let index = 0; index < 1024; index++) {
      const lower = view.getUint32(Region.RAM + (upper & ~0xfff) + index * 4, true);
      if ((lower & PagingEntry.PRESENT) !== 0) found.set(directory * 1024 + index, lower >>> 12);
    }
  }
  return found;
}

describe('SecondLevelTables', () => {
  it('map the guest’s memory, all of it, one to one, elsewhere than at its own numbers, and nothing else', () => {
    const built = build();
    const found = mappings(built);
    expect(found.size).toBe(GUEST_PAGES);
    expect(new Set(found.values()).size).toBe(GUEST_PAGES);
    for (const [page, machinePage] of found) {
      expect(machinePage).toBe(built.guest.machinePage(page));
      expect(built.allocator.ownerOf(machinePage)).toBe(Owner.FIRST_VM);
    }
    expect([...found].filter(([page, machinePage]) => page === machinePage).length).toBeLessThan(2);
  });

  it('map what lies beyond to nothing, on demand, and never to a page that somebody owns', () => {
    const built = build();
    for (const address of [GUEST_PAGES * PAGE_BYTES, 0x7fffffff, 0x80000000, 0xffffffff]) expect(built.tables.resolve(address, false)).toBe(true);
    for (const [page, machinePage] of mappings(built)) {
      if (page >= GUEST_PAGES) expect(machinePage).toBe(OPEN_BUS_PAGE);
    }
    expect(built.allocator.ownerOf(OPEN_BUS_PAGE)).toBe(Owner.NOBODY);
  });

  it('refuse to take memory away from the guest', () => {
    const { tables } = build();
    expect(tables.resolve(GUEST_PAGES * PAGE_BYTES - 1, false)).toBe(false);
    expect(tables.resolve(0, false)).toBe(false);
  });

  it('take as many pages as announced', () => {
    expect(build().allocator.free).toBe(0);
  });
});
