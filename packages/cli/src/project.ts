import { fileURLToPath } from 'node:url';
import type { Written } from '@ringbench/figures';
import { registry } from './registry.js';
import type { Registry } from './registry.js';

/** Where the command finds what it works with. Tests supply one of their own. */
export interface Project {
  readonly root: string;
  readonly suites: string;
  readonly workloads: string;
  readonly profiles: string;
  readonly registry: Registry;
  /** The built script of the measuring process. */
  readonly childEntry: string;
  /** Write the report, or the figures, of an output folder. */
  readonly writeReport: (folder: string) => Promise<Written>;
  readonly writeFigures: (folder: string) => Promise<Written>;
}

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const project: Project = {
  root: fromHere('../../..'),
  suites: fromHere('../../../benchmarks/suites'),
  workloads: fromHere('../../../workloads'),
  profiles: fromHere('../../../benchmarks/profiles'),
  registry,
  childEntry: fromHere('./child.js'),
  // Drawing takes longer to load than most commands take to run.
  writeReport: async (folder) => (await import('@ringbench/figures')).writeReport(folder),
  writeFigures: async (folder) => (await import('@ringbench/figures')).writeFigures(folder),
};
