import type { Observation, RunHeader } from '@ringbench/journal';
import { describe, expect, it } from 'vitest';
import { crossCheck } from '../src/index.js';
import { crashed } from '../src/cell.js';
import { SAMPLE_HEADER, sampleObservation } from './fixtures/samples.js';

const header: RunHeader = SAMPLE_HEADER;
const check = (...observations: readonly Observation[]): readonly string[] => crossCheck(header, observations).map(({ kind, workload, core, message }) => `${kind} ${workload} ${core}: ${message}`);

const one = (core: string, process: number, fields: Partial<Observation> = {}): Observation => ({ ...sampleObservation(core, process), ...fields });

describe('crossCheck', () => {
  it('is content with cells that agree', () => {
    expect(check(one('native', 0), one('native', 1), one('v386', 0, { counts: { retired: 100, 'v386.entry': 5 } }), one('v386', 1, { counts: { 'v386.entry': 5, retired: 100 } }))).toEqual([]);
    expect(check()).toEqual([]);
  });

  it('reports each cell without a result', () => {
    expect(check(one('native', 0), crashed({ core: 'v386', workload: 'sieve', process: 0 }, 'signal SIGKILL'))).toEqual(['outcome sieve v386: process 0: crashed (signal SIGKILL)']);
  });

  it('reports repetitions that count differently, and what', () => {
    expect(check(one('native', 0), one('native', 1, { counts: { retired: 100, 'tlb.flush': 1 } }))).toEqual(['repeat sieve native: process 1 differs from process 0: counts: tlb.flush is 1 instead of 0']);
    expect(check(one('native', 0), one('native', 1, { region: { retired: 9 } }))).toEqual(['repeat sieve native: process 1 differs from process 0: region: retired is 9 instead of 50']);
    expect(check(one('native', 0), one('native', 1, { retired: 7 }))[0]).toContain('7 instructions retired instead of 100');
    expect(check(one('native', 0), one('native', 1, { checksum: '00000002' }))[0]).toContain('checksum 00000002 instead of 00000001');
    expect(check(one('native', 0), one('native', 1, { fingerprint: 'x' }))[0]).toContain('the final state');
  });

  it('finds the repetition that differs whatever the order of measuring', () => {
    expect(check(one('native', 2, { retired: 7 }), one('native', 0), one('native', 1))).toEqual(['repeat sieve native: process 2 differs from process 0: 7 instructions retired instead of 100']);
  });

  it('reports cores that disagree', () => {
    expect(check(one('native', 0), one('v386', 0, { checksum: '00000002' }))).toEqual(['checksum sieve v386: checksum 00000002, but 00000001 on native']);
    expect(check(one('native', 0), one('v386', 0, { retired: 101 }))).toEqual(['retired sieve v386: retired 101, but 100 on native']);
    expect(check(one('native', 0), one('v386', 0, { fingerprint: 'y' }))).toEqual(['fingerprint sieve v386: fingerprint y, but registers=00 memory=11 on native']);
  });

  it('compares only answers with a core whose machine is its own, and takes its refusals for results', () => {
    const cores = header.cores.map((core) => (core.id === 'v386' ? { ...core, port: 'paravirt' as const } : core));
    const ported = (...observations: readonly Observation[]): readonly string[] => crossCheck({ ...header, cores }, observations).map(({ kind }) => kind);
    expect(ported(one('native', 0), one('v386', 0, { retired: 101, fingerprint: 'y' }))).toEqual([]);
    expect(ported(one('native', 0), one('v386', 0, { checksum: '00000002' }))).toEqual(['checksum']);
    expect(ported(one('v386', 0, { outcome: 'refused', checksum: '' }))).toEqual([]);
    expect(ported(one('native', 0, { outcome: 'refused', checksum: '' }), one('v386', 0, { outcome: 'halted' }))).toEqual(['outcome', 'outcome']);
  });

  it('compares only answers of a ported kernel under other settings of its technique, but everything under another executor', () => {
    const ids = ['v386', 'v386:arrangement=tt', 'v386:executor=translator'];
    const cores = header.cores.flatMap((core) => (core.id === 'v386' ? ids.map((id) => ({ ...core, id, port: 'um' as const })) : [core]));
    const ported = (core: string, fields: Partial<Observation>): readonly string[] => crossCheck({ ...header, cores }, [one('native', 0), one('v386', 0), one(core, 0, fields)]).map(({ kind }) => kind);
    expect(ported('v386:arrangement=tt', { retired: 101, fingerprint: 'y' })).toEqual([]);
    expect(ported('v386:arrangement=tt', { checksum: '00000002' })).toEqual(['checksum']);
    expect(ported('v386:executor=translator', { retired: 101, fingerprint: 'y' })).toEqual(['retired', 'fingerprint']);
  });

  it('does not compare a final state that is not comparable', () => {
    expect(check(one('native', 0), one('v386', 0, { fingerprint: '' }))).toEqual([]);
  });
});
