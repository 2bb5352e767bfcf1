import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HOT_SET, Interpreter, type HotSet } from '@ringbench/interpreter';
import { composeFlags, Word } from '@ringbench/isa';
import { Machine, Region } from '@ringbench/machine';
import { digestMemory } from '../../engine/src/digest.js';
import { startGuest } from '../../engine/src/guest-start.js';
import { loadMultiboot } from '../../engine/src/multiboot.js';
import { collectHotSet, randomPart } from './support/bare-machine.js';

/** The bare workloads must not notice what the hot loop contains, which pairs are fused, or how the run is cut into slices. */

const NO_HOT_LOOP: HotSet = { operations: [], pairs: [] };
const MEMORY_BYTES = 8 << 20;
/** Stops in the middle of the measured region of all but the shortest. */
const INSTRUCTIONS = 50_000;
const LONG_RUN = 500_000;
const UNLIMITED = Infinity;
const SCALES: Readonly<Record<string, number>> = { noop: 1, 'coremark-like': 1, 'sieve-sort': 1, 'syscall-loop': 1000, 'demand-paging': 1000, sensitive: 300, 'port-io': 3000 };

interface Result {
  readonly console: string;
  readonly retired: number;
  readonly exit: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly registers: readonly number[];
  readonly memory: string;
}

function boot(workload: string, hot: HotSet): { machine: Machine; console: number[] } {
  const console: number[] = [];
  const machine = new Machine({ ramBytes: MEMORY_BYTES, onConsole: (byte) => console.push(byte), createExecutor: (processor) => new Interpreter(processor, hot) });
  const bytes = readFileSync(new URL(`../../../workloads/${workload}/image.elf`, import.meta.url));
  const image = { name: workload, format: 'multiboot', bytes, commandLine: `scale=${SCALES[workload]}` } as const;
  const start = loadMultiboot(image, MEMORY_BYTES, (physical, part) => machine.processor.mmu.writePhysical(physical, part));
  if (!start.ok) throw new Error(start.problem);
  startGuest(machine.processor, start);
  return { machine, console };
}

/** Runs `instructions` in slices; `between` is called at each stop. */
function advance(machine: Machine, instructions: number, slice: number, between: () => void): string {
  while (machine.retired < instructions) {
    const stop = machine.run(Math.min(slice, instructions - machine.retired));
    if (stop.kind !== 'budget') return stop.kind;
    between();
  }
  return 'budget';
}
function observe(workload: string, hot: HotSet, slice: number, instructions: number, between: (machine: Machine) => void = () => {}): Result {
  const { machine, console } = boot(workload, hot);
  const exit = advance(machine, instructions, slice, () => between(machine));
  const { memory } = machine;
  return {
    exit, console: String.fromCharCode(...console), retired: machine.retired, counts: machine.counts(),
    registers: [...memory.state.subarray(Word.EAX, Word.EDI + 1), memory.state[Word.EIP], composeFlags(memory.state)],
    memory: digestMemory(new Int32Array(memory.buffer, Region.RAM, memory.ramBytes / 4)),
  };
}
/** Everything that the workload executes, as a hot set. */
function profile(workload: string): HotSet {
  const { machine } = boot(workload, NO_HOT_LOOP);
  return collectHotSet(machine.executor as Interpreter, () => advance(machine, INSTRUCTIONS, UNLIMITED, () => {}));
}

describe.each(Object.keys(SCALES))('%s', (workload) => {
  const reference = observe(workload, NO_HOT_LOOP, UNLIMITED, INSTRUCTIONS);
  const longReference = observe(workload, HOT_SET, UNLIMITED, LONG_RUN);

  test.each([1, 7, 777, 10_007])('handlers only, slices of %d', (slice) => {
    expect(observe(workload, NO_HOT_LOOP, slice, INSTRUCTIONS)).toEqual(reference);
  });
  test.each([1, 7, 777, 10_007, UNLIMITED])('committed hot set, slices of %d', (slice) => {
    expect(observe(workload, HOT_SET, slice, INSTRUCTIONS)).toEqual(reference);
  });
  test('everything hot, every pair fused; random parts of that', () => {
    const whole = profile(workload);
    expect(observe(workload, whole, UNLIMITED, INSTRUCTIONS), 'everything').toEqual(reference);
    expect(observe(workload, whole, 777, INSTRUCTIONS), 'everything, sliced').toEqual(reference);
    for (const seed of [1, 2]) expect(observe(workload, randomPart(whole, seed), 777, INSTRUCTIONS), `part ${seed}`).toEqual(reference);
  });
  test('a longer run with and without hot loop', () => {
    expect(observe(workload, NO_HOT_LOOP, UNLIMITED, LONG_RUN)).toEqual(longReference);
    if (longReference.exit === 'exit') expect(longReference.console).toMatch(/^START\nEND sum=[0-9a-f]{8}\n$/);
  });
  test('translations forgotten every 100 instructions', () => {
    // Stale translations are architectural, and these guests flush what they change; so only the counts may differ.
    const { counts: _, ...visible } = reference;
    const { counts, ...forgetful } = observe(workload, HOT_SET, 100, INSTRUCTIONS, (machine) => machine.processor.flushTranslations());
    expect(forgetful).toEqual(visible);
    expect(counts['tlb.flush']).toBeGreaterThan(0);
  });
});
