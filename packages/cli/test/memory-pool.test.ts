import { describe, expect, it } from 'vitest';
import { MemoryPool } from '@ringbench/engine';
import { buildImage, generateProgram } from '@ringbench/engine/programs';
import { registry } from '../src/registry.js';

type Memory = ReturnType<MemoryPool['take']>;
const MEMORY_BYTES = 2 << 20;
const BUDGET = 200_000;
const PROGRAMS = 4;

/** Remembers what it lent. */
class WatchedPool extends MemoryPool {
  readonly taken: Memory[] = [];
  override take(ramBytes: number): Memory {
    const memory = super.take(ramBytes);
    this.taken.push(memory);
    return memory;
  }
}

describe.each(registry.pcIds)('a memory that %s has used', (id) => {
  it.each(['mixed', 'hostile'] as const)('is as new behind reclaim, after %s programs', async (profile) => {
    const core = await registry.load(id);
    const memories = new WatchedPool();
    const engine = core.create({ memories, memoryBytes: MEMORY_BYTES });
    const { bytes } = buildImage(Array.from({ length: PROGRAMS }, (_, seed) => generateProgram(seed, profile)));
    expect(engine.load({ name: 'programs', format: 'multiboot', bytes })).toEqual({ ok: true });
    engine.run(BUDGET);
    const [used] = memories.taken;
    if (used === undefined) throw new Error(`${id} has its memory from elsewhere`);
    const fresh = new MemoryPool().take(used.ramBytes);
    expect(Buffer.compare(used.bytes, fresh.bytes)).not.toBe(0);
    memories.reclaim();
    expect(Buffer.compare(used.bytes, fresh.bytes)).toBe(0);
    expect(memories.take(used.ramBytes) === used).toBe(true);
  });
});

it('a pool lends a memory to one machine at a time, and of the size that it is asked for', () => {
  const memories = new MemoryPool();
  const [first, second] = [memories.take(MEMORY_BYTES), memories.take(MEMORY_BYTES)];
  expect(second === first).toBe(false);
  memories.reclaim();
  const larger = memories.take(2 * MEMORY_BYTES);
  expect([first, second].includes(larger)).toBe(false);
  expect(larger.ramBytes).toBe(2 * MEMORY_BYTES);
  expect([first, second].includes(memories.take(MEMORY_BYTES))).toBe(true);
});
