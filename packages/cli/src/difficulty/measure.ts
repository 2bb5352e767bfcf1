import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CoreDefinition } from '@ringbench/engine';
import { InputProblem } from '@ringbench/harness';
import type { SiliconChange } from '@ringbench/isa';
import type { Project } from '../project.js';
import { guestAmounts, type Amount, type GuestAmounts } from './guest-port.js';
import { Modules } from './reach.js';
import type { TypeScriptSource } from './typescript-source.js';

/** What a technique took, in the host, in the guest and in the silicon, counted in the sources (docs/difficulty.md says how). */
export interface Difficulty {
  readonly core: string;
  readonly host: HostDifficulty;
  readonly guest: GuestAmounts;
  /** Names of the changes, by kind. */
  readonly silicon: Readonly<Record<SiliconChange['kind'], readonly string[]>>;
}
interface HostDifficulty extends Amount {
  /** Of these, what no other core's host has. */
  readonly own: Amount;
  readonly hooks: number;
  readonly states: number;
  /** Names of the calls that a guest may make. */
  readonly calls: readonly string[];
}

/** Packages that are the monitor and its host. The others are the silicon, unless the processor is software too. */
const HOST_PACKAGE = /^(?:vmm|host|core-.+)$/;
/** Events that count calls, one each; `unknown` is none. */
const CALL_EVENT = /^[a-z0-9]+\.call\.(?<name>.+)$/;
const UNKNOWN = 'unknown';

interface Host {
  readonly definition: CoreDefinition;
  readonly sources: ReadonlyMap<string, TypeScriptSource>;
}

const amountOf = (sources: readonly TypeScriptSource[]): Amount => ({ files: sources.length, lines: sources.reduce((sum, { lines }) => sum + lines, 0) });

function hostOf(packages: string, definition: CoreDefinition, known: Map<string, TypeScriptSource>): Host {
  const start = join(packages, `core-${definition.id}`, 'src', 'index.ts');
  if (!existsSync(start)) throw new InputProblem(`the sources of core ${definition.id} are not here: there is no ${start}`, 'run the command in a checkout of the project');
  const modules = new Modules(packages, (name) => definition.softwareProcessor === true || HOST_PACKAGE.test(name), known);
  return { definition, sources: new Map([...modules.reachedFrom(start)].map((path) => [path, modules.source(path)])) };
}

function siliconOf({ silicon = [] }: CoreDefinition): Difficulty['silicon'] {
  const named = (kind: SiliconChange['kind']): readonly string[] => silicon.filter((change) => change.kind === kind).map(({ name }) => name);
  return { bit: named('bit'), register: named('register'), table: named('table'), trap: named('trap') };
}

function difficultyOf({ definition, sources }: Host, others: readonly Host[], workloads: string): Difficulty {
  const all = [...sources.values()];
  const own = [...sources].filter(([path]) => !others.some((other) => other.sources.has(path))).map(([, source]) => source);
  const sum = (key: 'hooks' | 'states'): number => all.reduce((total, source) => total + source[key], 0);
  const calls = definition.events.map(({ name }) => CALL_EVENT.exec(name)?.groups?.['name']).filter((name): name is string => name !== undefined && name !== UNKNOWN);
  return {
    core: definition.id, host: { ...amountOf(all), own: amountOf(own), hooks: sum('hooks'), states: sum('states'), calls },
    guest: guestAmounts(workloads, definition.port ?? 'pc'), silicon: siliconOf(definition),
  };
}

/** Counts for these cores; what is a core's own is judged among all of the registry. Throws InputProblem where sources are absent. */
export async function measureDifficulty({ root, workloads, registry }: Pick<Project, 'root' | 'workloads' | 'registry'>, ids: readonly string[]): Promise<readonly Difficulty[]> {
  const known = new Map<string, TypeScriptSource>();
  const hosts: Host[] = [];
  for (const id of registry.ids) hosts.push(hostOf(join(root, 'packages'), await registry.load(id), known));
  return hosts.filter(({ definition }) => ids.includes(definition.id)).map((host) => difficultyOf(host, hosts.filter((other) => other !== host), workloads));
}

export const DIFFICULTY_HEAD = ['core', 'host: files', 'lines', 'own lines', 'hooks', 'states', 'calls', 'guest: files', 'lines', 'silicon: bits', 'registers', 'tables', 'traps'] as const;

/** Numbers under `DIFFICULTY_HEAD`, behind the core's name. */
export function difficultyRow({ host, guest: { ported }, silicon }: Difficulty): readonly number[] {
  return [host.files, host.lines, host.own.lines, host.hooks, host.states, host.calls.length, ported.files, ported.lines, silicon.bit.length, silicon.register.length, silicon.table.length, silicon.trap.length];
}
