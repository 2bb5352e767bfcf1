import { join } from 'node:path';
import type { CoreDefinition, Engine, GuestImage } from '@ringbench/engine';
import { Assembler, CODE_ADDRESS, multibootImage } from '@ringbench/engine/conformance';
import { VmHost, type VmHostOptions, type VmProcess } from '@ringbench/host';
import { assembleGuest, discoverWorkloads, recipeFor } from '@ringbench/harness';
import { beforeAll, describe, expect, it } from 'vitest';
import { FOREVER, tinyGuest } from '../../core-paravirt/test/support/tiny-guest.js';
import { registry } from '../src/registry.js';

const cores = (await Promise.all(registry.ids.map((id) => registry.load(id)))).filter(({ sharesMachine }) => sharesMachine === true);
const workloads = discoverWorkloads(join(import.meta.dirname, '../../../workloads'));
const MEMORY = 8 << 20;
const RAM = 64 << 20;
/** Less than two guests may have. */
const SMALL_RAM = 10 << 20;
const BUDGET = 3_000_000;
/** Of one that would never end: some thousand exits. */
const BAD_BUDGET = 20_000;
/** Short, so that a guest is preempted again and again, at places that mean nothing. */
const SLICE = 31_013;
const CONSOLE = 0xe9;
const FIRST_PAGE = 0x200000;
const PAGE = 4096;
const HOOK_TIMEOUT = 60_000;

/** Everything that a guest shows. */
interface Outcome {
  readonly end: unknown;
  readonly console: string;
  readonly retired: number;
  readonly fingerprint: unknown;
}

function good(core: CoreDefinition, id: string, scale: number): GuestImage {
  const workload = workloads.find((each) => each.id === id);
  if (workload === undefined) throw new Error(`no workload ${id}`);
  return assembleGuest(id, recipeFor(workload, scale, core.port)).image;
}

const bytes = (...values: readonly number[]): number[] => [...new Uint8Array(Int32Array.from(values).buffer)];
/** Writes to each page from EDI to `end`, then loops: MOV [EDI], EDI; ADD EDI, 4096; CMP EDI, end; JB. */
const fill = (first: number, end: number): number[] => [0xbf, ...bytes(first), 0x89, 0x3f, 0x81, 0xc7, ...bytes(PAGE), 0x81, 0xff, ...bytes(end), 0x72, 0xf0, ...FOREVER];

function bare(body: (code: Assembler) => unknown): GuestImage {
  const code = new Assembler(CODE_ADDRESS);
  body(code);
  return { name: 'bare', format: 'multiboot', bytes: multibootImage(code.assemble()) };
}

type Misbehaviour = 'crashes' | 'loops with interrupts off' | 'takes all its memory' | 'floods its console';
const PC_GUESTS: Readonly<Record<Misbehaviour, () => GuestImage>> = {
  crashes: () => bare((code) => code.ud2()),
  'loops with interrupts off': () => bare((code) => code.cli().label('loop').jmp('loop')),
  'takes all its memory': () => bare((code) => code.raw(...fill(FIRST_PAGE, MEMORY))),
  'floods its console': () => bare((code) => code.label('loop').outByte(CONSOLE, 0x78).jmp('loop')),
};
const MISBEHAVIOURS = Object.keys(PC_GUESTS) as Misbehaviour[];
const DIRECT = 0xc0000000 | 0;
/** INT 82h with whatever is in the registers, for ever: MOV EAX, 10; MOV EBX, 1; INT 82h; JMP. */
const KICKS = [0xb8, ...bytes(10), 0xbb, ...bytes(1), 0xcd, 0x82, 0xeb, 0xf2];
const PORTED_GUESTS: Readonly<Record<Misbehaviour, () => GuestImage>> = {
  crashes: () => tinyGuest([0x0f, 0x0b]),
  'loops with interrupts off': () => tinyGuest(FOREVER),
  'takes all its memory': () => tinyGuest(fill(DIRECT + FIRST_PAGE, DIRECT + MEMORY)),
  'floods its console': () => tinyGuest(KICKS),
};
const bad = (core: CoreDefinition, how: Misbehaviour): GuestImage => (core.port === undefined ? PC_GUESTS : PORTED_GUESTS)[how]();

/** Consoles and results of the virtual machines that were launched, by the process. */
class Subjects {
  readonly outcomes = new Map<VmProcess, Outcome>();
  readonly host: VmHost;
  private readonly consoles = new Map<VmProcess, { text: string }>();

  constructor(private readonly core: CoreDefinition, options: Partial<VmHostOptions> = {}) {
    this.host = new VmHost(core, { ramBytes: RAM, slice: SLICE, ...options, onEnded: (process) => this.note(process) });
  }

  launch(image: GuestImage, budget = BUDGET): VmProcess {
    const output = { text: '' };
    const launch = this.host.launch(image, { memoryBytes: MEMORY, budget, onConsole: (byte) => (output.text += String.fromCharCode(byte)) });
    if (!launch.ok) throw new Error(launch.problem);
    this.consoles.set(launch.process, output);
    return launch.process;
  }

  private note(process: VmProcess): void {
    const { engine, result } = process;
    const fingerprint = result?.end.kind === 'starved' ? undefined : engine.fingerprint();
    this.outcomes.set(process, { end: result?.end, console: this.consoles.get(process)?.text ?? '', retired: engine.retired, fingerprint });
  }

  static alone(core: CoreDefinition, image: GuestImage, budget = BUDGET): Outcome {
    let console = '';
    const engine: Engine = core.create({ memoryBytes: MEMORY, onConsole: (byte) => (console += String.fromCharCode(byte)) });
    const loaded = engine.load(image);
    if (!loaded.ok) throw new Error(loaded.problem);
    return { end: engine.run(budget), console, retired: engine.retired, fingerprint: engine.fingerprint() };
  }
}

/** What the host does for all techniques alike is looked at with one for each kind of guest. */
const onePerPort = [...new Map(cores.map((core) => [core.port, core])).values()];
const named = (list: readonly CoreDefinition[]): (readonly [string, CoreDefinition])[] => list.map((core) => [core.id, core]);
const imagesFor = (core: CoreDefinition): readonly GuestImage[] => [good(core, 'null-syscall', 2), good(core, 'sleep-wake', 1)];

describe.each(named(cores))('many virtual machines of %s', (_id, core) => {
  it('are to the byte what each is by itself, beside those that crash, loop, take all their memory and flood their consoles', () => {
    const images = imagesFor(core);
    const subjects = new Subjects(core);
    const culprits = MISBEHAVIOURS.map((how) => subjects.launch(bad(core, how), BAD_BUDGET));
    const processes = images.map((image) => subjects.launch(image));
    expect(subjects.host.run(Infinity)).toBe('ended');
    expect(processes.map((process) => subjects.outcomes.get(process))).toEqual(images.map((image) => Subjects.alone(core, image)));
    expect(culprits.map(({ result }) => result?.end.kind)).toEqual(['shutdown', 'budget', 'budget', 'budget']);
    expect(culprits.map((process) => subjects.outcomes.get(process))).toEqual(MISBEHAVIOURS.map((how) => Subjects.alone(core, bad(core, how), BAD_BUDGET)));
    const { pages, free, shared } = subjects.host.machine.use;
    expect({ left: pages - free, shared }).toEqual({ left: 1, shared: 0 });
  });
});

describe.each(named(onePerPort))('processes of the host that are virtual machines of %s', (_id, core) => {
  const images = imagesFor(core);
  let alone: readonly Outcome[];
  beforeAll(() => { alone = images.map((image) => Subjects.alone(core, image)); }, HOOK_TIMEOUT);

  it('survive one that takes more memory than the machine has left, which ends', () => {
    const subjects = new Subjects(core, { ramBytes: SMALL_RAM });
    const processes = images.slice(0, 1).map((image) => subjects.launch(image));
    const hogs = [0, 1].map(() => subjects.launch(bad(core, 'takes all its memory'), 4 * SLICE));
    expect(subjects.host.run(Infinity)).toBe('ended');
    expect(processes.map((process) => subjects.outcomes.get(process))).toEqual(alone.slice(0, 1));
    expect(hogs.map(({ result }) => result?.end.kind)).toContain('starved');
  });

  it('are stopped, go on and are killed, and the account of each says what time it took', () => {
    const subjects = new Subjects(core);
    const { host } = subjects;
    const [first, second] = images.map((image) => subjects.launch(image));
    const doomed = subjects.launch(bad(core, 'loops with interrupts off'), Infinity);
    first.stop();
    host.run(4 * SLICE);
    expect(first.engine.retired).toBe(0);
    expect(second.engine.retired).toBeGreaterThan(0);
    doomed.kill();
    first.goOn();
    expect(host.run(Infinity)).toBe('ended');
    expect([first, second].map((process) => subjects.outcomes.get(process))).toEqual(alone.slice(0, 2));
    expect(doomed.result?.end).toEqual({ kind: 'killed' });
    const all = [first, second, doomed, ...[...subjects.outcomes.keys()].filter((process) => ![first, second, doomed].includes(process))];
    expect(all.reduce((sum, { time }) => sum + time, host.clock.idle)).toBe(host.clock.now);
    expect(all.reduce((sum, { account }) => sum + account.time, host.clock.idle)).toBe(host.clock.now);
  });

  it('spin or give the processor back while they sleep, and cannot tell', () => {
    const times = (['halt', 'busy'] as const).map((idle) => {
      const subjects = new Subjects(core, { idle });
      const [first, second] = [images[1], images[0]].map((image) => subjects.launch(image));
      expect(subjects.host.run(Infinity)).toBe('ended');
      expect([subjects.outcomes.get(second), subjects.outcomes.get(first)]).toEqual(alone.slice(0, 2));
      return { spun: subjects.host.counters.spun, slept: first.result?.slept ?? 0, sleeper: first.time, wakes: first.account.wakes };
    });
    expect(times[0]).toMatchObject({ spun: 0, slept: times[1].slept });
    expect(times[0].wakes).toBeGreaterThan(0);
    expect(times[1]).toMatchObject({ spun: times[1].slept, wakes: 0 });
    expect(times[1].sleeper).toBeGreaterThan(times[0].sleeper + times[1].slept - 1);
  });
});

describe('a machine that is shared', () => {
  it('keeps pages with the same content once, and gives a copy to who writes', () => {
    const [core] = onePerPort;
    const subjects = new Subjects(core);
    const image = good(core, 'null-syscall', 1);
    const one = subjects.launch(image);
    const { shared } = subjects.host.machine.use;
    const others = Array.from({ length: 3 }, () => subjects.launch(image));
    expect(shared).toBeGreaterThan(10);
    expect(subjects.host.machine.use.shared).toBe(shared);
    for (const { memory } of [one, ...others]) expect(memory).toMatchObject({ own: one.memory.own, shared });
    subjects.host.run(Infinity);
    expect(one.result?.memory.copied).toBeGreaterThan(0);
  });

  it('has no place for firmware, for a device of its own, nor for more than its memory', () => {
    const [core] = onePerPort;
    const host = new VmHost(core, { ramBytes: 2 << 20 });
    expect(host.launch({ name: 'boot', format: 'disk', bytes: new Uint8Array(512) }, { memoryBytes: MEMORY })).toMatchObject({ ok: false });
    const image = bad(core, 'loops with interrupts off');
    expect(host.launch(image, { memoryBytes: MEMORY, settings: { console: 'static' } })).toMatchObject({ ok: false });
    const launches = Array.from({ length: 600 }, () => host.launch(image, { memoryBytes: MEMORY }).ok);
    expect(launches).toContain(true);
    expect(launches.at(-1)).toBe(false);
  });

  it('is refused to a technique whose guest owns the machine', async () => {
    expect(() => new VmHost({ ...cores[0], sharesMachine: undefined } as unknown as CoreDefinition, { ramBytes: RAM })).toThrow('for itself');
    expect((await registry.load('native')).sharesMachine).toBeUndefined();
  });
});
