import { expect, it } from 'vitest';
import { GuardedPages } from '../../src/scanning/guarded-pages.js';

const SEGMENT = { base: 0, wide: true };
const OTHER_SEGMENT = { base: 0x1000, wide: true };

it('a page is guarded while it has a mirror or a native branch leads there', () => {
  const guarded: number[] = [];
  const pages = new GuardedPages((page) => guarded.push(page));
  const target = { page: 5, offset: 16 };
  pages.addTarget(target, SEGMENT);
  pages.addMirror(5);
  pages.removeMirror(5);
  expect(pages.isGuarded(5)).toBe(true);
  pages.removeTarget(target, SEGMENT);
  expect(pages.isGuarded(5)).toBe(false);
  pages.addMirror(5);
  expect(guarded).toEqual([5, 5]);
});

it('targets are counted, are those of one segment, and a new one is a new version', () => {
  const pages = new GuardedPages(() => undefined);
  const target = { page: 5, offset: 16 };
  for (let branch = 0; branch < 2; branch++) pages.addTarget(target, SEGMENT);
  expect(pages.targetsOf(5, SEGMENT)?.version).toBe(1);
  expect(pages.targetsOf(5, OTHER_SEGMENT)).toBeUndefined();
  pages.addTarget({ page: 5, offset: 17 }, SEGMENT);
  expect(pages.targetsOf(5, { ...SEGMENT })?.version).toBe(2);
  pages.removeTarget(target, SEGMENT);
  expect([...(pages.targetsOf(5, SEGMENT)?.offsets.keys() ?? [])]).toEqual([16, 17]);
  pages.removeTarget(target, SEGMENT);
  expect([...(pages.targetsOf(5, SEGMENT)?.offsets.keys() ?? [])]).toEqual([17]);
  expect(() => pages.removeTarget(target, SEGMENT)).toThrow('no branch leads to offset 16');
  expect(() => pages.removeMirror(5 + 1)).toThrow('is not guarded');
});
