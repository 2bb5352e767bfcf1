import { IO_EVENTS } from '@ringbench/engine';
import { Assembler, CODE_ADDRESS, multibootImage } from '@ringbench/engine/conformance';
import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';

describe('the native core', () => {
  it('counts every instruction as run directly, beside what the silicon counted', () => {
    const engine = core.create({ memoryBytes: 2 << 20 });
    engine.load({ name: 'test', format: 'multiboot', bytes: multibootImage(new Assembler(CODE_ADDRESS).nop(5).inAl(0x21).outByte(0xf4, 0).assemble()) });
    expect(engine.run(100)).toEqual({ kind: 'power-off', status: 0 });
    expect(engine.counts()).toMatchObject({ retired: 8, direct: 8, 'port.read': 1, 'port.write': 1, 'executed.in': 1, 'executed.out': 1 });
  });
  it('declares the event that it adds, and those of the I/O layers', () => expect(core.events.map(({ name }) => name)).toEqual(['direct', ...IO_EVENTS.map(({ name }) => name)]));
});
