/** A synthetic but plausible run: three cores, seven workloads, counts that a reader of the journal could meet. Nothing in it was measured. */
import { readFileSync } from 'node:fs';
import { SCHEMA_VERSION } from '@ringbench/journal';
import type { InstructionMatrix, Observation, RunHeader } from '@ringbench/journal';
import { parseProfile, seededRandom } from '../../src/index.js';
import type { CostProfile, Counts, Run } from '../../src/index.js';

export interface SyntheticOptions {
  readonly seed?: number;
  readonly processes?: number;
  /** Executor that each core claims; all the same unless said otherwise. */
  readonly executors?: Readonly<Record<string, string>>;
  /** Adds a scanner under several settings, and the workload that is its worst case. */
  readonly ablation?: boolean;
  /** Adds User-Mode Linux in two arrangements and workloads of the measured operations. */
  readonly userMode?: boolean;
}

/** What a workload does in its measured region, independent of the technique. */
interface Activity {
  readonly id: string;
  readonly why: string;
  readonly instructions: number;
  readonly walks: number;
  readonly pageFaults: number;
  readonly systemCalls: number;
  readonly ticks: number;
  readonly popfs: number;
  readonly flushes: number;
  readonly portReads: number;
  readonly portWrites: number;
}

interface Subject {
  readonly id: string;
  readonly title: string;
  readonly exemplar: string;
  readonly mechanism: string;
  readonly core?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly port?: 'um';
}

const QUIET = { walks: 40, pageFaults: 0, systemCalls: 0, ticks: 0, popfs: 0, flushes: 0, portReads: 0, portWrites: 0 };

const ACTIVITIES: readonly Activity[] = [
  { ...QUIET, id: 'noop', why: 'measures the harness itself', instructions: 120, walks: 3 },
  { ...QUIET, id: 'coremark', why: 'ordinary computation', instructions: 24_000_000, ticks: 240, popfs: 240 },
  {
    ...QUIET,
    id: 'sieve-sort',
    why: 'computation over a working set larger than the TLB',
    instructions: 16_000_000,
    walks: 310_000,
    pageFaults: 96,
    ticks: 160,
    popfs: 160,
  },
  { ...QUIET, id: 'syscall-loop', why: 'system calls', instructions: 9_000_000, systemCalls: 100_000, ticks: 90, popfs: 100_000 },
  {
    ...QUIET,
    id: 'demand-paging',
    why: 'page faults and new mappings',
    instructions: 7_000_000,
    walks: 180_000,
    pageFaults: 40_000,
    ticks: 70,
    flushes: 900,
  },
  { ...QUIET, id: 'sensitive', why: 'each sensitive unprivileged instruction', instructions: 5_000_000, popfs: 420_000, ticks: 50 },
  { ...QUIET, id: 'port-io', why: 'port reads and writes', instructions: 2_500_000, portReads: 60_000, portWrites: 40_000, ticks: 25 },
];

/** Page-table entries read by one walk: two levels, and each of them translated again under V386 (8 for two over two). */
const WALK_READS = 2;
const NESTED_WALK_READS = 8;

function silicon(activity: Activity, readsPerWalk: number): Record<string, number> {
  return {
    retired: activity.instructions,
    'exception.14': activity.pageFaults,
    'interrupt.software': activity.systemCalls,
    'interrupt.hardware': activity.ticks,
    'ring.in': activity.pageFaults + activity.systemCalls + activity.ticks,
    'ring.out': activity.pageFaults + activity.systemCalls + activity.ticks,
    'tlb.fill.code': Math.round(activity.walks / 10),
    'tlb.fill.data': activity.walks - Math.round(activity.walks / 10),
    'tlb.flush': activity.flushes,
    'executed.mov-to-cr': activity.flushes,
    'walk.reads': activity.walks * readsPerWalk,
    'walk.writes': Math.round(activity.walks / 50),
    'executed.popf': activity.popfs,
    'executed.iret': activity.pageFaults + activity.systemCalls + activity.ticks,
    'executed.in': activity.portReads,
    'executed.out': activity.portWrites,
  };
}

const COUNTERS: Readonly<Record<string, (activity: Activity) => Counts>> = {
  native: (activity) => ({
    ...silicon(activity, WALK_READS),
    direct: activity.instructions,
    'port.read': activity.portReads,
    'port.write': activity.portWrites + activity.ticks,
  }),
  // Everything but the guest's own instructions is an event of the emulated processor.
  emulation: (activity) => {
    const { retired, ...processor } = { ...silicon(activity, WALK_READS), 'port.read': activity.portReads, 'port.write': activity.portWrites + activity.ticks };
    const events = Object.entries(processor).map(([name, count]) => [`emulated.${name}`, count]);
    return { retired, emulated: activity.instructions, ...Object.fromEntries(events) };
  },
  'dynamic-sbe': (activity) => scanner(activity, 80),
  'dynamic-sbe:branches=trap-all': (activity) => scanner(activity, 8),
  'dynamic-sbe:branches=back-patching': (activity) => scanner(activity, 4000),
  uml: (activity) => userMode(activity, 2),
  'uml:arrangement=tt': (activity) => userMode(activity, 4),
  v386: (activity) => {
    const accesses = activity.portReads + activity.portWrites + activity.ticks;
    return {
      ...silicon(activity, NESTED_WALK_READS),
      direct: activity.instructions,
      'v386.entry': accesses + activity.ticks + 1,
      'v386.exit.io': accesses,
      'v386.exit.timer': activity.ticks,
      'v386.exit.second-level': Math.round(activity.walks / 100),
      'vmm.device-access': accesses,
      'vmm.exit': accesses + activity.ticks,
    };
  },
};

/** A scanner that hits a breakpoint at every so many instructions and interprets there. */
function scanner(activity: Activity, distance: number): Counts {
  const hits = Math.round(activity.instructions / distance);
  return {
    ...silicon(activity, WALK_READS), direct: activity.instructions - hits, 'vmm.interpreted': hits, 'vmm.exit': hits,
    'scan.breakpoint.branch': hits - Math.round(hits / 10), 'scan.breakpoint.sensitive': Math.round(hits / 10), 'scan.page': 64,
  };
}

/** Calls and faults of the guest's programs as stops that a tracer hears of. */
function userMode(activity: Activity, switches: number): Counts {
  const stops = activity.systemCalls + 3 * activity.pageFaults;
  const requests = 5 * activity.systemCalls + 11 * activity.pageFaults;
  const own = 500 * stops;
  return {
    retired: activity.instructions + own, direct: activity.instructions + own, 'interrupt.software': stops + requests + stops, 'exception.14': activity.pageFaults,
    'host.call': requests + stops, 'host.call.ptrace': requests, 'host.call.wait4': stops, 'host.intercepted': activity.systemCalls, 'host.stop': stops, 'host.signal': stops,
    'host.switch': switches * stops, 'ptrace.getregs': requests, 'walk.reads': activity.walks * WALK_READS + 40 * stops, 'vmm.exit': stops + requests,
  };
}

const CORES: readonly Subject[] = [
  { id: 'native', title: 'Native', exemplar: 'the real machine', mechanism: 'The guest owns the machine.' },
  { id: 'emulation', title: 'Emulation', exemplar: 'Bochs', mechanism: 'Every guest instruction is interpreted.' },
  {
    id: 'v386',
    title: 'V386 mode',
    exemplar: 'V386, the mode that the slides propose',
    mechanism: 'The guest runs in a mode in which sensitive instructions see its own state.',
  },
];

const SCANNER: Subject = { id: 'dynamic-sbe', title: 'Dynamic SBE', exemplar: 'Plex86', mechanism: 'Scanned by sequences.' };
const SCANNERS: readonly Subject[] = [
  SCANNER,
  ...['trap-all', 'back-patching'].map((branches) => ({ ...SCANNER, id: `dynamic-sbe:branches=${branches}`, core: 'dynamic-sbe', settings: { branches } })),
];
const WORST_CASE: Activity = { ...QUIET, id: 'page-branches', why: 'branches out of the page', instructions: 8_000_000, ticks: 80 };

const UML: Subject = { id: 'uml', title: 'User-mode kernel', exemplar: 'User-Mode Linux', mechanism: 'The kernel is a process of a host.', port: 'um' };
const USER_MODES: readonly Subject[] = [UML, { ...UML, id: 'uml:arrangement=tt', core: 'uml', settings: { arrangement: 'tt' } }];
const MEASURED: readonly Activity[] = [
  { ...QUIET, id: 'null-syscall', why: 'system calls', instructions: 900_000, systemCalls: 10_000 },
  { ...QUIET, id: 'stat', why: 'system calls that do more', instructions: 4_000_000, systemCalls: 10_000 },
  { ...QUIET, id: 'signal-deliver', why: 'signals', instructions: 14_000_000, systemCalls: 20_000 },
  { ...QUIET, id: 'page-touch', why: 'page faults', instructions: 2_000_000, pageFaults: 4_000, walks: 9_000 },
  { ...QUIET, id: 'memcpy', why: 'copying', instructions: 3_000_000, systemCalls: 3 },
];

const subjectsOf = ({ ablation, userMode: withUml }: SyntheticOptions): readonly Subject[] => [...CORES, ...(ablation === true ? SCANNERS : []), ...(withUml === true ? USER_MODES : [])];
const activitiesOf = ({ ablation, userMode: withUml }: SyntheticOptions): readonly Activity[] => [...ACTIVITIES, ...(ablation === true ? [WORST_CASE] : []), ...(withUml === true ? MEASURED : [])];
/** A port runs no bare guest, and the activities without a system call or fault stand for bare guests here. */
const isRefused = ({ port }: Subject, { systemCalls, pageFaults }: Activity): boolean => port !== undefined && systemCalls + pageFaults === 0;

/** Host speed of the stand-in executor and the noise of its times. */
const INSTRUCTIONS_PER_MILLISECOND = 20_000;
const NOISE = 0.04;
const SLOWDOWN: Readonly<Record<string, number>> = { native: 1, emulation: 1.02, v386: 1.15 };
const DIGEST_LENGTH = 64;

function nonZero(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

export function syntheticHeader(options: SyntheticOptions = {}): RunHeader {
  return {
    type: 'run',
    schema: SCHEMA_VERSION,
    suite: 'synthetic',
    seed: options.seed ?? 1,
    commit: '0123456789abcdef0123456789abcdef01234567',
    startedAt: '2026-01-02T03:04:05.000Z',
    plan: 'f'.repeat(DIGEST_LENGTH),
    host: { platform: 'linux', arch: 'x64', cpu: 'Example CPU', cpus: 2, memoryBytes: 8 * 2 ** 30 },
    runtime: { node: 'v24.21.0', v8: '13.6', flags: ['--expose-gc'] },
    cores: subjectsOf(options).map((core) => ({ ...core, executor: options.executors?.[core.id] ?? 'interpreter' })),
    workloads: activitiesOf(options).map(({ id, why }, index) => ({
      id,
      why,
      image: `${id}.elf`,
      sha256: String(index % 10).repeat(DIGEST_LENGTH),
      checksum: `0000000${index}`,
    })),
  };
}

export function syntheticRun(options: SyntheticOptions = {}): Run {
  const random = seededRandom(options.seed ?? 1, 'synthetic');
  const observations: Observation[] = [];
  for (const [index, activity] of activitiesOf(options).entries()) {
    for (const subject of subjectsOf(options)) {
      const { id } = subject;
      const refused = isRefused(subject, activity);
      const counts = refused ? {} : nonZero(COUNTERS[id]?.(activity) ?? {});
      for (let process = 0; process < (options.processes ?? 10); process++) {
        const region = (activity.instructions / INSTRUCTIONS_PER_MILLISECOND) * (SLOWDOWN[id] ?? 1) * (1 + NOISE * random());
        observations.push({
          type: 'observation',
          core: id,
          workload: activity.id,
          process,
          outcome: refused ? 'refused' : 'ok',
          detail: refused ? 'it is for a PC' : '',
          checksum: refused ? '' : `0000000${index}`,
          retired: refused ? 0 : activity.instructions + 4000,
          counts,
          region: counts,
          milliseconds: { load: 3, run: region + 1, region },
          samples: [region],
          fingerprint: refused ? '' : `registers=${index} memory=${index}`,
        });
      }
    }
  }
  return { header: syntheticHeader(options), observations };
}

/** A matrix of instructions in which a naive technique fails in both ways. */
export const SYNTHETIC_MATRIX: InstructionMatrix = {
  type: 'instruction-matrix',
  schema: 1,
  commit: '0123456789abcdef0123456789abcdef01234567',
  cores: [{ id: 'native', naive: false }, { id: 'trap:sensitive=naive', naive: true }],
  witnesses: (['wrong', 'traps', 'faithful'] as const).map((verdict, index) => ({
    entry: index + 5,
    name: ['PUSHF', 'POPF', 'LAR'][index] ?? '',
    claim: 'shows the guest\'s flags',
    failure: 'shows the real flags',
    judgements: [
      { core: 'native', verdict: 'faithful', detail: '' },
      { core: 'trap:sensitive=naive', verdict, detail: verdict === 'faithful' ? '' : 'logs 57h instead of 97h' },
    ],
  })),
};

/** The text of a journal that holds the run. */
export function journalText(run: Run): string {
  return [run.header, ...run.observations].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A profile of the repository, by id. */
export function publishedProfile(id: string): CostProfile {
  const read = parseProfile(readFileSync(new URL(`../../../../benchmarks/profiles/${id}.json`, import.meta.url), 'utf8'));
  if (!read.ok) throw new Error(`${id}: ${read.problem}`);
  return read.profile;
}
