import type { EventCounts } from '@ringbench/engine';
import { describe, expect, it } from 'vitest';
import { runBytes, runProgram, type Settings } from './support/run.js';
import { touchProgram } from './support/touch-program.js';

/**
 * What the real User-Mode Linux (Debian's 6.1, SKAS0) makes its host do for one event of its guest, counted by the host's tracepoints; and what this one does. The
 * comparison with real UML's ptrace calls is of the same kind: 5, 7 and 10 for calls and signals, 11 for a fault, and 14 for a copy on write, where this kernel makes 13.
 */
interface Shape {
  readonly stops: number;
  readonly switches: number;
  readonly requests: number;
  readonly maps: number;
  readonly unmaps: number;
  readonly signals: number;
}

const requestsIn = (counts: EventCounts): number => Object.entries(counts).reduce((sum, [name, count]) => sum + (name.startsWith('ptrace.') ? count : 0), 0);

function shapeOf(few: EventCounts, many: EventCounts, units: number): Shape {
  const each = (name: string): number => ((many[name] ?? 0) - (few[name] ?? 0)) / units;
  return {
    stops: each('host.stop'), switches: each('host.switch'), requests: (requestsIn(many) - requestsIn(few)) / units, maps: each('host.call.mmap2'), unmaps: each('host.call.munmap'), signals: each('host.signal'),
  };
}

/** What one more unit of a program costs. Ticks of the guest's timer fall where they fall, so that numbers are rounded to tenths. */
function perUnit(id: string, [few, many]: readonly [number, number], settings: Settings = {}): Shape {
  const [one, other] = [few, many].map((scale) => {
    const { exit, region } = runProgram(id, { scale, settings });
    expect(exit).toEqual({ kind: 'power-off', status: 0 });
    return region;
  });
  const shape = shapeOf(one, other, many - few);
  const rounded = Object.entries(shape).map(([name, value]) => [name, Math.round(value * 10) / 10]);
  return Object.fromEntries(rounded) as unknown as Shape;
}

describe('host events for one event of the guest, as counted on the real one', () => {
  it('system call: 1 stop, 2 switches, 5 requests, 1 signal', () => {
    expect(perUnit('null-syscall', [50, 250])).toEqual({ stops: 1, switches: 2, requests: 5, maps: 0, unmaps: 0, signals: 1 });
  });
  it('system call without SYSEMU: 2 stops, 4 switches, 7 requests', () => {
    expect(perUnit('null-syscall', [50, 250], { sysemu: 'off' })).toMatchObject({ stops: 2, switches: 4, requests: 7 });
  });
  it('system call with a tracing process: 4 switches', () => {
    expect(perUnit('null-syscall', [50, 250], { arrangement: 'tt' })).toMatchObject({ stops: 1, switches: 4, requests: 5 });
  });
  it('signal delivered, and return from it: 2 stops, 4 switches, 10 requests', () => {
    expect(perUnit('signal-deliver', [50, 150])).toMatchObject({ stops: 2, switches: 4, requests: 10 });
  });
  it('pipe round trip: 4 stops, 8 switches', () => {
    expect(perUnit('pipe-round-trip', [10, 60])).toMatchObject({ stops: 4, switches: 8 });
  });
  it('anonymous page: 3 stops, 6 switches, 11 requests, 1 mmap, 6 signals', () => {
    const [few, many] = [20, 60].map((pages) => runBytes('touch', touchProgram(pages), []).counts);
    expect(shapeOf(few, many, 40)).toEqual({ stops: 3, switches: 6, requests: 11, maps: 1, unmaps: 0, signals: 6 });
  });
  it('page of a mapped file: 3 stops, 6 switches, 11 requests, 1 mmap, 6 signals', () => {
    expect(perUnit('file-map-fault', [10, 20])).toMatchObject({ stops: 3, switches: 6, requests: 11, maps: 1, signals: 6 });
  });
  it('copy on write: 4 stops, 8 switches, 1 mmap, 1 munmap', () => {
    expect(perUnit('cow-page', [20, 60])).toEqual({ stops: 4, switches: 8, requests: 13, maps: 1, unmaps: 1, signals: 8 });
  });
  it('with a host that was changed for it, a fault is 1 stop and needs no call of the program\'s', () => {
    expect(perUnit('file-map-fault', [10, 20], { arrangement: 'skas3' })).toMatchObject({ stops: 1, switches: 2, maps: 0, unmaps: 0 });
  });
});

/** A stop each for a call; two for a space that is made; one for a run of the stub; three for a page that is mapped at a fault, four for one that is copied. */
const stopsOf = ({ calls, spaces, stubs, mapped, copied }: { readonly calls: number; readonly spaces: number; readonly stubs: number; readonly mapped: number; readonly copied: number }): number =>
  calls + 2 * spaces + stubs + 3 * mapped + 4 * copied;

describe('fork and exec: the sum of these over the pages of this kernel\'s programs (docs/user-mode.md, section 4)', () => {
  it('fork, exit, wait: one page copied, one mapped, the child\'s space made and both spaces brought up to date', () => {
    // The real one, whose programs have ten times the pages: 45 stops, 28 mmap.
    expect(perUnit('fork-exit', [2, 6])).toMatchObject({ stops: stopsOf({ calls: 3, spaces: 1, stubs: 2, mapped: 1, copied: 1 }) });
  });
  it('and exec: a second space, two pages mapped, and one that is the program\'s own by now made writable again', () => {
    // The real one: 255 stops, 96 mmap.
    expect(perUnit('fork-exec', [2, 6])).toMatchObject({ stops: stopsOf({ calls: 4, spaces: 2, stubs: 3, mapped: 2 + 1, copied: 1 }) });
  });
});
