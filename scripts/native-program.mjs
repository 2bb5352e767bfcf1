// Runs a user program of workloads/user/ as what it is: a Linux program.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const DEADLINE_MS = 60_000;
/** As in workloads/user/runtime/program.h: the program says why this machine cannot run it. */
export const SKIPPED_STATUS = 77;

/** What a program that skips wrote to standard error, without its first word. */
export function skipReason(words) {
  return words.trim().replace(/^SKIP /, '');
}

/** How a program may end. */
export const RUN = { DONE: 'done', SKIPPED: 'skipped', FAILED: 'failed' };
/** What the host's kernel says when it cannot run ELF32 for the 386: not its format, no interpreter, not this system. */
const CANNOT_RUN = new Set(['ENOEXEC', 'ENOENT', 'UNKNOWN']);

/**
 * One run at a scale, or at the default one. Returns `{ kind, stdout }` or `{ kind, reason }`: a program that skips and a host
 * that cannot or must not (`hosted` says why) run it are skipped, everything else that is not success has failed.
 */
export function runNatively({ folder, manifest }, scale = manifest.scale.default) {
  if (manifest.hosted !== undefined) return { kind: RUN.SKIPPED, reason: manifest.hosted };
  if (process.platform !== 'linux') return { kind: RUN.SKIPPED, reason: `not Linux but ${process.platform}` };
  const image = join(folder, manifest.image ?? 'image.elf');
  const outcome = spawnSync(image, [String(scale), ...(manifest.nativeArguments ?? [])], {
    encoding: 'latin1', timeout: DEADLINE_MS, stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (outcome.error && CANNOT_RUN.has(outcome.error.code)) {
    return { kind: RUN.SKIPPED, reason: `this host does not run i386 programs (${outcome.error.code})` };
  }
  if (outcome.error) return { kind: RUN.FAILED, reason: outcome.error.message };
  const words = outcome.stderr.trim();
  if (outcome.status === SKIPPED_STATUS) return { kind: RUN.SKIPPED, reason: skipReason(words) };
  if (outcome.status === 0 && words === '') return { kind: RUN.DONE, stdout: outcome.stdout };
  return { kind: RUN.FAILED, reason: `exit status ${outcome.status ?? outcome.signal}: ${words}` };
}
