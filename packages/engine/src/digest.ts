/** Order-sensitive 64-bit digest of memory for equality checks between cores (MurmurHash3's mixing steps in two lanes); it is not cryptographic. */
export function digestMemory(words: Int32Array): string {
  let low = 0x9747b28c | 0;
  let high = 0x3c6ef372 | 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === 0) continue; // most memory is untouched
    const mixed = Math.imul(word ^ Math.imul(i, 0x9e3779b1), 0xcc9e2d51);
    low = Math.imul((low ^ ((mixed << 15) | (mixed >>> 17))) | 0, 5) + 0xe6546b64;
    high = Math.imul(((high << 13) | (high >>> 19)) ^ mixed, 0x1b873593);
  }
  const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  return hex(low ^ (high >>> 16)) + hex(high ^ (low >>> 13));
}
