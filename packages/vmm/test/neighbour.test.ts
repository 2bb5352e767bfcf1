import { expect, it } from 'vitest';
import { MachineMemory, Region } from '@ringbench/machine';
import { Allocator, Neighbour, Owner } from '../src/index.js';

const PAGE_BYTES = 4096;
const PAGES = 40;

it('takes pages in between those that the guest gets, and tells which of its own changed', () => {
  const memory = new MachineMemory(PAGES * PAGE_BYTES);
  const allocator = new Allocator(PAGES);
  allocator.allocate(Owner.VMM);
  const neighbour = new Neighbour(memory, allocator, 4, 28);
  const guest = allocator.allocateMany(Owner.FIRST_VM, 28) ?? [];
  const own = Array.from({ length: PAGES }, (_, page) => page).filter((page) => allocator.ownerOf(page) === Owner.FIRST_VM + 1);
  expect(own).toEqual([1, 9, 17, 25]);
  expect(guest).toHaveLength(28);
  expect(neighbour.changes()).toEqual([]);
  for (const page of guest) memory.bytes.fill(0, Region.RAM + page * PAGE_BYTES, Region.RAM + (page + 1) * PAGE_BYTES);
  expect(neighbour.changes()).toEqual([]);
  memory.bytes[Region.RAM + 17 * PAGE_BYTES + 4095] ^= 1;
  expect(neighbour.changes()).toEqual([17]);
  memory.bytes.copyWithin(Region.RAM + 25 * PAGE_BYTES, Region.RAM + 9 * PAGE_BYTES, Region.RAM + 10 * PAGE_BYTES);
  expect(neighbour.changes()).toEqual([17, 25]);
});

it('is nobody where none is asked for', () => {
  const allocator = new Allocator(2);
  expect(new Neighbour(new MachineMemory(2 * PAGE_BYTES), allocator, 0, 2).changes()).toEqual([]);
  expect(allocator.free).toBe(2);
});
