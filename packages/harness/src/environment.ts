import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, totalmem } from 'node:os';
import { SCHEMA_VERSION } from '@ringbench/journal';
import type { RunHeader } from '@ringbench/journal';
import { EXECUTOR_SETTING, executorOf } from '@ringbench/engine';
import type { CoreDefinition } from '@ringbench/engine';
import type { Configuration } from './configuration.js';
import type { Plan } from './plan.js';
import { RUNTIME_FLAGS } from './process.js';
import type { ProgramWorkload } from './workload.js';

/** Commit of the checkout at `root`, with `+` appended when its tree is dirty; `unknown` outside a checkout or without git. */
export function commitOf(root: string): string {
  try {
    const commit = git(root, 'rev-parse', 'HEAD');
    return git(root, 'status', '--porcelain') === '' ? commit : `${commit}+`;
  } catch {
    return 'unknown';
  }
}

const GIT_MILLISECONDS = 20_000;

function git(root: string, ...command: readonly string[]): string {
  return execFileSync('git', [...command], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: GIT_MILLISECONDS }).trim();
}

function describeHost(): RunHeader['host'] {
  const processors = cpus();
  return { platform: platform(), arch: arch(), cpu: processors[0]?.model.trim() ?? 'unknown', cpus: processors.length, memoryBytes: totalmem() };
}

export type CoreDescription = RunHeader['cores'][number];

/** What a journal says of a core, or of a core under the settings of a configuration. @param executor the plan's, for cores and settings that leave the choice. */
export function describeCore(core: CoreDefinition, { name, settings }: Pick<Configuration, 'name' | 'settings'> = { name: core.id, settings: {} }, executor?: string): CoreDescription {
  const { title, exemplar, mechanism } = core;
  const configured = Object.keys(settings).length === 0 ? {} : { core: core.id, settings };
  const port = core.port === undefined || core.port === 'pc' ? {} : { port: core.port };
  return { id: name, title, exemplar, mechanism, executor: executorOf(core, executor === undefined ? settings : { [EXECUTOR_SETTING.name]: executor, ...settings }), ...port, ...configured };
}

function partsOf({ kernels: { pc, ...others }, program, files }: ProgramWorkload): NonNullable<RunHeader['workloads'][number]['parts']> {
  const ports = Object.fromEntries(Object.entries(others).map(([port, { sha256 }]) => [port, sha256]));
  return { kernel: pc.sha256, ...(Object.keys(ports).length === 0 ? {} : { ports }), program: program.sha256, files: files.map((file) => file.sha256) };
}

/** The first line of a plan's journal. */
export function makeHeader(plan: Plan, cores: readonly CoreDescription[], commit: string, now: Date): RunHeader {
  return {
    type: 'run',
    schema: SCHEMA_VERSION,
    suite: plan.suite,
    seed: plan.seed,
    commit,
    startedAt: now.toISOString(),
    plan: plan.digest,
    host: describeHost(),
    runtime: { node: process.versions.node, v8: process.versions.v8, flags: RUNTIME_FLAGS },
    cores,
    workloads: plan.workloads.map(({ workload }) => {
      const { id, why, image, sha256, checksum } = workload;
      const parts = workload.kind === 'bare' ? {} : { parts: partsOf(workload) };
      return { id, why, image, sha256, checksum, ...parts };
    }),
    ...(plan.skipped.length === 0 ? {} : { skipped: plan.skipped }),
  };
}
