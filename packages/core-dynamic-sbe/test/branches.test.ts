import { expect, it } from 'vitest';
import type { EngineOptions, EventCounts } from '@ringbench/engine';
import { Assembler, CODE_ADDRESS, EAX, ECX, ESP, multibootImage } from '@ringbench/engine/conformance';
import { core } from '../src/index.js';

const STACK = 0x150000;
const ROUNDS = 100;
const PAGE_BYTES = 4096;

/** A loop that calls a function in another page, which has a loop of its own with two rounds. */
function countsUnder(settings: NonNullable<EngineOptions['settings']>): EventCounts {
  const code = new Assembler(CODE_ADDRESS).mov(ESP, STACK).mov(ECX, ROUNDS).label('again').call('function').decrementAndJump('again').outByte(0xf4, 0);
  code.align(PAGE_BYTES).nop().label('function').mov(EAX, 2).label('inner').dec(EAX).jcc('nz', 'inner').ret();
  const engine = core.create({ memoryBytes: 2 << 20, settings });
  expect(engine.load({ name: 'guest', format: 'multiboot', bytes: multibootImage(code.assemble()) })).toEqual({ ok: true });
  expect(engine.run(10_000)).toEqual({ kind: 'power-off', status: 0 });
  expect(engine.retired).toBe(4 + ROUNDS * (1 + 1 + 4 + 1 + 2));
  const counts = engine.counts();
  expect(counts.direct).toBe(engine.retired - (counts['vmm.interpreted'] ?? 0));
  return counts;
}

it('breaks at every branch where none is released', () => {
  expect(countsUnder({ branches: 'trap-all' })).toMatchObject({ 'scan.breakpoint.branch': ROUNDS * (1 + 2 + 1 + 1), 'scan.page': 2, 'vmm.interpreted': ROUNDS * 5 + 1 });
});

it('breaks once at branches within a page, and always at those out of it and at RET', () => {
  const counts = countsUnder({});
  expect(counts).toMatchObject({ 'scan.breakpoint.branch': ROUNDS * 2 + 2, 'scan.release': 2, 'scan.page': 2, 'vmm.interpreted': ROUNDS * 2 + 1 });
  expect(counts['scan.eviction']).toBeUndefined();
});

it('breaks once at static branches and always at RET where branches are patched', () => {
  expect(countsUnder({ branches: 'back-patching' })).toMatchObject({ 'scan.breakpoint.branch': ROUNDS + 3, 'scan.release': 3, 'vmm.interpreted': ROUNDS + 2 });
});

it('scans anew whenever it changes pages where there is one mirror', () => {
  const counts = countsUnder({ mirrors: 1 });
  expect(counts).toMatchObject({ 'scan.page': 2 * ROUNDS + 1, 'scan.eviction': 2 * ROUNDS });
  expect(counts['scan.code-fill']).toBe(2 * ROUNDS + 1);
});
