import { describe, expect, it } from 'vitest';
import { DirectEngine, type CoreDefinition, type EventCounts } from '@ringbench/engine';
import { at, CR3, EAX, EBX, ECX, EDI, ESI, KernelGuest, Page, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, pageEntry, runGuest, SCRATCH, summarize } from '@ringbench/engine/conformance';
import { core } from '../src/index.js';

const native: CoreDefinition = { ...core, id: 'native', create: (options) => new DirectEngine(options, (silicon) => silicon) };
const PLAIN = Page.PRESENT | Page.WRITABLE | Page.USER;
/** The slot of the address space where the VMM's window is at first, and a page there. */
const LAST_SLOT = 1023;
const LAST_PAGE = 0xfffff000 | 0;
const SELF_SLOT = 1022;
const SELF_MAP = (SELF_SLOT << 22) | 0;
const REP_MOVSD = [0xf3, 0xa5] as const;
const REP_STOSD = [0xf3, 0xab] as const;

/** Runs a guest on the machine itself and deprivileged under both policies and with a second level; all must agree. The counts under `sync`. */
function runOnAll(body: (guest: KernelGuest) => unknown): EventCounts {
  const guest = new KernelGuest();
  guest.enablePaging();
  body(guest);
  const image = guest.build();
  const expected = runGuest(native, { image });
  expect(expected.exit).toEqual({ kind: 'power-off', status: 0 });
  const [synced, dropped, nested] = [{ shadow: 'sync' }, { shadow: 'drop' }, { translation: 'second-level' }].map((settings) => runGuest(core, { image, settings }));
  for (const run of [synced, dropped, nested]) {
    expect(run.exit).toEqual(expected.exit);
    expect(run.console).toEqual(expected.console);
    expect(summarize(run)).toBe(summarize(expected));
  }
  return synced.counts;
}

describe('shadow page tables', () => {
  it('follow each write to a table of the guest, without INVLPG where the machine needs none', () => {
    const counts = runOnAll((guest) => {
      for (let number = 0; number < 3; number++) {
        guest.setPage(SCRATCH, (SCRATCH + number * PAGE_BYTES) | PLAIN).mov(at(SCRATCH), 0x100 + number).logMemory(SCRATCH);
      }
    });
    expect(counts['shadow.table-write']).toBeGreaterThanOrEqual(3);
  });

  it('let a directory map itself, and be written through that map', () => {
    const counts = runOnAll((guest) => {
      guest.mov(at(PAGE_DIRECTORY + SELF_SLOT * 4), PAGE_DIRECTORY | PLAIN);
      // Through the self-map the first table is page 0 of the slot, the directory page SELF_SLOT.
      const first = SELF_MAP + (SCRATCH >>> 12) * 4;
      guest.mov(at(first), (SCRATCH + PAGE_BYTES) | PLAIN).invlpg(at(SCRATCH)).mov(at(SCRATCH), 77).mov(at(SELF_MAP + SELF_SLOT * PAGE_BYTES + 8), 0x1234).logMemory(SCRATCH + PAGE_BYTES).logMemory(PAGE_DIRECTORY + 8);
    });
    expect(counts['shadow.table-write']).toBeGreaterThanOrEqual(2);
  });

  it('let one instruction write to two tables, and copy within a table', () => {
    runOnAll((guest) => {
      // A second table right behind the first, for the second 4 MB.
      const second = PAGE_TABLE + PAGE_BYTES;
      guest.mov(ECX, 1024).mov(EDI, second).mov(EAX, 0).cld().raw(...REP_STOSD).mov(at(PAGE_DIRECTORY + 4), second | PLAIN).mov(at(second), SCRATCH | PLAIN);
      guest.mov(EBX, at(0x400000)).mov(at(second - 2), 0).logMemory(second - 4).mov(at(second), SCRATCH | PLAIN).invlpg(at(0x400000)).mov(EBX, at(0x400000)).log(EBX);
      guest.mov(ESI, pageEntry(SCRATCH)).mov(EDI, pageEntry(SCRATCH) + 16).mov(ECX, 2).raw(...REP_MOVSD).logMemory(pageEntry(SCRATCH) + 16);
    });
  });

  it('give up on a table that became something else, and follow it again when it is one', () => {
    const counts = runOnAll((guest) => {
      const table = SCRATCH + PAGE_BYTES;
      const use = () => guest.mov(at(table), SCRATCH | PLAIN).mov(at(PAGE_DIRECTORY + 4), table | PLAIN).mov(EAX, CR3).mov(CR3, EAX).mov(EBX, at(0x400000)).log(EBX);
      guest.mov(at(SCRATCH), 5);
      use();
      guest.mov(ECX, 1024).mov(EDI, table).mov(EAX, 0).cld().raw(...REP_STOSD).mov(EAX, CR3).mov(CR3, EAX);
      guest.attempt((inner) => inner.mov(EBX, at(0x400000)));
      use();
      guest.mov(at(table), 0).invlpg(at(0x400000)).attempt((inner) => inner.mov(EBX, at(0x400000)));
    });
    expect(counts['shadow.release']).toBe(1);
    expect(counts['shadow.table-write']).toBeLessThan(100);
  });

  it('give up on a directory that became something else, and follow it again when it is one', () => {
    const counts = runOnAll((guest) => {
      const former = SCRATCH + PAGE_BYTES;
      const load = (directory: number) => guest.mov(EAX, directory).mov(CR3, EAX).logMemory(SCRATCH);
      const use = () => load(guest.mov(ECX, 1024).mov(ESI, PAGE_DIRECTORY).mov(EDI, former).cld().raw(...REP_MOVSD) && former);
      use();
      load(PAGE_DIRECTORY);
      guest.mov(ECX, 1024).mov(EDI, former).mov(EAX, 0).raw(...REP_STOSD);
      use();
      guest.mov(at(former + 4), PAGE_TABLE | PLAIN).logMemory(0x400000 + SCRATCH);
      load(PAGE_DIRECTORY);
    });
    expect(counts['shadow.release']).toBe(1);
    expect(counts['shadow.table-write']).toBeLessThan(100);
  });

  it('leave the guest every linear address: the window of the VMM moves', () => {
    const counts = runOnAll((guest) => {
      guest.mov(at(PAGE_DIRECTORY + LAST_SLOT * 4), PAGE_TABLE | PLAIN).mov(at(PAGE_TABLE + 4092), SCRATCH | PLAIN);
      guest.mov(at(LAST_PAGE), 0x600d).logMemory(SCRATCH).sti().cli().logMemory(LAST_PAGE);
      // The next slot below is where the window went.
      guest.mov(at(PAGE_DIRECTORY + (LAST_SLOT - 1) * 4), PAGE_TABLE | PLAIN).logMemory(LAST_PAGE - (4 << 20));
    });
    expect(counts['shadow.window-move']).toBe(2);
  });

  it('show the window to no guest: what the guest did not map faults there as anywhere', () => {
    runOnAll((guest) => {
      for (const address of [LAST_PAGE, 0xffc00000 | 0, 0xffc01000 | 0]) {
        guest.attempt((inner) => inner.mov(EBX, at(address)));
        guest.attempt((inner) => inner.mov(at(address), EBX));
        guest.attemptInRing3((inner) => inner.mov(EBX, at(address)));
      }
    });
  });

  it('are dropped on a load of CR3 under one policy and kept under the other', () => {
    const guest = new KernelGuest();
    guest.enablePaging();
    for (let load = 0; load < 5; load++) guest.mov(EAX, CR3).mov(CR3, EAX).mov(EBX, at(SCRATCH));
    const image = guest.build();
    const [synced, dropped] = (['sync', 'drop'] as const).map((shadow) => runGuest(core, { image, settings: { shadow } }).counts);
    expect(dropped['shadow.drop'] - synced['shadow.drop']).toBeGreaterThanOrEqual(5);
    expect(dropped['shadow.fill']).toBeGreaterThan(synced['shadow.fill']);
  });
});
