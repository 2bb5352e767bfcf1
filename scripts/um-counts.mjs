// What the word `counts` makes the lab kernel's port to a host process print (workloads/kernel/arch/um/host-counts.c), and what User-Mode Linux asked of its
// host for the same events.
import { isClean } from './kernel-proofs.mjs';
import { executable, labGuest, labProgram } from './lab-guest.mjs';
import { runOnHost } from './um-native.mjs';

const MEMORY_BYTES = 64 << 20;

/**
 * Programs of workloads/user whose unit is one event, with what Debian's user-mode-linux 6.1 asked for it (SKAS0 with PTRACE_SYSEMU, counted with the
 * host's tracepoints, 2026-11; two switches a stop). Its programs for fork and exec were larger.
 */
export const COUNTED = [
  { id: 'null-syscall', event: 'system call', uml: { stops: 1, ptrace: 5 } },
  { id: 'signal-deliver', event: 'signal delivery', uml: { stops: 2, ptrace: 10 } },
  { id: 'pipe-round-trip', event: 'pipe round trip', uml: { stops: 4, ptrace: 26 } },
  // The unit reads a page, which maps the page of zeroes, and then writes it: a fault and a copy, 3 + 4 stops there, too.
  { id: 'page-touch', event: 'fault and copy', uml: { stops: 7, ptrace: 25, maps: 2, unmaps: 1 } },
  { id: 'file-map-fault', event: 'file page', uml: { stops: 3, ptrace: 11, maps: 1 } },
  { id: 'cow-page', event: 'COW page', uml: { stops: 4, ptrace: 14, maps: 1, unmaps: 1 } },
  { id: 'fork-exit', event: 'fork and exit', uml: { stops: 45, ptrace: 143, maps: 28, unmaps: 14, clones: 1 } },
  { id: 'fork-exec', event: 'fork and exec', uml: { stops: 255, ptrace: 909, maps: 96, unmaps: 20, clones: 2 } },
];

/** What a stop by the timer costs: the six ptrace calls of a program's stop by a signal, or the one that lets a stub go on. */
const REQUESTS_OF_INTERRUPT = 6;
const REQUESTS_OF_STUB_INTERRUPT = 1;

/** The numbers of the line `host region: …`, without what the timer added: how often it comes depends on the time that a run takes. */
function countsOf(text) {
  const line = /^host region: (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`the kernel has printed no counts: ${text.slice(-200)}`);
  const { interrupted, stubs, ...counts } = Object.fromEntries([...line.matchAll(/(\w+) (\d+)/g)].map(([, name, number]) => [name, Number(number)]));
  return {
    ...counts, stops: counts.stops - interrupted - stubs,
    ptrace: counts.ptrace - REQUESTS_OF_INTERRUPT * interrupted - REQUESTS_OF_STUB_INTERRUPT * stubs,
  };
}

/**
 * What a unit of a program asks of the host, by name. Run at one and at two times its scale, of which it may be a part: the difference is what the units cost,
 * without beginning and end. Throws if the program fails.
 */
export async function countOnHost(machine, id, part = 1) {
  const { bytes, manifest } = labProgram('user', id);
  const scale = Math.ceil(manifest.scale.default * part);
  const runs = await Promise.all([1, 2].map((times) => {
    const guest = labGuest([`/bin/${id}`, String(scale * times)], [executable(`bin/${id}`, bytes)]);
    return runOnHost({ words: [...machine.words, 'counts'] }, guest, { memoryBytes: MEMORY_BYTES });
  }));
  const failed = runs.find((outcome) => !isClean(outcome));
  if (failed !== undefined) throw new Error(`${id}: ${JSON.stringify(failed.exit)} ${failed.stderr}`);
  const [once, twice] = runs.map(({ stderr }) => countsOf(stderr));
  return Object.fromEntries(Object.keys(once).map((name) => [name, (twice[name] - once[name]) / scale]));
}

/** A line for people. User-Mode Linux was counted in one arrangement only. */
export function describeCounts(machine, { id, event, uml }, counts) {
  const shown = Object.entries(counts).map(([name, number]) => `${name} ${number.toFixed(2)}${machine !== 'skas0' || uml[name] === undefined ? '' : ` (UML ${uml[name]})`}`);
  return `${machine.padEnd(16)} ${id.padEnd(16)} ${event.padEnd(16)} ${shown.join('  ')}`;
}
