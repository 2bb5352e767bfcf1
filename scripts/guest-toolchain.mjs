// What the scripts that build guests have in common: the tools, the order of files, temporary folders, one way to fail.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

/** Nothing that depends on the host system; the guests have no run-time library. */
export const COMPILE_FREESTANDING = [
  '-m32', '-std=c11', '-O2', '-march=i686', '-ffreestanding', '-fno-pic',
  '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror',
];
/** For everything that is not floating-point work: the x87 stays untouched. */
export const INTEGER_ONLY = '-mgeneral-regs-only';

/** A problem of the caller's, told in one line. */
export class UserError extends Error {}

/** Standard output of a tool; what it wrote to standard error is `stderr` of the error thrown when it fails. */
export function run(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function firstLine(command) {
  return run(command, ['--version']).split('\n', 1)[0];
}

/** Compiler and assembler as manifests record them, or undefined where one is missing. */
export function toolchain() {
  try {
    const compiler = /\((?<distribution>.*)\) (?<version>\S+)$/.exec(firstLine('gcc'))?.groups;
    const [assembler, linker] = [firstLine('as'), firstLine('ld')];
    return {
      compiler: compiler ? `gcc ${compiler.version} (${compiler.distribution})` : firstLine('gcc'),
      assembler: `${assembler}; ${linker}`,
    };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The same order in every locale: it decides the order of linking, and so the bytes. */
export function byCodeUnit(a, b) {
  return a < b ? -1 : Number(a > b);
}

export function filesIn(folder, extensions) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => join(folder, entry.name))
    .toSorted(byCodeUnit);
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Runs `action(workload, folder)` for each workload in a temporary folder of its own. */
export function eachInTemporary(workloads, action) {
  const root = mkdtempSync(join(tmpdir(), 'ringbench-workloads-'));
  try {
    for (const workload of workloads) {
      const folder = join(root, workload.manifest.id);
      mkdirSync(folder);
      action(workload, folder);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs a script's main function, which may be asynchronous; ends with status 2 for a mistake of the caller's, 1 where a tool failed. */
export async function runScript(name, main) {
  try {
    await main();
  } catch (error) {
    if (error instanceof UserError || String(error.code).startsWith('ERR_PARSE_ARGS')) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = 2;
    } else if (error.stderr) {
      // A tool failed: what it said is the message.
      console.error(String(error.stderr));
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
