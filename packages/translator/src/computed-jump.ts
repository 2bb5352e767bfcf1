/**
 * A way from an address to a place in a table without collisions among known addresses: multiply, shift, mask. Others may fall on any place, so that what is there
 * must be compared.
 */
export interface AddressHash {
  readonly multiplier: number;
  readonly shift: number;
  readonly mask: number;
  /** Which of the addresses is at a place, -1 for none. */
  readonly places: readonly number[];
}

/** 1: none. The others spread neighbouring addresses: 2^32 by the golden ratio, and two of L'Ecuyer's multipliers (Math. Comp. 68, 1999). */
const MULTIPLIERS = [1, 0x9e3779b1, 0x2c9277b5, 0x7ac4f0cb] as const;
const MOST_SPARE_BITS = 3;
const WORD_BITS = 32;

/** Undefined when none is found, which is rare. The smallest table wins, and no multiplication over one. */
export function findAddressHash(addresses: readonly number[]): AddressHash | undefined {
  const least = Math.max(1, WORD_BITS - Math.clz32(addresses.length - 1));
  for (let bits = least; bits <= least + MOST_SPARE_BITS; bits++) {
    const mask = 2 ** bits - 1;
    for (const multiplier of MULTIPLIERS) {
      for (let shift = 0; shift <= WORD_BITS - bits; shift++) {
        const places = placesOf(addresses, multiplier, shift, mask);
        if (places !== undefined) return { multiplier, shift, mask, places };
      }
    }
  }
  return undefined;
}

function placesOf(addresses: readonly number[], multiplier: number, shift: number, mask: number): readonly number[] | undefined {
  const places = Array.from({ length: mask + 1 }, () => -1);
  for (const [i, address] of addresses.entries()) {
    const place = (Math.imul(address, multiplier) >>> shift) & mask;
    if (places[place] >= 0) return undefined;
    places[place] = i;
  }
  return places;
}
