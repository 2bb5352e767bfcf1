import { DirectEngine, type Engine } from '@ringbench/engine';
import { CODE_ADDRESS, multibootImage } from '@ringbench/engine/conformance';
import { CPU_MODEL_NAMES, Flag, type CpuModelName } from '@ringbench/isa';
import { expect, test } from 'vitest';
import { V386Engine } from '../src/engine.js';

/** A guest that looks for the processor's generation finds the same in V386 mode as on the machine itself. */

const MEMORY_BYTES = 4 << 20;
const BUDGET = 1000;
const JZ = 0x74;
const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];

/** Sets ZF unless POPF can toggle a flag. */
const toggle = (flag: number): number[] => [0x9c, 0x58, 0x89, 0xc1, 0x35, ...word(flag), 0x50, 0x9d, 0x9c, 0x58, 0x31, 0xc8, 0x51, 0x9d, 0xa9, ...word(flag)];
const REPORT = [0x88, 0xd8, 0xe6, 0xf4]; // mov al,bl; out F4,al

/** Powers off with status 3 where AC does not exist, 4 where ID does not, else the family that CPUID tells, plus 80h where CPUID shows V386 mode. */
function identification(): number[] {
  const cpuid = [0xb8, ...word(1), 0x0f, 0xa2, 0x25, ...word(0xf00), 0xc1, 0xe8, 8, 0x81, 0xe2, ...word(1 << 20), 0xc1, 0xea, 13, 0x09, 0xd0, 0x89, 0xc3];
  const ending = [...toggle(Flag.ID), JZ, cpuid.length, ...cpuid];
  return [0xbc, ...word(CODE_ADDRESS - 0x100), 0xbb, ...word(3), ...toggle(Flag.AC), JZ, ending.length + 1, 0x43, ...ending, ...REPORT];
}

const TECHNIQUES: readonly (readonly [string, (cpu: CpuModelName) => Engine])[] = [
  ['on the machine itself', (cpu) => new DirectEngine({ memoryBytes: MEMORY_BYTES, cpu }, (counts) => counts)],
  ['in V386 mode', (cpu) => new V386Engine({ memoryBytes: MEMORY_BYTES, cpu })],
];

test.each(TECHNIQUES)('each CPU model is identified %s', (_, create) => {
  const found = CPU_MODEL_NAMES.map((cpu) => {
    const engine = create(cpu);
    expect(engine.load({ name: 'identification', format: 'multiboot', bytes: multibootImage(Uint8Array.from(identification())) })).toEqual({ ok: true });
    return engine.run(BUDGET);
  });
  expect(found).toEqual([3, 4, 5, 6].map((status) => ({ kind: 'power-off', status })));
});
