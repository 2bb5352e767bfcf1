// What is timed: bare guests of workloads/, each about one thing that an executor may be slow at.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WORKLOADS = new URL('../../../workloads/', import.meta.url);

/** Shares of a warm run for peers that emulate what is rare elsewhere a hundred times slower. */
const SLOW = { qemu: 0.5, 'v86-translator': 0.5 };
const VERY_SLOW = { qemu: 0.01, 'v86-translator': 0.2 };

/**
 * In the order of the tables. `operations`: how many of `operation` one unit of the workload's scale is; without them a kernel's rate is instructions a second.
 * `multiple`: of the usual length of a warm run, where that is over too soon. `reduced`: peers that would take minutes for a whole warm run do this share of it;
 * only rates are compared, and a result says how many instructions it rests on.
 */
export const KERNELS = [
  { id: 'coremark-like', letter: 'a' },
  { id: 'sieve-sort', letter: 'b' },
  { id: 'interpreter-loop', letter: 'c' },
  { id: 'syscall-loop', letter: 'd', operation: 'INT 80h from ring 3 and back', operations: 1, reduced: SLOW },
  { id: 'address-spaces', letter: 'e', operation: 'CR3 and 64 pages', operations: 1, reduced: SLOW },
  { id: 'demand-paging', letter: 'F', operation: 'touch, 3 in 4 fault', operations: 1, reduced: SLOW },
  { id: 'port-io', letter: 'f', operation: 'IN or OUT', operations: 4, reduced: { 'v86-translator': 0.5 } },
  { id: 'flags-round-trip', letter: 'g', operation: 'PUSHF, POPF', operations: 8, reduced: { qemu: 0.5 } },
  { id: 'state-stores', letter: 'h', operation: 'SGDT, SIDT, STR, SMSW', operations: 1 },
  { id: 'patch-same-page', letter: 's', operation: 'patch', operations: 8, reduced: VERY_SLOW },
  { id: 'patch-other-page', letter: 'S', operation: 'patch', operations: 8, reduced: VERY_SLOW },
  { id: 'string-copy', letter: 'm', operation: 'REP MOVSD of 1 MB', operations: 1, multiple: 4, reduced: { qemu: 0.05 } },
];

/** Geometric means over compute are over these. */
export const COMPUTE = ['a', 'b', 'c'];

/** The image's bytes. */
export function readImage(id) {
  return readFileSync(imagePath(id));
}

export function imagePath(id) {
  return fileURLToPath(new URL(`${id}/image.elf`, WORKLOADS));
}

/** The kernel's row above with its workload's title, default scale and checksum at that scale. */
export function describeKernel(kernel) {
  const { title, checksum, scale, sha256 } = JSON.parse(readFileSync(new URL(`${kernel.id}/workload.json`, WORKLOADS), 'utf8'));
  return { ...kernel, title, checksum, sha256, defaultScale: scale.default };
}

/** Whether every image is there; a checkout without them cannot measure anything. */
export function hasImages(kernels) {
  return kernels.every(({ id }) => existsSync(imagePath(id)));
}
