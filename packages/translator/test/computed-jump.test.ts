import { expect, test } from 'vitest';
import { findAddressHash } from '../src/computed-jump.js';
import { diceOf } from './support/shapes.js';

test('every address has a place of its own', () => {
  const dice = diceOf(1);
  for (let round = 0; round < 100; round++) {
    const addresses = [...new Set(Array.from({ length: 2 + dice(30) }, () => 0x10_0000 + dice(0x1000)))];
    const hash = findAddressHash(addresses);
    if (hash === undefined) throw new Error(`none for ${addresses.length} addresses`);
    const { multiplier, shift, mask, places } = hash;
    expect(addresses.map((address) => places[(Math.imul(address, multiplier) >>> shift) & mask])).toEqual(addresses.map((_, number) => number));
    expect(places.filter((place) => place < 0)).toHaveLength(mask + 1 - addresses.length);
  }
});

test('addresses that differ in some bits need no multiplication, and a table no larger than they', () => {
  expect(findAddressHash([0x1000, 0x1010, 0x1020, 0x1030])).toMatchObject({ multiplier: 1, shift: 4, mask: 3 });
});

test('there is none for an address twice', () => {
  expect(findAddressHash([0x1000, 0x1000])).toBeUndefined();
});
