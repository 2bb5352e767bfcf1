import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodingRows, formatInstruction, SEMANTICS } from '@ringbench/isa';
import { conditionOf, groupByMnemonic, hotSetOf, instructionOf, SiliconMachine, waysOf, type Outcome, type SiliconCase } from './support/silicon-machine.js';
import { adjustmentOf, DEVIATIONS } from './support/silicon-deviations.js';
import { CODE_AT } from './support/silicon-memory.js';

/**
 * The meaning of instructions against real silicon: cases recorded by `node scripts/oracle/silicon.mjs --record`, replayed alone and in blocks, by the
 * printed JavaScript handlers and in a hot loop that has exactly the operations under test. One test a mnemonic.
 */
const [header, ...cases] = gunzipSync(readFileSync(new URL('recorded/silicon.jsonl.gz', import.meta.url))).toString('utf8').split('\n').map((line) => JSON.parse(line) as unknown) as [
  { readonly processor: string; readonly low: boolean },
  ...SiliconCase[],
];
const HANDLERS_ONLY = { operations: [], pairs: [] };
const GROUP_CASES = 800;
/** Every so often the translation caches are empty, so that the slow paths run too. */
const FLUSH_EVERY = 5;
const SHOWN = 3;

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function describeDifferences(own: readonly SiliconCase[], machine: SiliconMachine): string[] {
  const found: string[] = [];
  own.forEach((recorded, number) => {
    const instruction = instructionOf(recorded);
    for (const way of waysOf(instruction)) {
      const differences = machine.differences(recorded, way, conditionOf(number), number % FLUSH_EVERY === 0);
      if (differences.length > 0) found.push(`${way}: ${formatInstruction(instruction, CODE_AT)} (${recorded.code}): ${differences.join('; ')}`);
    }
  });
  return found.slice(0, SHOWN);
}

describe(`as recorded on ${header.processor}`, () => {
  const handlers = once(() => new SiliconMachine(HANDLERS_ONLY, header.low));
  for (const group of groupByMnemonic(cases, GROUP_CASES)) {
    const hot = once(() => new SiliconMachine(hotSetOf([...group.values()].flat(), header.low), header.low));
    for (const [mnemonic, own] of group) {
      test(mnemonic, () => {
        expect(describeDifferences(own, handlers()), 'handlers').toEqual([]);
        expect(describeDifferences(own, hot()), 'hot loop').toEqual([]);
      });
    }
  }
});

test('the hot loop itself executes what is under test', () => {
  const own = cases.filter(({ mnemonic, silicon }) => mnemonic === 'adc' && silicon.vector === 1);
  const hot = hotSetOf(own, header.low);
  const machine = new SiliconMachine(hot, header.low);
  const slow = new Set<number>();
  own.forEach((recorded, number) => {
    // The first run fills the translation cache.
    machine.differences(recorded, 'block', 0, false);
    machine.interpreter.onMicroOp = (_u, operation) => {
      if (operation?.shape.mnemonic === 'adc') slow.add(number);
    };
    machine.differences(recorded, 'block', 0, false);
    machine.interpreter.onMicroOp = undefined;
  });
  expect(hot.operations.length).toBeGreaterThan(10);
  // Misaligned accesses across pages and 16-bit addresses take the slow way.
  expect(slow.size).toBeLessThan(own.length / 3);
});

test('every recorded unprivileged mnemonic has cases', () => {
  const tested = new Set(cases.map(({ mnemonic }) => mnemonic));
  // x87 has an oracle of its own (packages/isa/test/x87-silicon.test.ts).
  const isX87 = (mnemonic: string): boolean => mnemonic.startsWith('f');
  const untested = encodingRows.filter(({ mnemonic, traits }) => SEMANTICS[mnemonic] !== undefined && !isX87(mnemonic) && traits.privileged === undefined && traits.sensitive === undefined && !tested.has(mnemonic));
  expect(untested.map(({ mnemonic }) => mnemonic)).toEqual([]);
});

test('what a known deviation of the silicon expects never comes from our answer', () => {
  const nonsense: Outcome = { vector: 200, error: 0xbad1, cr2: 0xbad2, eip: 0xbad3, registers: Array.from({ length: 8 }, (_, i) => 0xbad0000 + i), eflags: 0xbad4, selectors: Array.from({ length: 6 }, (_, i) => 0xbad8 + i), writes: [[0x40000000, 'bad0']] };
  const met = new Set<string>();
  for (const recorded of cases) {
    const adjustment = adjustmentOf(recorded, instructionOf(recorded), nonsense);
    if (adjustment === undefined) continue;
    met.add(adjustment.reason);
    const { vector, error, cr2, eip, registers, eflags, selectors, writes } = adjustment.silicon;
    const taken = [vector, error, cr2, eip, eflags, ...registers, ...selectors ?? [], ...writes.map(([, bytes]) => bytes)].filter((value) => [nonsense.vector, nonsense.error, nonsense.cr2, nonsense.eip, nonsense.eflags, ...nonsense.registers, ...nonsense.selectors ?? [], 'bad0'].includes(value));
    expect(taken, recorded.code).toEqual([]);
  }
  // Which of several words is read first needs our answer to be one of them.
  expect(DEVIATIONS.map(({ reason }) => reason).filter((reason) => !met.has(reason)).length).toBeLessThanOrEqual(1);
});
