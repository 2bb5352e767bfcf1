import { IO_EVENTS } from '@ringbench/engine';
import { Assembler, CODE_ADDRESS, multibootImage } from '@ringbench/engine/conformance';
import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';

describe('the emulation core', () => {
  it('counts every instruction as emulated and leaves no event to the silicon', () => {
    const engine = core.create({ memoryBytes: 2 << 20 });
    engine.load({ name: 'test', format: 'multiboot', bytes: multibootImage(new Assembler(CODE_ADDRESS).nop(5).inAl(0x21).outByte(0xf4, 0).assemble()) });
    expect(engine.run(100)).toEqual({ kind: 'power-off', status: 0 });
    const counts = engine.counts();
    expect(counts).toMatchObject({ retired: 8, emulated: 8, 'emulated.port.read': 1, 'emulated.executed.out': 1 });
    expect(Object.keys(counts).filter((name) => name !== 'retired' && name !== 'idle' && !name.startsWith('emulated'))).toEqual([]);
  });
  it('declares the events that it adds, and those of the I/O layers', () => expect(core.events.map(({ name }) => name)).toEqual(['emulated', 'emulated.*', ...IO_EVENTS.map(({ name }) => name)]));
});
