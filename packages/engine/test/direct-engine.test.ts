import { describe, expect, it } from 'vitest';
import { Assembler } from '../src/conformance/assembler.js';
import { CODE_ADDRESS, multibootImage } from '../src/conformance/image.js';
import { at, EAX, EBX } from '../src/conformance/operands.js';
import { DirectEngine } from '../src/direct-engine.js';
import { MULTIBOOT_MAGIC } from '../src/multiboot.js';

const MEMORY = 2 << 20;
const engineWith = (code: Assembler, view = (silicon: Readonly<Record<string, number>>): Readonly<Record<string, number>> => silicon): DirectEngine => {
  const engine = new DirectEngine({ memoryBytes: MEMORY }, view);
  expect(engine.load({ name: 'test', format: 'multiboot', bytes: multibootImage(code.assemble()) })).toEqual({ ok: true });
  return engine;
};
const assembler = (): Assembler => new Assembler(CODE_ADDRESS);

describe('DirectEngine', () => {
  it('starts a guest as the Multiboot specification says', () => {
    const { registers, eip, eflags } = engineWith(assembler().hlt()).fingerprint();
    expect(registers).toEqual([MULTIBOOT_MAGIC, 0, 0, 0x9000, 0, 0, 0, 0]);
    expect([eip, eflags]).toEqual([CODE_ADDRESS, 2]);
  });
  it('shows counts, of a region too, through the technique\'s view', () => {
    const engine = engineWith(assembler().outByte(0xe8, 1).nop(3).outByte(0xe8, 2).outByte(0xf4, 5), (silicon) => ({ seen: silicon['retired'] ?? 0 }));
    expect(engine.run(100)).toEqual({ kind: 'power-off', status: 5 });
    expect(engine.counts()).toEqual({ seen: 9 });
    expect(engine.region()).toEqual({ counts: { seen: 5 }, milliseconds: 0 });
  });
  it('tells memory apart by its fingerprint', () => {
    const run = (value: number): string => {
      const engine = engineWith(assembler().mov(at(0x150000), value).mov(EAX, 0).mov(EBX, 0).hlt());
      engine.run(100);
      return engine.fingerprint().memory;
    };
    expect(run(1)).not.toBe(run(2));
    expect(run(1)).toBe(run(1));
  });
  it('has a processor without V386 mode', () => {
    const engine = engineWith(assembler().mov(EAX, 1).cpuid().hlt());
    engine.run(10);
    expect((engine.fingerprint().registers[2] ?? 0) & (1 << 20)).toBe(0);
  });
});
