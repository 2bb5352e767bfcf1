import { HOT_SET, type HotSet } from '@ringbench/interpreter';
import { describe, expect, test } from 'vitest';
import { BareMachine, CODE, createChooser, EXIT, type Program, type Snapshot, word } from './support/bare-machine.js';

/** REP MOVS and REP STOS done many iterations at a time (print-bulk.ts) must be what single iterations are, in every overlap and at every stop. */

const SINGLE: HotSet = { operations: [], pairs: [] };
const CASES = 120;
const SLICES = [1, 13, 1000, 100_000];
const DATA = 0x10000;
const MISSING_PAGE = 0x14000;
const PAGE_FAULT = 14;
const HANDLER = 0x9000;
const PREFIXES: readonly (readonly number[])[] = [[0xf3, 0xa4], [0xf3, 0xa5], [0xf3, 0xaa], [0xf3, 0xab], [0xf2, 0xa5], [0x66, 0xf3, 0xa5], [0x66, 0xf3, 0xab]];

/** std or cld; mov esi, edi, ecx, eax; pushf; rep …; exit. A page fault stores CR2 and the registers and exits. */
function program(seed: number): Program {
  const choose = createChooser(seed);
  const instruction = PREFIXES[choose(PREFIXES.length)];
  const source = DATA + choose(0x3000);
  const near = choose(2) === 0;
  const destination = near ? source + choose(40) - 20 : DATA + choose(0x3000);
  const value = choose(2) === 0 ? Math.imul(choose(256), 0x01010101) : choose(0x7fffffff);
  const count = choose(4) === 0 ? choose(4) : choose(3000);
  const setup = [choose(5) === 0 ? 0xfd : 0xfc, 0xbe, ...word(source), 0xbf, ...word(destination), 0xb9, ...word(count), 0xb8, ...word(value)];
  const data = Array.from({ length: 0x4000 }, (_, i) => (i * 7 + (i >> 5)) & 0xff);
  const handler = [0x60, 0x0f, 0x20, 0xd0, 0x50, ...EXIT]; // pusha; mov eax, cr2; push eax
  return { at: [[CODE, [...setup, ...instruction, 0x9c, ...EXIT]], [HANDLER, handler], [DATA, data]], handlers: { [PAGE_FAULT]: HANDLER }, map: { [MISSING_PAGE]: 0 } };
}
function result(machine: BareMachine, seed: number, slice: number): Snapshot {
  machine.load(program(seed));
  machine.finish(slice);
  return machine.snapshot();
}

describe('repeated string moves in bulk', () => {
  const single = new BareMachine(SINGLE);
  const bulk = new BareMachine(HOT_SET);
  test.each(SLICES)(`equal to single iterations, in slices of %i`, (slice) => {
    for (let seed = 1; seed <= CASES; seed++) expect(result(bulk, seed, slice), `seed ${seed}`).toEqual(result(single, seed, 100_000));
  });
  test('are in the committed hot set', () => {
    expect(HOT_SET.operations).toEqual(expect.arrayContaining(['repe movs.32:', 'repe stos.32:', 'repe movs.8:', 'repe stos.8:']));
  });
});
