import type { Instruction as IcedInstruction } from 'iced-x86';
import { byteSource, decode, type CodeMode } from '../../src/encoding/decoder.js';
import type { EncodingRow } from '../../src/encoding/instruction.js';
import { difference, Reason, type Note } from './compare.js';
import { buildCases, hexBytes, randomHeads } from './encodings.js';
import { CASE_BYTES, Oracle, icedMnemonic, isPentiumPro } from './oracle.js';

/** Compares many decodings; the tests and `node scripts/oracle/decoder.mjs` share it. */

export interface Comparison {
  /** Byte strings compared, and how many of them are instructions for us. */
  cases: number;
  valid: number;
  /** What no `Reason` explains: mode, bytes and the difference. */
  readonly mismatches: string[];
  /** How often each `Reason` was needed. */
  readonly reasons: Map<string, number>;
  /** Rows that were decoded. */
  readonly seen: Set<EncodingRow>;
}

export function newComparison(): Comparison {
  return { cases: 0, valid: 0, mismatches: [], reasons: new Map(), seen: new Set() };
}

/** What is wrong with our decoding of a case: iced and we have to agree on validity, where what a Pentium Pro does not have is invalid, and then on everything. */
function verdict(ours: ReturnType<typeof decode>, iced: IcedInstruction, note: Note): string | undefined {
  if (typeof ours !== 'string' && ours.row.opcode.startsWith('0F AE') && iced.isInvalid) {
    note(Reason.SSE_PREFIX);
    return undefined;
  }
  const isOfPentiumPro = !iced.isInvalid && isPentiumPro(iced);
  if (typeof ours !== 'string') return isOfPentiumPro ? difference(ours, iced, note) : `${ours.row.mnemonic} ${ours.row.opcode}, iced has it invalid or newer: ${icedMnemonic(iced)}`;
  if (isOfPentiumPro) return `${ours}, iced ${icedMnemonic(iced)}`;
  if (!iced.isInvalid) note(Reason.NEWER);
  return undefined;
}

/** Compares cases of `CASE_BYTES`. */
export function compareCases(cases: Uint8Array, mode: CodeMode, comparison: Comparison): void {
  const oracle = new Oracle(mode, cases);
  const source = byteSource(cases);
  const note = (reason: string): void => void comparison.reasons.set(reason, (comparison.reasons.get(reason) ?? 0) + 1);
  for (let number = 0; number * CASE_BYTES < cases.length; number++) {
    const at = number * CASE_BYTES;
    const ours = decode(source, at, mode);
    if (typeof ours !== 'string') {
      comparison.seen.add(ours.row);
      comparison.valid++;
    }
    const problem = verdict(ours, oracle.decode(number), note);
    if (problem !== undefined) comparison.mismatches.push(`${mode.code32 ? 32 : 16}-bit ${hexBytes(cases.subarray(at, at + CASE_BYTES))}: ${problem}`);
    comparison.cases++;
  }
  oracle.free();
}

/** Kinds of random byte strings: all bytes random; or with some prefixes and an opcode, the escape in every third, made likely. */
export const KINDS = ['random', 'structured'] as const;
export type Kind = (typeof KINDS)[number];

/** Compares `count` seeded byte strings of one kind in one mode. */
export function compareRandom(kind: Kind, mode: CodeMode, count: number, seed: number, comparison: Comparison): void {
  const heads = kind === 'structured' ? randomHeads(count, seed) : Array.from({ length: count }, (): number[] => []);
  compareCases(buildCases(heads, seed), mode, comparison);
}
