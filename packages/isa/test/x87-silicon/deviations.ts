import { Image, Question } from './case.js';
import { differences } from './compare.js';

/**
 * Where we follow Intel's manual and the recorded processor, an AMD EPYC, does something else, or where the manual leaves the result open. Everything
 * else has to agree to the bit.
 */

const COMPARISONS = /^fi?u?com|^ftst/;
const INTO_FLAGS = /^fu?comip?$/;
const TRANSCENDENTAL = /^f(sin|cos|sincos|ptan|patan|2xm1|yl2x|yl2xp1)$/;

const C1 = 0x200;
const CONDITIONS = 0x4700;
const INVALID = 1;
/** Of the status word. */
const TOP = 0x3800;
const UNDEFINED_OUT_OF_RANGE = ['st0', 'tags', 'signal'];
const BIAS = 16383;

type Fields = Record<string, string>;

const statusOf = (fields: Fields): number => parseInt(fields.status, 16);
const withStatus = (fields: Fields, mask: number): Fields => ({ ...fields, status: (statusOf(fields) & mask).toString(16) });

/** A value of the register area as one number in units of the last place, or undefined for what has no neighbours. */
function ordinal(text: string): bigint | undefined {
  const [top, significand] = text.split(':');
  const exponent = parseInt(top, 16) & 0x7fff;
  if (exponent === 0x7fff) return undefined;
  return (BigInt(exponent) << 63n) + (BigInt(`0x${significand}`) & ((1n << 63n) - 1n));
}

/** The last bits of transcendental results are nobody's contract: one unit in the last place is agreement. */
function isNeighbour(ours: string, theirs: string): boolean {
  const [a, b] = [ordinal(ours), ordinal(theirs)];
  return a !== undefined && b !== undefined && (a - b) ** 2n <= 1n && parseInt(ours, 16) >> 15 === parseInt(theirs, 16) >> 15;
}

/** ST(0)'s biased exponent and sign in a question. */
function topOf(question: Uint8Array): { exponent: number; sign: number } {
  const top = new DataView(question.buffer, question.byteOffset).getUint16(Image.REGISTERS + 8, true);
  return { exponent: top & 0x7fff, sign: top >>> 15 };
}

/** FYL2XP1 beyond its documented range: -(1 - sqrt(1/2)) to sqrt(2) - 1. */
const isOutOfRange = (question: Uint8Array): boolean => topOf(question).exponent >= BIAS - 2;

/**
 * SDM vol. 2, FYL2XP1: out of range the result is undefined and no exception can be relied upon. An exception that is not masked also decides whether
 * the stack is popped; where both did the same, all other registers have to agree.
 */
function differencesOutOfRange(ours: Fields, theirs: Fields): string[] {
  const [mine, yours] = [withStatus(ours, TOP), withStatus(theirs, TOP)];
  const agree = mine.status === yours.status;
  return differences(mine, yours).filter((name) => !UNDEFINED_OUT_OF_RANGE.includes(name) && (agree || !name.startsWith('st')));
}

const POINTERS = ['fip', 'fcs', 'fop', 'fdp', 'fds'];

/** A 64-bit kernel that switches processes between an instruction and FNSAVE loses the pointers' selectors, or on AMD's processors all of the pointers. */
function withoutLostPointers(names: string[], theirs: Fields): string[] {
  const areLost = theirs.fcs === '0000' || theirs.fip === '00000000';
  return areLost ? names.filter((name) => !POINTERS.includes(name)) : names;
}

/** Names of the fields in which our answer differs without being allowed to. */
export function disagreements(mnemonic: string, question: Uint8Array, ours: Fields, theirs: Fields): string[] {
  return withoutLostPointers(disagreementsOf(mnemonic, question, ours, theirs), theirs);
}

function disagreementsOf(mnemonic: string, question: Uint8Array, ours: Fields, theirs: Fields): string[] {
  let [mine, yours] = [ours, theirs];
  const isInvalidUnmasked = (statusOf(ours) & ~new DataView(question.buffer, question.byteOffset).getUint16(Question.IMAGE + Image.CONTROL, true) & INVALID) !== 0;
  if (COMPARISONS.test(mnemonic) && isInvalidUnmasked) {
    // SDM vol. 2, FCOM: conditions are set to unordered if the exception is masked. The EPYC sets them in any case.
    [mine, yours] = [withStatus(mine, ~CONDITIONS), withStatus(yours, ~CONDITIONS)];
    if (INTO_FLAGS.test(mnemonic)) [mine, yours] = [{ ...mine, flags: '' }, { ...yours, flags: '' }];
  }
  // SDM vol. 2, FCOMI: C1 is cleared. The EPYC leaves it alone.
  if (INTO_FLAGS.test(mnemonic)) [mine, yours] = [withStatus(mine, ~C1), withStatus(yours, ~C1)];
  if (!TRANSCENDENTAL.test(mnemonic)) return differences(mine, yours);
  if (mnemonic === 'fyl2xp1' && isOutOfRange(question)) return differencesOutOfRange(mine, yours);
  [mine, yours] = [withStatus(mine, ~C1), withStatus(yours, ~C1)];
  return differences(mine, yours).filter((name) => !(name.startsWith('st') && name !== 'status' && isNeighbour(mine[name], yours[name])));
}
