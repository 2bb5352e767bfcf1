// What this project wants of its translator, beside what was measured.
import { COMPUTE } from './kernels.mjs';
import { ratioText } from './tables.mjs';

const SELF_MODIFYING = ['s', 'S'];
const SYSTEM_CALLS = 'd';
const MOST_NS_OF_SYSTEM_CALL = 150;
const LEAST_OF_SYSTEM_CALLS = 5;
const MOST_MS_TO_FIRST_INSTRUCTION = 300;

const times = (ratio) => `${ratioText(ratio)}x`;
/** A ratio that is at most its estimate meets nothing. */
const reaches = (ratio, wanted) => ratio.estimate >= wanted && ratio.bound !== 'most' && ratio.bound !== 'unknown';

/** The kernel where a ratio is least. */
function worst(ratios, kernels) {
  const found = kernels.filter(({ id }) => ratios?.[id] !== undefined).map((kernel) => ({ kernel, ratio: ratios[kernel.id] }));
  return found.length === 0 ? undefined : found.reduce((least, each) => (each.ratio.estimate < least.ratio.estimate ? each : least));
}

const target = (what, wanted, measured, isMet) => ({ what, wanted, measured, isMet });
const atLeast = (what, wanted, ratio) => target(what, `at least ${wanted}x`, ratio === undefined ? undefined : times(ratio), ratio === undefined ? undefined : reaches(ratio, wanted));
function worstAtLeast(what, wanted, found) {
  if (found === undefined) return target(what, `at least ${wanted}x`, undefined, undefined);
  return target(what, `at least ${wanted}x`, `${times(found.ratio)} on ${found.kernel.letter}, ${found.kernel.id}`, reaches(found.ratio, wanted));
}

function systemCalls(kernels, cells, v86) {
  const kernel = kernels.find(({ letter }) => letter === SYSTEM_CALLS);
  const cell = cells.warm?.[kernel?.id]?.translator;
  const wanted = `under ${MOST_NS_OF_SYSTEM_CALL} ns or at least ${LEAST_OF_SYSTEM_CALLS}x v86's`;
  if (cell === undefined) return target('system calls', wanted, undefined, undefined);
  const ratio = v86?.kernels[kernel.id];
  const measured = `${cell.nsPerOperation.toFixed(0)} ns${ratio === undefined ? '' : `, ${times(ratio)}`}`;
  return target('system calls', wanted, measured, cell.nsPerOperation < MOST_NS_OF_SYSTEM_CALL || (ratio !== undefined && reaches(ratio, LEAST_OF_SYSTEM_CALLS)));
}

/** Rows `{ what, wanted, measured, isMet }`; the last two are undefined where this run did not measure it. */
export function targetsOf({ kernels, cells, ratios, warmUp }) {
  const pair = (phase, name) => ratios[phase]?.find((each) => each.name === name);
  const v86 = pair('warm', 'v86-translator/translator');
  const qemu = pair('warm', 'qemu/translator');
  const compute = kernels.filter(({ letter }) => COMPUTE.includes(letter));
  const rest = kernels.filter(({ letter }) => !COMPUTE.includes(letter));
  const first = warmUp?.summary.translator?.firstInstructionMs.median;
  return [
    atLeast('warm against v86\'s translator, geometric mean over all', 2, v86?.all),
    worstAtLeast('warm against v86\'s translator, each of a, b, c', 1.5, worst(v86?.kernels, compute)),
    atLeast('warm against QEMU, geometric mean over a, b, c', 1, qemu?.compute),
    worstAtLeast('warm against QEMU, each other kernel', 0.9, worst(qemu?.kernels, rest)),
    worstAtLeast('self-modifying code against our interpreter', 1, worst(pair('warm', 'interpreter/translator')?.kernels, kernels.filter(({ letter }) => SELF_MODIFYING.includes(letter)))),
    systemCalls(kernels, cells, v86),
    worstAtLeast('cold against v86\'s translator, each kernel', 1, worst(pair('cold', 'v86-translator/translator')?.kernels, kernels)),
    target('process start to the guest\'s first instruction', `at most ${MOST_MS_TO_FIRST_INSTRUCTION} ms`, first === undefined ? undefined : `${first.toFixed(0)} ms`, first === undefined ? undefined : first <= MOST_MS_TO_FIRST_INSTRUCTION),
  ];
}
