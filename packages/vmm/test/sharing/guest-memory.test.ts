import { Interpreter } from '@ringbench/interpreter';
import { Machine, Region } from '@ringbench/machine';
import { describe, expect, it } from 'vitest';
import { Allocator, GuestMemory, Owner, OwnersAllocator, SecondLevelTables, secondLevelPages } from '../../src/index.js';
import { SharedPages } from '../../src/sharing/shared-pages.js';

const PAGE = 4096;
const GUEST_PAGES = 16;
const WRITABLE = 2;
const PRESENT = 1;

/** A machine with a few pages, of which guests get theirs one at a time. */
class Fixture {
  readonly machine: Machine;
  readonly allocator: Allocator;
  readonly pages: SharedPages;

  constructor(pages = 64) {
    this.machine = new Machine({ ramBytes: pages * PAGE, createExecutor: (processor) => new Interpreter(processor) });
    this.allocator = new Allocator(pages);
    this.pages = new SharedPages(this.machine, this.allocator);
  }

  guest(owner: number): { readonly memory: GuestMemory; readonly allocator: OwnersAllocator } {
    const allocator = new OwnersAllocator(this.allocator, owner, () => undefined);
    const supply = { take: () => allocator.allocate(owner), unshare: (page: number) => { this.pages.unshare(page); } };
    return { memory: new GuestMemory(this.machine.memory, this.machine.processor.mmu, GUEST_PAGES, supply), allocator };
  }

  /** Shares a guest's page 1, which must have been written. */
  share({ memory, allocator }: ReturnType<Fixture['guest']>): number | 'zeros' {
    const [, own] = [...memory.ownPages()].find(([page]) => page === 1) ?? [];
    if (own === undefined) throw new Error('page 1 is not there');
    const match = this.pages.match(own, allocator);
    memory.share(1, match === 'zeros' ? undefined : match);
    return match;
  }
}

const text = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe('memory whose pages come one at a time', () => {
  it('is zeros without a machine page until it is written', () => {
    const { memory, allocator } = new Fixture().guest(Owner.FIRST_VM);
    const empty = memory.digest();
    expect([memory.read(3, 8, 4), [...memory.readBytes(PAGE - 2, 4)], memory.isPresent(3), allocator.pages.size]).toEqual([0, [0, 0, 0, 0], false, 0]);
    memory.write(3, 8, 2, 0x1234);
    expect([memory.read(3, 8, 4), memory.isPresent(3), memory.isOwn(3), allocator.pages.size, memory.use.given]).toEqual([0x1234, true, true, 1, 1]);
    memory.write(3, 8, 2, 0);
    expect(memory.digest()).toBe(empty);
  });

  it('is not there beyond its end', () => {
    const { memory, allocator } = new Fixture().guest(Owner.FIRST_VM);
    expect([memory.read(GUEST_PAGES, 0, 4), memory.machinePage(GUEST_PAGES), memory.ownPage(GUEST_PAGES)]).toEqual([-1, undefined, undefined]);
    memory.write(GUEST_PAGES, 0, 4, 1);
    expect(allocator.pages.size).toBe(0);
  });

  it('shows one page to two guests, of which the one that writes gets a copy', () => {
    const fixture = new Fixture();
    const [one, two] = [fixture.guest(2), fixture.guest(3)];
    for (const { memory } of [one, two]) memory.writeBytes(PAGE, text(1, 2, 3));
    const shared = fixture.share(one);
    expect(fixture.share(two)).toBe(shared);
    expect([one.memory.machinePage(1), two.memory.machinePage(1), two.memory.isOwn(1), fixture.allocator.ownerOf(Number(shared))]).toEqual([shared, shared, false, Owner.SHARED]);
    const moved: number[][] = [];
    two.memory.onMoved = (page, from) => moved.push([page, from]);
    two.memory.write(1, 1, 1, 9);
    expect([[...one.memory.readBytes(PAGE, 3)], [...two.memory.readBytes(PAGE, 3)], moved]).toEqual([[1, 2, 3], [1, 9, 3], [[1, shared]]]);
    expect(two.memory.use).toMatchObject({ copied: 1, shared: 0 });
    expect(one.memory.guestPageOf(Number(shared))).toBe(1);
    expect(two.memory.guestPageOf(Number(shared))).toBeUndefined();
  });

  it('gives a page of zeros back, and forgets a shared page with its last user', () => {
    const fixture = new Fixture();
    const guest = fixture.guest(2);
    guest.memory.writeBytes(PAGE, text(0));
    expect(fixture.share(guest)).toBe('zeros');
    expect(guest.memory.isPresent(1)).toBe(false);
    guest.memory.writeBytes(PAGE, text(7));
    const shared = Number(fixture.share(guest));
    expect(fixture.pages.size).toBe(1);
    expect(fixture.pages.unshare(shared)).toBe(true);
    expect(fixture.pages.size).toBe(0);
    expect(() => fixture.pages.unshare(shared)).toThrow('not shared');
  });

  it('starves when the machine has no page left, and harms nobody', () => {
    const fixture = new Fixture(2);
    const [one, two] = [fixture.guest(2), fixture.guest(3)];
    one.memory.write(0, 0, 4, 1);
    one.memory.write(1, 0, 4, 2);
    two.memory.write(0, 0, 4, 3);
    expect([two.memory.isStarved, one.memory.isStarved, one.memory.read(0, 0, 4), one.memory.read(1, 0, 4), two.memory.read(0, 0, 4)]).toEqual([true, false, 1, 2, 0]);
  });
});

describe('the second level of such a guest', () => {
  const PAGES = 64 + secondLevelPages(GUEST_PAGES);

  function built() {
    const fixture = new Fixture(PAGES);
    const guest = fixture.guest(2);
    const tables = new SecondLevelTables(fixture.machine.memory, fixture.allocator, guest.memory);
    const { words } = fixture.machine.memory;
    const table = (words[(Region.RAM + tables.root) / 4] & ~0xfff) + Region.RAM;
    return { fixture, guest, tables, entry: (page: number): number => words[table / 4 + page] };
  }

  it('maps what is touched when it is touched', () => {
    const { guest, tables, entry } = built();
    expect(entry(2)).toBe(0);
    expect(tables.resolve(2 * PAGE, false)).toBe(true);
    expect(entry(2)).toBe(((guest.memory.machinePage(2) ?? 0) * PAGE) | PRESENT | WRITABLE);
    expect(tables.resolve(2 * PAGE, true)).toBe(false);
  });

  it('maps a shared page for reading, and its copy for writing, whoever wrote', () => {
    const { fixture, guest, tables, entry } = built();
    guest.memory.writeBytes(PAGE, text(5));
    const shared = Number(fixture.share(guest));
    tables.remap();
    expect(entry(1)).toBe((shared * PAGE) | PRESENT);
    expect(tables.resolve(PAGE, false)).toBe(false);
    expect(tables.resolve(PAGE, true)).toBe(true);
    expect(entry(1) & (PRESENT | WRITABLE)).toBe(PRESENT | WRITABLE);
    const other = fixture.guest(3);
    other.memory.writeBytes(PAGE, text(6));
    const again = Number(fixture.share(other));
    const moved: number[] = [];
    tables.onMoved = () => moved.push(1);
    guest.memory.share(1, again);
    tables.remap();
    guest.memory.writeBytes(PAGE, text(8));
    expect(moved).toEqual([1]);
    expect(entry(1) >>> 12).toBe(guest.memory.machinePage(1));
    expect(entry(1) >>> 12).not.toBe(again);
  });
});
