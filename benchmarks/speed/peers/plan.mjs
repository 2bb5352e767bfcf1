// Which processes are run in which order, and how much each does.
import { seededRandom } from '../../../packages/analysis/dist/index.js';

/** Instructions of one run: long enough that compiling does not matter, and so short that it does. */
export const PHASES = { warm: 1e9, cold: 1e8 };
/** Interpreters do not get faster with time; half a minute a run would say no more than these shares do. */
const REDUCED_INTERPRETERS = { interpreter: 0.3, v86: 0.1, bochs: 0.1 };

/** The share of a warm run's instructions that a peer does. */
export function shareOf(kernel, peer) {
  return kernel.reduced?.[peer] ?? REDUCED_INTERPRETERS[peer] ?? 1;
}

/** Units of scale of one run. Only warm runs are reduced: of these rates are compared, of cold ones whole times. */
export function scaleOf(kernel, peer, phase, factor) {
  const share = phase === 'warm' ? shareOf(kernel, peer) * (kernel.multiple ?? 1) : 1;
  return Math.max(1, Math.round((PHASES[phase] * share * factor) / kernel.instructionsPerUnit));
}

/** A copy in random order (Fisher–Yates). */
export function shuffled(values, random) {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/**
 * Every measurement as `{ phase, kernel, peer, round, scale }`: round by round, each round in an order of its own, so that neither a machine that gets slower
 * with time nor a neighbour's load favours anyone.
 */
export function planOf({ kernels, peers, phases, rounds, factor, seed }) {
  const random = seededRandom(seed, 'order of the measurements');
  return Array.from({ length: rounds }, (_, round) => {
    const cells = phases.flatMap((phase) => kernels.flatMap((kernel) => peers.map((peer) => ({ phase, kernel, peer, round, scale: scaleOf(kernel, peer, phase, factor) }))));
    return shuffled(cells, random);
  }).flat();
}
