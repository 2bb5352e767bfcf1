import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** Prime and offset basis of the 32-bit FNV-1a hash. */
const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;

/** The same seed and purpose give the same numbers on every host; another purpose gives others, so that one study does not shift the next. */
export function seededRandom(seed: number, purpose = ''): Random {
  let hash = FNV_OFFSET;
  for (const character of purpose) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME);
  const generator = xoroshiro128plus((seed ^ hash) | 0);
  return () => uniformFloat64(generator);
}
