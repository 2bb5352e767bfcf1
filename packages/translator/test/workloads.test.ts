import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Interpreter } from '@ringbench/interpreter';
import { composeFlags, Word } from '@ringbench/isa';
import { Machine, Region, type MachineOptions } from '@ringbench/machine';
import { Translator, type TranslatorOptions } from '@ringbench/translator';
import { digestMemory } from '../../engine/src/digest.js';
import { startGuest } from '../../engine/src/guest-start.js';
import { loadMultiboot } from '../../engine/src/multiboot.js';

/** The bare workloads come to the same on interpreter and translator: end, console, instructions, every count, registers, memory. */
const MEMORY_BYTES = 8 << 20;
const SCALES: Readonly<Record<string, number>> = {
  'coremark-like': 1, 'sieve-sort': 1, 'syscall-loop': 2000, 'demand-paging': 2000, sensitive: 2000, 'port-io': 3000, 'interpreter-loop': 1, 'address-spaces': 200, 'flags-round-trip': 2000,
  'state-stores': 3000, 'patch-same-page': 1500, 'patch-other-page': 1500, 'string-copy': 1,
};
const SOON: TranslatorOptions = { sampleEvery: 200, threshold: 16 };

interface Observed {
  readonly machine: Machine;
  readonly result: Readonly<Record<string, unknown>>;
}

function observe(workload: string, createExecutor: MachineOptions['createExecutor'], slice: number, flushes: boolean): Observed {
  const console: number[] = [];
  const machine = new Machine({ ramBytes: MEMORY_BYTES, onConsole: (byte) => console.push(byte), createExecutor });
  const bytes = readFileSync(new URL(`../../../workloads/${workload}/image.elf`, import.meta.url));
  const start = loadMultiboot({ name: workload, format: 'multiboot', bytes, commandLine: `scale=${SCALES[workload]}` }, MEMORY_BYTES, (physical, part) => machine.processor.mmu.writePhysical(physical, part));
  if (!start.ok) throw new Error(start.problem);
  startGuest(machine.processor, start);
  let stop = 'budget';
  while (stop === 'budget' && machine.retired < MOST_INSTRUCTIONS) {
    stop = machine.run(slice).kind;
    if (flushes) machine.processor.flushTranslations();
  }
  const { memory } = machine;
  const result = {
    stop, console: String.fromCharCode(...console), retired: machine.retired, counts: machine.counts(),
    registers: [...memory.state.subarray(Word.EAX, Word.EDI + 1), memory.state[Word.EIP], composeFlags(memory.state)],
    memory: digestMemory(new Int32Array(memory.buffer, Region.RAM, memory.ramBytes / 4)),
  };
  return { machine, result };
}
const MOST_INSTRUCTIONS = 1_500_000;

describe.each(Object.keys(SCALES))('%s', (workload) => {
  test.each([[500_000, false], [10_007, false], [313, true]] as const)('slices of %d, TLBs emptied between them: %s', (slice, flushes) => {
    const expected = observe(workload, (processor) => new Interpreter(processor), slice, flushes).result;
    const { machine, result } = observe(workload, (processor) => new Translator(processor, SOON), slice, flushes);
    expect(result).toEqual(expected);
    expect((machine.executor as Translator).statistics.translated).toBeGreaterThan(0);
  });
});
