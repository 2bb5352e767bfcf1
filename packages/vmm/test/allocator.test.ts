import { describe, expect, it } from 'vitest';
import { Allocator, Owner } from '../src/index.js';

const OTHER_VM = Owner.FIRST_VM + 1;

describe('Allocator', () => {
  it('gives each page once', () => {
    const allocator = new Allocator(100);
    const pages = [...(allocator.allocateMany(Owner.VMM, 10) ?? []), ...(allocator.allocateMany(Owner.FIRST_VM, 50) ?? []), ...(allocator.allocateMany(OTHER_VM, 40) ?? [])];
    expect(new Set(pages).size).toBe(100);
    expect(pages.map((page) => allocator.ownerOf(page))).toEqual([...Array<number>(10).fill(Owner.VMM), ...Array<number>(50).fill(Owner.FIRST_VM), ...Array<number>(40).fill(OTHER_VM)]);
  });

  it('says when memory is exhausted, and gives all of a request or nothing', () => {
    const allocator = new Allocator(4);
    expect(allocator.allocateMany(Owner.FIRST_VM, 5)).toBeUndefined();
    expect(allocator.free).toBe(4);
    expect(allocator.allocateMany(Owner.FIRST_VM, 4)).toEqual([0, 1, 2, 3]);
    expect(allocator.allocate(OTHER_VM)).toBeUndefined();
    expect(allocator.allocateMany(OTHER_VM, 0)).toEqual([]);
  });

  it('throws when a page would get a second owner, or is none', () => {
    const allocator = new Allocator(8);
    allocator.claim(3, Owner.FIRST_VM);
    expect(() => allocator.claim(3, OTHER_VM)).toThrow('belongs to owner 2');
    expect(() => allocator.claim(3, Owner.FIRST_VM)).toThrow('already');
    for (const page of [-1, 8, 1.5]) expect(() => allocator.claim(page, Owner.VMM)).toThrow('no page');
    for (const owner of [Owner.NOBODY, 65536]) expect(() => allocator.claim(1, owner)).toThrow('no owner');
    expect(allocator.free).toBe(7);
  });

  it('goes around a claimed page, and gives a released one again', () => {
    const allocator = new Allocator(3);
    allocator.claim(0, OTHER_VM);
    expect(allocator.allocateMany(Owner.FIRST_VM, 2)).toEqual([1, 2]);
    expect(() => allocator.release(0, Owner.FIRST_VM)).toThrow('does not have page 0');
    allocator.release(1, Owner.FIRST_VM);
    expect(allocator.ownerOf(1)).toBe(Owner.NOBODY);
    expect(() => allocator.release(1, Owner.FIRST_VM)).toThrow('does not have');
    expect(() => allocator.release(1, Owner.NOBODY)).toThrow('does not have');
    expect(allocator.allocate(OTHER_VM)).toBe(1);
    expect(allocator.ownerOf(99)).toBe(Owner.NOBODY);
  });
});
