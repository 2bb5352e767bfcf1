import { EXECUTOR_SETTING, guestMachine } from '@ringbench/engine';
import type { Observation, RunHeader } from '@ringbench/journal';
import { parseConfiguration } from './configuration.js';

/** Two things that should be equal and are not, or a cell without a result: an error in the data. */
export interface Violation {
  readonly kind: 'outcome' | 'repeat' | 'checksum' | 'retired' | 'fingerprint';
  readonly workload: string;
  readonly core: string;
  readonly message: string;
}

/**
 * The tests of Popek and Goldberg's equivalence property (CACM 17(7), 1974) on what was measured: every cell has the right answer, repetitions of
 * a cell count exactly the same events, and all cores agree on the checksum, the instructions retired and the guest-visible final state.
 */
export function crossCheck(header: RunHeader, observations: readonly Observation[]): readonly Violation[] {
  const ports = portsOf(header);
  const violations: Violation[] = observations.filter((observation) => observation.outcome !== 'ok' && !isNotPorted(observation, ports)).map(outcomeViolation);
  for (const { id } of header.workloads) {
    const good = observations.filter((observation) => observation.workload === id && observation.outcome === 'ok');
    const perCore = header.cores.map((core) => good.filter((observation) => observation.core === core.id).toSorted((a, b) => a.process - b.process));
    for (const repetitions of perCore) violations.push(...checkRepetitions(repetitions));
    const firsts = perCore.flatMap((repetitions) => repetitions.slice(0, 1));
    violations.push(...checkCores(firsts, compareAnswers), ...sameMachines(firsts, ports).flatMap((group) => checkCores(group, compareStates)));
  }
  return violations;
}

/** The machines of the cores that are no PC, by the cores' names in the journal. */
type Ports = ReadonlyMap<string, string>;
const PC = 'pc';

function portsOf({ cores }: RunHeader): Ports {
  return new Map(cores.flatMap(({ id, port }) => (port === undefined ? [] : [[id, port] as const])));
}

/** A machine that is no PC says of a guest for another machine that it is none for it: that is a result, like every refusal in the data. */
function isNotPorted({ core, outcome }: Observation, ports: Ports): boolean {
  return outcome === 'refused' && ports.has(core);
}

function outcomeViolation({ outcome, workload, core, process, detail }: Observation): Violation {
  return { kind: 'outcome', workload, core, message: `process ${process}: ${outcome}${detail === '' ? '' : ` (${detail})`}` };
}

/** Everything about an observation that must not vary: all but times, in a fixed order. */
function deterministicPart(observation: Observation): string {
  const { checksum, retired, counts, region, fingerprint } = observation;
  return JSON.stringify([checksum, retired, sorted(counts), sorted(region), fingerprint]);
}

function sorted(counts: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  return Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function checkRepetitions(repetitions: readonly Observation[]): readonly Violation[] {
  const [first, ...others] = repetitions;
  if (first === undefined) return [];
  return others
    .filter((other) => deterministicPart(other) !== deterministicPart(first))
    .map((other) => ({
      kind: 'repeat' as const,
      workload: other.workload,
      core: other.core,
      message: `process ${other.process} differs from process ${first.process}: ${firstDifference(first, other)}`,
    }));
}

function firstDifference(first: Observation, other: Observation): string {
  if (first.checksum !== other.checksum) return `checksum ${other.checksum} instead of ${first.checksum}`;
  if (first.retired !== other.retired) return `${other.retired} instructions retired instead of ${first.retired}`;
  for (const part of ['counts', 'region'] as const) {
    const names = new Set([...Object.keys(first[part]), ...Object.keys(other[part])]);
    const name = [...names].toSorted().find((candidate) => (first[part][candidate] ?? 0) !== (other[part][candidate] ?? 0));
    if (name !== undefined) return `${part}: ${name} is ${other[part][name] ?? 0} instead of ${first[part][name] ?? 0}`;
  }
  return 'the final state';
}

/** Observations in groups whose guests found the same machine; only those have to agree on more than the answer. */
function sameMachines(observations: readonly Observation[], ports: Ports): readonly (readonly Observation[])[] {
  const groups = Map.groupBy(observations, ({ core }) => machineOf(core, ports.get(core)));
  return [...groups.values()];
}

/** A ported kernel knows its technique, and may do other things under other settings of it; what executes it, it cannot know. */
function machineOf(core: string, port: string | undefined): string {
  const settings = parseConfiguration(core)?.settings ?? {};
  const machine = `${port ?? PC} ${guestMachine(settings)}`;
  if (port === undefined) return machine;
  const own = Object.entries(settings).filter(([name]) => name !== EXECUTOR_SETTING.name);
  return `${machine} ${JSON.stringify(own)}`;
}

/** Compares one observation of each core with that of the first core. */
function checkCores(observations: readonly Observation[], compare: (first: Observation, other: Observation) => readonly Violation[]): readonly Violation[] {
  const [first, ...others] = observations;
  return first === undefined ? [] : others.flatMap((other) => compare(first, other));
}

function difference(kind: Violation['kind'], first: Observation, other: Observation): readonly Violation[] {
  const [mine, theirs] = [part(kind, first), part(kind, other)];
  return mine === theirs ? [] : [{ kind, workload: other.workload, core: other.core, message: `${kind} ${theirs}, but ${mine} on ${first.core}` }];
}

function part(kind: Violation['kind'], { checksum, retired, fingerprint }: Observation): string {
  return kind === 'checksum' ? checksum : kind === 'retired' ? String(retired) : fingerprint;
}

function compareAnswers(first: Observation, other: Observation): readonly Violation[] {
  return difference('checksum', first, other);
}

function compareStates(first: Observation, other: Observation): readonly Violation[] {
  const comparable = first.fingerprint !== '' && other.fingerprint !== '';
  return [...difference('retired', first, other), ...(comparable ? difference('fingerprint', first, other) : [])];
}
