// From single measurements to what is shown: rates with their spread, ratios with intervals, targets.
import { bootstrapGeometricMean, bootstrapRatio, medianOf, quantilesOf } from '../../../packages/analysis/dist/index.js';
import { COMPUTE } from './kernels.mjs';
import { PHASES } from './plan.mjs';

const NS_PER_MS = 1e6;
const INSTRUCTIONS_PER_MS_AND_MIPS = 1000;
const QUARTILES = [0.25, 0.75];
/** What is compared: the first is slower by the ratio. */
export const RATIOS = [['v86-translator', 'translator'], ['qemu', 'translator'], ['v86', 'interpreter'], ['bochs', 'interpreter'], ['interpreter', 'translator']];

/** Median, least, most and quartiles of some values. */
export function spread(values) {
  const [lower, upper] = quantilesOf(values, QUARTILES);
  return { median: medianOf(values), least: Math.min(...values), most: Math.max(...values), lower, upper };
}

/** Milliseconds of one measurement: warm from START to END, cold from the process's start to END. */
function millisecondsOf(measurement, phase, clock) {
  const key = `${phase === 'warm' ? 'region' : 'end'}${clock === 'cpu' ? 'CpuMs' : 'Ms'}`;
  return measurement[key] ?? Number.NaN;
}

/**
 * One cell of the tables: all rounds of a peer on a kernel in a phase. Rounds may differ in scale, where one was shortened; so rates are of units. Of whole
 * times, and where no round came to its end, a round that ran out of time makes the median a bound.
 */
function summarizeCell(measurements, kernel, phase, clock) {
  const ended = measurements.filter(({ timedOut }) => !timedOut);
  const used = phase === 'warm' && ended.length > 0 ? ended : measurements;
  const samples = used.map((measurement) => millisecondsOf(measurement, phase, clock) / measurement.scale);
  const perUnit = spread(samples);
  return {
    isBound: used.some(({ timedOut }) => timedOut),
    instructions: Math.min(...used.map(({ scale }) => scale)) * kernel.instructionsPerUnit,
    milliseconds: spread(used.map((measurement) => millisecondsOf(measurement, phase, clock))),
    perUnit, samples,
    nsPerOperation: (perUnit.median * NS_PER_MS) / (kernel.operations ?? 1),
    mips: kernel.instructionsPerUnit / INSTRUCTIONS_PER_MS_AND_MIPS / perUnit.median,
  };
}

/** `{ [phase]: { [kernelId]: { [peer]: cell } } }`. */
function cellsOf(measurements, kernels, clock) {
  const cells = {};
  for (const kernel of kernels) {
    const own = Map.groupBy(measurements.filter(({ kernel: id }) => id === kernel.id), ({ phase, peer }) => `${phase} ${peer}`);
    for (const [key, group] of own) {
      const [phase, peer] = key.split(' ');
      // Processor time is not known everywhere.
      if (group.some((measurement) => Number.isNaN(millisecondsOf(measurement, phase, clock)))) continue;
      ((cells[phase] ??= {})[kernel.id] ??= {})[peer] = summarizeCell(group, kernel, phase, clock);
    }
  }
  return cells;
}

/** What a ratio of two medians says where a side ran out of time: at least so much, at most so much, or nothing. */
function boundOf(slow, fast) {
  if (slow.isBound && fast.isBound) return 'unknown';
  if (slow.isBound) return 'least';
  return fast.isBound ? 'most' : 'none';
}

/** How many times as long `slow` takes as `fast`, with a 95 % interval where there are rounds enough. */
function ratioOf(cells, [slow, fast], seed) {
  if (cells?.[slow] === undefined || cells[fast] === undefined) return undefined;
  const bound = boundOf(cells[slow], cells[fast]);
  // Processor time is unknown where there is no /proc, and that of a very short run may be none.
  const isMeasured = [slow, fast].every((peer) => cells[peer].samples.every((sample) => sample > 0));
  if (bound === 'unknown' || !isMeasured) return undefined;
  const { estimate, low, high } = bootstrapRatio({ numerator: cells[slow].samples, denominator: cells[fast].samples }, { seed, purpose: `${slow}/${fast}` });
  return { estimate, low, high, bound };
}

function meanOf(chosen, phaseCells, [slow, fast], seed) {
  const sides = chosen.map(({ id }) => phaseCells[id]).filter((cells) => ratioOf(cells, [slow, fast], seed) !== undefined);
  if (sides.length === 0) return undefined;
  const pairs = sides.map((cells) => ({ numerator: cells[slow].samples, denominator: cells[fast].samples }));
  const bounds = new Set(sides.map((cells) => boundOf(cells[slow], cells[fast])));
  const bound = ['least', 'most'].every((each) => bounds.has(each)) ? 'unknown' : (['least', 'most'].find((each) => bounds.has(each)) ?? 'none');
  return { ...bootstrapGeometricMean(pairs, { seed, purpose: `${slow}/${fast}` }), kernels: sides.length, bound };
}

/** Per phase and pair: the ratio of each kernel, their geometric mean over all and over compute. */
function ratiosOf(cells, kernels, seed) {
  return Object.fromEntries(Object.keys(PHASES).filter((phase) => cells[phase] !== undefined).map((phase) => [phase, cells[phase]]).map(([phase, phaseCells]) => [phase, RATIOS.map((pair) => ({
    name: pair.join('/'),
    kernels: Object.fromEntries(kernels.map(({ id }) => [id, ratioOf(phaseCells[id], pair, seed)]).filter(([, ratio]) => ratio !== undefined)),
    all: meanOf(kernels, phaseCells, pair, seed),
    compute: meanOf(kernels.filter(({ letter }) => COMPUTE.includes(letter)), phaseCells, pair, seed),
  })).filter(({ all }) => all !== undefined)]));
}

/** For each peer: milliseconds from process start to the guest's first line, and peak memory in MiB. */
function startOf(measurements, peers) {
  return Object.fromEntries(peers.map((peer) => {
    const own = measurements.filter((measurement) => measurement.peer === peer && measurement.firstLineMs !== undefined);
    const peaks = own.map(({ peakMiB }) => peakMiB).filter((value) => value !== undefined);
    return [peer, { firstLineMs: own.length > 0 ? spread(own.map(({ firstLineMs }) => firstLineMs)) : undefined, peakMiB: peaks.length > 0 ? spread(peaks) : undefined }];
  }));
}

/** What follows from measurements, in wall-clock or processor time: cells, ratios, starts. */
export function summarize({ measurements, kernels, peers, seed }, clock) {
  const cells = cellsOf(measurements, kernels, clock);
  return { clock, cells, ratios: ratiosOf(cells, kernels, seed), start: startOf(measurements, peers) };
}
