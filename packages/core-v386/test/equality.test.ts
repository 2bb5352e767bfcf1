import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { GuestImage } from '@ringbench/engine';
import { guestVisible, observe, run, start, testImage } from './support.js';

const WORKLOADS = new URL('../../../workloads/', import.meta.url);
const WORKLOAD_MEMORY = 64 << 20;
/** A tenth or less of each workload's default, to keep this quick; unknown ones run at scale 10. */
const SCALES: Readonly<Record<string, number>> = { 'coremark-like': 2, 'demand-paging': 2000, noop: 1, 'port-io': 2000, sensitive: 500, 'sieve-sort': 1, 'syscall-loop': 2000 };

const workloads = readdirSync(WORKLOADS, { withFileTypes: true }).filter((entry) => entry.isDirectory() && readdirSync(new URL(`${entry.name}/`, WORKLOADS)).includes('workload.json')).map(({ name }) => name);

function workload(name: string, scale?: number): GuestImage {
  const image: GuestImage = { name, format: 'multiboot', bytes: readFileSync(new URL(`${name}/image.elf`, WORKLOADS)) };
  return scale === undefined ? image : { ...image, commandLine: `scale=${scale}` };
}

describe('a guest cannot tell V386 mode from the machine', () => {
  it.each(workloads)('workload %s', (name) => {
    const image = workload(name, SCALES[name] ?? 10);
    const virtual = run('v386', image, { memoryBytes: WORKLOAD_MEMORY, budget: 1e9 });
    expect(guestVisible(virtual)).toEqual(guestVisible(run('native', image, { memoryBytes: WORKLOAD_MEMORY, budget: 1e9 })));
    expect(virtual.exit).toEqual({ kind: 'power-off', status: 0 });
  }, 60_000);

  it.each(['noop', 'sensitive'])('workload %s at its full scale prints its published checksum', (name) => {
    const { checksum } = JSON.parse(readFileSync(new URL(`${name}/workload.json`, WORKLOADS), 'utf8')) as { checksum: string };
    expect(run('v386', workload(name), { memoryBytes: WORKLOAD_MEMORY, budget: 1e9 }).console).toContain(`END sum=${checksum}`);
  }, 60_000);

  it.each(['timer', 'far-stack', 'probe', 'string-io', 'exits', 'stubborn', 'triple-fault', 'cold-touches-paged', 'asleep'])('test guest %s', (name) => {
    expect(guestVisible(run('v386', testImage(name)))).toEqual(guestVisible(run('native', testImage(name))));
  }, 30_000);
});

describe('a guest that sleeps for ever', () => {
  it.each(['asleep', 'asleep-masked'])('%s is found out, on the machine as well', (name) => {
    for (const technique of ['native', 'v386'] as const) expect(run(technique, testImage(name)).exit, technique).toEqual({ kind: 'halted' });
  }, 30_000);
});

describe('budgets are exact in guest instructions, whoever executes them', () => {
  it.each(['timer', 'far-stack', 'string-io', 'exits'])('%s in pieces of all sizes', (name) => {
    const native = start('native', testImage(name));
    const virtual = start('v386', testImage(name));
    for (let piece = 0; piece < 400; piece++) {
      const budget = 1 + ((piece * 7919) % (piece % 3 === 0 ? 2000 : 13));
      const expected = observe(native.engine, native.engine.run(budget), native.console());
      const actual = observe(virtual.engine, virtual.engine.run(budget), virtual.console());
      expect(guestVisible(actual), `piece ${piece} of ${budget} instructions`).toEqual(guestVisible(expected));
      if (expected.exit.kind !== 'budget') break;
    }
  }, 60_000);

  it('a budget that ends on an interpreted instruction, or is zero, stops there', () => {
    const native = start('native', testImage('exits'));
    const virtual = start('v386', testImage('exits'));
    for (let step = 0; step < 400; step++) {
      const budget = step % 5 === 0 ? 0 : 1;
      expect(virtual.engine.run(budget)).toEqual(native.engine.run(budget));
      expect(virtual.engine.retired).toBe(native.engine.retired);
      expect(virtual.engine.fingerprint()).toEqual(native.engine.fingerprint());
    }
  }, 60_000);

  it('a guest that keeps interrupts off for ever is stopped, and its timer still reached the VMM', () => {
    const { exit, retired, counts } = run('v386', testImage('stubborn'), { budget: 1_000_000 });
    expect({ exit, retired }).toEqual({ exit: { kind: 'budget' }, retired: 1_000_000 });
    // The 8254 acts at both edges of its output: deadlines come every half period of 100 counts.
    expect(counts['v386.exit.timer']).toBeGreaterThan(50);
    expect(counts['vmm.injected-interrupt']).toBeUndefined();
  });

  it('says again that it halted, shut down or goes on after a power-off', () => {
    for (const name of ['asleep', 'triple-fault', 'timer']) {
      const native = start('native', testImage(name));
      const virtual = start('v386', testImage(name));
      for (let again = 0; again < 3; again++) {
        expect(virtual.engine.run(400_000), name).toEqual(native.engine.run(400_000));
        expect(virtual.engine.fingerprint(), name).toEqual(native.engine.fingerprint());
      }
    }
  }, 30_000);
});

describe('images that are no guests', () => {
  const bytes = testImage('exits').bytes;
  const damaged: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array()], ['zeros', new Uint8Array(5000)], ['half a header', bytes.subarray(0, 9)],
    ['text', new TextEncoder().encode('not a kernel '.repeat(999))], ['an ELF header alone', readFileSync(new URL('noop/image.elf', WORKLOADS)).subarray(0, 60)],
  ];
  it.each(damaged)('%s is refused with the same words as by the machine', (name, garbage) => {
    expect(() => start('v386', { name, format: 'multiboot', bytes: garbage })).toThrow(refusal(name, garbage));
  });

  function refusal(name: string, garbage: Uint8Array): string {
    try {
      start('native', { name, format: 'multiboot', bytes: garbage });
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('the machine took it');
  }

  it('a header followed by random bytes runs the same', () => {
    const image = Uint8Array.from(bytes);
    for (let i = 32, seed = 1; i < image.length; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) | 0;
      image[i] = seed >>> 16;
    }
    const garbage: GuestImage = { name: 'garbage', format: 'multiboot', bytes: image };
    expect(guestVisible(run('v386', garbage, { budget: 10_000 }))).toEqual(guestVisible(run('native', garbage, { budget: 10_000 })));
  });
});
