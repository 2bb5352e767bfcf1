// Seeded values and addresses of the single-instruction cases.
export const LOW = 0x8000;
export const DATA = 0x40000000;
const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** Small seeded generator (xorshift32); `below(n)`, `one(list)`, `chance(p)`, `word()`. */
export function createRandom(seed) {
  let state = (seed * 0x9e3779b1) | 1;
  const word = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.imul(state, 0x2545f491) >>> 0;
  };
  const below = (n) => Math.floor((word() / 2 ** 32) * n);
  return { word, below, one: (list) => list[below(list.length)], chance: (p) => word() / 2 ** 32 < p };
}

/** An address for an access of some bytes: inside pages, across two, or where a page is missing or read-only. */
export function address(random, bytes) {
  const across = (border) => border - 1 - random.below(Math.max(1, bytes - 1));
  const kind = random.below(100);
  if (kind < 58) return DATA + 0x800 + random.below(0xc00);
  if (kind < 70) return across(DATA + 0x1000);
  if (kind < 74) return DATA + 0x2000 - bytes;
  if (kind < 80) return DATA + 0x2000 + random.below(0x1000);
  if (kind < 86) return across(DATA + 0x2000);
  if (kind < 89) return across(DATA + 0x3000);
  if (kind < 95) return DATA + 0x4000 + random.below(0xf00);
  return across(DATA + 0x4000);
}
export function lowAddress(random, bytes) {
  return random.chance(0.8) ? LOW + 0x800 + random.below(0x1000) : random.chance(0.5) ? LOW + 0x1000 - 1 - random.below(bytes) : random.below(0x10000);
}

export function value(random) {
  const kind = random.below(4);
  return kind === 0 ? random.one(INTERESTING) : kind === 1 ? random.below(256) : random.word();
}

export const littleEndian = (number, bytes) => Array.from({ length: bytes }, (_, i) => (number / 2 ** (8 * i)) & 0xff);
export const hexBytes = (bytes) => bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('');
export const pokeWord = (number, bytes = 4) => hexBytes(littleEndian(number >>> 0, bytes));
