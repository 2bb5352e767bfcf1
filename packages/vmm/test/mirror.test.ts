import { expect, it } from 'vitest';
import { Interpreter } from '@ringbench/interpreter';
import { Machine } from '@ringbench/machine';
import { Mirror, Treatment } from '../src/scanning/mirror.js';

const PAGE_BYTES = 4096;
const MIRROR_PAGE = 1;
const ORIGINAL_PAGE = 2;

it('a breakpoint takes along every native instruction that overlaps it, one through the other, to the beginning of the page', () => {
  const { memory, processor } = new Machine({ ramBytes: 4 * PAGE_BYTES, createExecutor: (owner) => new Interpreter(owner) });
  const mirror = new Mirror(memory, processor.mmu, MIRROR_PAGE, ORIGINAL_PAGE, ORIGINAL_PAGE, { base: 0, wide: true });
  // ADD [EAX], AL, which zeros are, at every offset.
  for (let offset = PAGE_BYTES - 2; offset >= 0; offset--) mirror.place(offset, 2, Treatment.NATIVE);
  mirror.check();
  const placed = Array.from({ length: PAGE_BYTES - 1 }, (_, offset) => mirror.treatment(offset));
  mirror.place(PAGE_BYTES - 1, 1, Treatment.OVERLAPPED);
  mirror.check();
  expect(placed).toContain(Treatment.NATIVE);
  expect(Array.from({ length: PAGE_BYTES - 1 }, (_, offset) => mirror.treatment(offset))).not.toContain(Treatment.NATIVE);
});
