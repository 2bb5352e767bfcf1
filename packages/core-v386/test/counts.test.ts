import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';
import { countsOf, MEMORY_BYTES, run, testImage } from './support.js';

const NATIVE_WALK = 2;
const NESTED_WALK = 8;
const TOUCHED_PAGES = 8;
const BUDGET = 20_000_000;

describe('counts', () => {
  it('every exit is there by its reason, as many as images/exits.S has causes', () => {
    const { counts, retired } = run('v386', testImage('exits'));
    const setUp = 13 + 1 + 1; // programming the interrupt controllers and the timer, masking, power-off
    const endOfInterrupt = 3;
    expect(countsOf(counts, 'v386.exit.')).toEqual({
      io: 100 + 50 + 30 + 20 + setUp + endOfInterrupt, msr: 14, halt: 3, 'second-level': 2, timer: expect.any(Number) as number,
    });
    const interpreted = 100 + 50 + 30 + 20 + setUp + endOfInterrupt + 14 + 3;
    expect(counts).toMatchObject({ 'vmm.interpreted': interpreted, direct: retired - interpreted, retired, 'vmm.device-access': interpreted - 17, 'vmm.injected-interrupt': 3 });
    const exits = Object.values(countsOf(counts, 'v386.exit.')).reduce((sum, count) => sum + count, 0);
    expect(counts).toMatchObject({ 'vmm.exit': exits, 'v386.entry': exits });
  });

  it('a device process costs two switches and three copied words for each port access, and the guest nothing', () => {
    const runs = ['host', 'process'].map((devices) => {
      const engine = core.create({ memoryBytes: MEMORY_BYTES, settings: { devices } });
      expect(engine.load(testImage('exits')).ok).toBe(true);
      engine.run(BUDGET);
      return { counts: engine.counts(), fingerprint: engine.fingerprint(), retired: engine.retired };
    });
    const [host, process] = runs;
    const io = host.counts['v386.exit.io'] ?? 0;
    const { 'v386.device.switch': switches, 'v386.device.copy': copied, ...rest } = process.counts;
    expect([switches, copied]).toEqual([2 * io, 3 * io]);
    expect({ ...process, counts: rest }).toEqual(host);
    expect(() => core.create({ memoryBytes: MEMORY_BYTES, settings: { devices: 'nobody' } })).toThrow('nobody');
  });

  it('the guest’s ports are virtual: none reaches the machine, and an interpreted instruction is not counted as executed', () => {
    const { counts } = run('v386', testImage('exits'));
    for (const name of ['port.read', 'port.write', 'executed.in', 'executed.out', 'executed.ins', 'executed.outs', 'executed.hlt', 'executed.rdmsr', 'interrupt.hardware']) expect(counts[name], name).toBeUndefined();
  });

  it('a page walk reads 8 entries under guest paging, 2 without', () => {
    const walks = (technique: 'native' | 'v386', name: string): number | undefined => run(technique, testImage(name)).region?.['walk.reads'];
    expect(walks('v386', 'cold-touches-paged')).toBe(TOUCHED_PAGES * NESTED_WALK);
    expect(walks('native', 'cold-touches-paged')).toBe(TOUCHED_PAGES * NATIVE_WALK);
    expect(walks('v386', 'cold-touches')).toBe(TOUCHED_PAGES * NATIVE_WALK);
    expect(walks('native', 'cold-touches')).toBeUndefined();
  });

  it('the marked region has no exit in it when the guest causes none: the marker port itself never exits', () => {
    const { region } = run('v386', testImage('cold-touches-paged'));
    expect(countsOf(region ?? {}, 'v386.')).toEqual({});
    expect(region).toMatchObject({ direct: region?.retired });
  });

  it('every count that the silicon does not define is declared by the core', async () => {
    const { SILICON_EVENTS } = await import('@ringbench/isa');
    const known = new Set([...SILICON_EVENTS, ...core.events].map(({ name }) => name as string));
    for (const name of ['timer', 'string-io', 'exits']) expect(Object.keys(run('v386', testImage(name)).counts).filter((event) => !known.has(event))).toEqual([]);
  });
});
