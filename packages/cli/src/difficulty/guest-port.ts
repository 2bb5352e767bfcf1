import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { GuestPort } from '@ringbench/engine';
import { InputProblem } from '@ringbench/harness';
import countSource from 'sloc';

/** Lines of code and how many files they are in. */
export interface Amount {
  readonly files: number;
  readonly lines: number;
}
/** What a port of the lab kernel has that the PC's has not, and what both have. */
export interface GuestAmounts {
  readonly ported: Amount;
  readonly shared: Amount;
}

const KERNEL = 'kernel';
const DESCRIPTION = /^kernel.*\.json$/;
/** Assembly and linker scripts here have the comments of C. */
const LIKE_C: readonly string[] = ['.c', '.h', '.S', '.ld'];

/** Sources of the port, relative to the workloads' folder, as the image's build recorded them. Throws InputProblem when nothing describes the port. */
function sourcesOf(workloads: string, port: GuestPort): readonly string[] {
  const folder = join(workloads, KERNEL);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => DESCRIPTION.test(name)) : [];
  for (const name of names) {
    const description = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly port: GuestPort; readonly sources: readonly string[] };
    if (description.port === port) return description.sources;
  }
  throw new InputProblem(`nothing in ${folder} describes the lab kernel's port "${port}"`, 'run the command in a checkout of the project');
}

function linesOf(workloads: string, source: string): number {
  const path = join(workloads, source);
  if (!LIKE_C.includes(extname(path))) throw new Error(`${path} is in a language whose lines nobody counts`);
  if (!existsSync(path)) throw new InputProblem(`the source ${path} of the lab kernel is not there`, 'run the command in a checkout of the project');
  return countSource(readFileSync(path, 'utf8'), 'c').source;
}

/** Counts a port of the lab kernel. Throws InputProblem where its sources are absent. */
export function guestAmounts(workloads: string, port: GuestPort): GuestAmounts {
  const unmodified = new Set(sourcesOf(workloads, 'pc'));
  const sources = sourcesOf(workloads, port);
  const amountOf = (chosen: readonly string[]): Amount => ({ files: chosen.length, lines: chosen.reduce((sum, source) => sum + linesOf(workloads, source), 0) });
  return { ported: amountOf(sources.filter((source) => !unmodified.has(source))), shared: amountOf(sources.filter((source) => unmodified.has(source))) };
}
