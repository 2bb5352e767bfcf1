// Carries a plan out.
import { MACHINES } from './machines.mjs';
import { measure } from './measure.mjs';
import { progress } from './options.mjs';

const MS_PER_S = 1000;
/** Of the work that took too long, and how little of the plan's is worth measuring. */
const SHORTER = 0.1;
const LEAST_SHARE = 0.001;

/** What one unit of each kernel's scale is in instructions, counted by our interpreter; checks the kernel's answer by the way. */
export async function calibrate(kernel, deadlineMs) {
  const { checksum, defaultScale } = kernel;
  const run = await measure(MACHINES.interpreter.command(kernel.id, defaultScale), { deadlineMs, counts: true });
  if (run.checksum !== checksum) throw new Error(`${kernel.id}: its sum is ${run.checksum}, not ${checksum}`);
  return { ...kernel, instructionsPerUnit: run.instructions / defaultScale };
}

/** Measures one cell of the plan and checks its sum against what others computed at the same scale. */
async function measureCell({ kernel, peer, scale, ...cell }, deadlineMs, sums) {
  const result = await measure(MACHINES[peer].command(kernel.id, scale), { deadlineMs, ...MACHINES[peer] });
  const asked = `${kernel.id} at ${scale}`;
  if (!result.timedOut && (sums.get(asked) ?? result.checksum) !== result.checksum) throw new Error(`${asked}: ${peer} computed ${result.checksum}, others ${sums.get(asked)}`);
  if (!result.timedOut) sums.set(asked, result.checksum);
  return { ...cell, kernel: kernel.id, peer, scale, ...result };
}

/** Who interrupts us on a terminal interrupts the process that is measured, too: that it ended then is no error. */
async function unlessStopped(measurement, stop) {
  try {
    return await measurement;
  } catch (error) {
    if (stop.asked) return undefined;
    throw error;
  }
}

/**
 * All measurements of the plan. Who runs out of time warm is measured again on a tenth of the work, in later rounds too; who does so cold, where the whole time
 * is what counts, is not asked for that figure again. `stop.asked` ends it with what there is by then.
 */
export async function runPlan(plan, deadlineMs, stop = { asked: false }) {
  const measurements = [];
  const sums = new Map();
  const shares = new Map();
  const begun = performance.now();
  for (const [index, cell] of plan.entries()) {
    const { phase, kernel, peer } = cell;
    const name = `${phase} ${kernel.id} ${peer}`;
    while (!stop.asked && (shares.get(name) ?? 1) >= LEAST_SHARE) {
      const scale = Math.max(1, Math.round(cell.scale * (shares.get(name) ?? 1)));
      progress(`${index + 1}/${plan.length} ${Math.round((performance.now() - begun) / MS_PER_S)} s: ${name}`);
      const measurement = await unlessStopped(measureCell({ ...cell, scale }, deadlineMs, sums), stop);
      if (measurement === undefined) break;
      measurements.push(measurement);
      if (!measurement.timedOut) break;
      shares.set(name, phase === 'warm' ? (shares.get(name) ?? 1) * SHORTER : 0);
    }
  }
  progress('');
  return measurements;
}
