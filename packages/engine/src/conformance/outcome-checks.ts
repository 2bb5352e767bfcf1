import { Flag, Register, Shutdown, SHUTDOWN_REASONS, Vector } from '@ringbench/isa';
import { FAULTS_WITHOUT_PROGRESS } from '@ringbench/machine';
import { describe, expect } from 'vitest';
import { Assembler } from './assembler.js';
import { observable } from './guest-checks.js';
import { CODE_ADDRESS, multibootImage } from './image.js';
import { KernelGuest } from './kernel-guest.js';
import { Interrupt, SCRATCH } from './memory-map.js';
import { at, EAX, EBX, ECX, EDX, ESP } from './operands.js';
import { Random } from './random.js';
import { consoleText } from './run-guest.js';
import type { Subject } from './subject.js';

/** A guest without tables and handlers. */
function bare(body: (code: Assembler) => unknown): Uint8Array {
  const code = new Assembler(CODE_ADDRESS);
  body(code);
  return multibootImage(code.assemble());
}
function kernel(body: (guest: KernelGuest) => unknown): Uint8Array {
  const guest = new KernelGuest();
  body(guest);
  return guest.build();
}

const COM1 = 0x3f8;
const CONSOLE = 0xe9;
const EXIT = 0xf4;
const POST = 0x80;
const MARKER = 0xe8;
const RATE_GENERATOR = 2;
/** A stack that a million frames fit in, and the memory for it. */
const DEEP_STACK = 0xf80000;
const DEEP_STACK_MEMORY = 16 << 20;
const BEYOND_MEMORY = 0x40000000;
/** What an exception without an error code leaves on the stack of its own ring. */
const FRAME_BYTES = 12;
const TIMER_CONTROL = 0x43;
const TIMER_COUNT = 0x40;
const startTimerQuickly = (code: Assembler): Assembler => code.outByte(TIMER_CONTROL, 0x34).outByte(TIMER_COUNT, 4).outByte(TIMER_COUNT, 0);

/** How runs end: each exit, its values, and that a run always ends. */
export function outcomeChecks(subject: Subject): void {
  describe('outcomes', () => {
    endings(subject);
    budgets(subject);
    markers(subject);
    hostility(subject);
  });
}

function endings(subject: Subject): void {
  subject.check('outcomes: text on COM1 and on port E9 reaches the console in order', () => {
    const image = bare((code) => {
      code.mov(EDX, COM1);
      for (const letter of 'ser') code.movAl(letter.charCodeAt(0)).raw(0xee); // OUT DX, AL
      for (const letter of 'ial') code.outByte(CONSOLE, letter.charCodeAt(0));
      code.outByte(EXIT, 0);
    });
    expect(consoleText(subject.run({ image }).console)).toBe('serial');
  });
  subject.check('outcomes: the status at port F4 ends the run behind the OUT', () => {
    for (const status of [0, 1, 7, 255]) {
      const run = subject.run({ image: bare((code) => code.outByte(EXIT, status).ud2()) });
      expect(run.exit).toEqual({ kind: 'power-off', status });
      expect(run.retired).toBe(2);
      expect(run.fingerprint.eip).toBe(CODE_ADDRESS + 4);
    }
  });
  subject.check('outcomes: HLT that nothing can wake is halted, however often it is run', () => {
    const sleepers: readonly ((code: Assembler) => Assembler)[] = [
      (code) => code, // no device is at work
      (code) => startTimerQuickly(code), // the timer is, but IF is 0
    ];
    for (const sleeper of sleepers) {
      const engine = subject.engineWith(bare((code) => sleeper(code).hlt()));
      expect(engine.run(1000)).toEqual({ kind: 'halted' });
      const { retired } = engine;
      expect(engine.run(1000)).toEqual({ kind: 'halted' });
      expect(engine.retired).toBe(retired);
    }
  });
  subject.check('outcomes: HLT beside a timer whose interrupt nobody lets through is halted after finite patience', () => {
    expect(subject.run({ image: bare((code) => startTimerQuickly(code).sti().hlt()) }).exit).toEqual({ kind: 'halted' });
  });
  subject.check('outcomes: a triple fault is shutdown, with the EIP that it happened at', () => {
    const engine = subject.engineWith(bare((code) => code.mov(ESP, 0x150000).lidt(at('empty')).nop().ud2().label('empty').word(0).long(0)));
    const eip = CODE_ADDRESS + 5 + 7 + 1;
    for (const _again of [0, 1]) expect(engine.run(1000)).toEqual({ kind: 'shutdown', eip, detail: expect.stringMatching(/\S/) });
    expect(engine.retired).toBe(3);
  });
}

/** An endless kernel with paging, ring 3, interrupts and faults. */
const busyKernel = (): Uint8Array => kernel((guest) => {
  guest.handle(Interrupt.TIMER, 'tick').handle(Vector.UD, 'skip');
  guest.routine('tick', (inner) => inner.push(EAX).endOfInterrupt().inc(at(SCRATCH)).pop(EAX).iret()).routine('skip', (inner) => inner.alu('add', at(ESP), 2).iret());
  guest.enablePaging().enableTimerInterrupt().startTimer(RATE_GENERATOR, 3);
  guest.attemptInRing3((inner) => inner.label('work').inc(ECX).alu('add', at(SCRATCH + 4), ECX).ud2().call('leaf').jmp('work'), Flag.FIXED | Flag.IF);
  guest.routine('leaf', (inner) => inner.push(EBX).alu('xor', EBX, ECX).pop(EBX).ret());
});

function budgets(subject: Subject): void {
  const loops: readonly (readonly [string, Uint8Array])[] = [
    ['of one instruction', bare((code) => code.label('loop').jmp('loop'))],
    ['with calls and stores', bare((code) => code.mov(ESP, 0x150000).label('loop').call('leaf').alu('add', at(SCRATCH), EAX).jmp('loop').label('leaf').inc(EAX).ret())],
    ['of a repeated string instruction', bare((code) => code.label('loop').mov(ECX, 1000).mov({ kind: 'general', code: 7 }, SCRATCH).raw(0xf3, 0xab).jmp('loop'))],
    ['in ring 3 with paging, interrupts and faults', busyKernel()],
  ];
  for (const [name, image] of loops) {
    subject.check(`outcomes: an endless loop ${name} retires its budget to the instruction`, () => {
      const engine = subject.engineWith(image);
      let total = 0;
      for (const budget of [1, 2, 3, 1000, 20_011, 7]) {
        expect(engine.run(budget)).toEqual({ kind: 'budget' });
        expect(engine.retired).toBe(total += budget);
      }
      expect(engine.counts()).toMatchObject({ retired: total });
    });
    subject.check(`outcomes: an endless loop ${name} ends alike in one run and in slices`, () => {
      const budget = 20_000;
      const random = new Random(budget);
      expect(observable(subject.run({ image, budget, slices: () => 1 + random.below(100) }))).toEqual(observable(subject.run({ image, budget })));
    });
  }
  subject.check('outcomes: two engines that run in turns do not touch each other', () => {
    const images = [busyKernel(), kernel((guest) => guest.label('spin').inc(EAX).attempt((inner) => inner.ud2()).alu('and', at('log pointer'), 0xfff0fff0 | 0).jmp('spin'))];
    const engines = images.map((image) => subject.engineWith(image));
    for (let turn = 0; turn < 300; turn++) for (const engine of engines) engine.run(37);
    images.forEach((image, index) => {
      const alone = subject.engineWith(image);
      alone.run(300 * 37);
      expect(engines[index]?.fingerprint()).toEqual(alone.fingerprint());
    });
  });
}

function markers(subject: Subject): void {
  const region = (instructions: number): Uint8Array => bare((code) => code.outByte(MARKER, 1).nop(instructions).inAl(POST).outByte(MARKER, 2).outByte(EXIT, 0));
  subject.check('outcomes: the marked region counts exactly what lies between the markers', () => {
    const [short, long] = [subject.run({ image: region(5) }), subject.run({ image: region(25) })];
    // IN, MOV AL and the first OUT itself, which completes behind the mark.
    expect(short.region?.counts).toMatchObject({ retired: 5 + 3 });
    expect(long.region?.counts).toMatchObject({ retired: 25 + 3 });
    expect(short.region?.milliseconds).toBe(0);
    expect(subject.run({ image: bare((code) => code.outByte(EXIT, 0)) }).region).toBeUndefined();
  });
  subject.check('outcomes: a marked region spans host time by the clock that it was given; the last one counts', () => {
    let now = 0;
    const engine = subject.engineWith(bare((code) => code.outByte(MARKER, 1).outByte(MARKER, 2).outByte(MARKER, 1).nop(9).outByte(MARKER, 2).outByte(MARKER, 1).outByte(EXIT, 0)), { hostClock: () => (now += 5) });
    engine.run(1000);
    expect(engine.region()).toMatchObject({ milliseconds: 5, counts: { retired: 9 + 2 } });
  });
}

/** How many exceptions a kernel took that takes them for ever, by its stack, which was at `stack` before; it is shut down. */
function takenForEver(subject: Subject, image: Uint8Array, stack: number): number {
  const engine = subject.engineWith(image, { memoryBytes: DEEP_STACK_MEMORY });
  expect(engine.run(HOSTILE_BUDGET)).toMatchObject({ kind: 'shutdown', detail: SHUTDOWN_REASONS[Shutdown.LIVELOCK] });
  return (stack - engine.inspect().state[Register.ESP]) / FRAME_BYTES;
}

const OUTCOMES = ['power-off', 'budget', 'halted', 'shutdown', 'refused'];
const HOSTILE_BUDGET = 20_000;
/** Every instruction comes with a dozen interrupts, each of which may cost a monitor an exit. */
const STORMY_BUDGET = 2000;

/** What a malformed or hostile guest gets: an outcome within its budget, the same every time. */
function hostility(subject: Subject): void {
  const mustEnd = (image: Uint8Array): void => {
    const [first, second] = [0, 1].map(() => subject.run({ image, budget: HOSTILE_BUDGET }));
    expect(OUTCOMES).toContain(first?.exit.kind);
    expect(first?.retired).toBeLessThanOrEqual(HOSTILE_BUDGET);
    expect(second && observable(second)).toEqual(first && observable(first));
  };
  subject.check('outcomes: random bytes as a guest end somehow', () => {
    for (let seed = 1; seed <= 5; seed++) mustEnd(multibootImage(new Random(seed * 0x9e3779b1).bytes(4096)));
  });
  subject.check('outcomes: random instructions in both rings of a kernel that survives them end somehow', () => {
    for (let seed = 1; seed <= 3; seed++) mustEnd(randomInstructions(new Random(seed * 0x85ebca6b)));
  });
  for (const [where, stack] of [['in memory', DEEP_STACK], ['beyond memory', BEYOND_MEMORY]] as const) {
    subject.check(`outcomes: an exception handler that raises its own exception for ever, frames ${where}, is shutdown`, () => {
      const image = kernel((guest) => guest.handle(Vector.UD, 'again').mov(ESP, stack).label('again').ud2());
      expect(takenForEver(subject, image, stack)).toBe(FAULTS_WITHOUT_PROGRESS + 1);
    });
  }
  subject.check('outcomes: the single-step trap before exceptions for ever is one of them', () => {
    const image = kernel((guest) => guest.handle(Vector.UD, 'again').handle(Vector.DB, 'again').mov(ESP, DEEP_STACK).push(Flag.FIXED | Flag.TF).popfd().outAl(POST).label('again').ud2());
    expect(takenForEver(subject, image, DEEP_STACK)).toBe(FAULTS_WITHOUT_PROGRESS + 1);
  });
  subject.check('outcomes: interrupts that acknowledge themselves for ever leave the budget its instructions', () => {
    const levelTriggered = 0x19;
    const automaticEnd = 0x03;
    const image = kernel((guest) => {
      guest.handle(Interrupt.TIMER, 'storm', { trap: true }).mov(ESP, DEEP_STACK);
      guest.outByte(0x20, levelTriggered).outByte(0x21, Interrupt.TIMER).outByte(0x21, 4).outByte(0x21, automaticEnd).outByte(0x21, 0xfe).sti().label('storm').nop(20).jmp('storm');
    });
    const run = subject.run({ image, memoryBytes: DEEP_STACK_MEMORY, budget: STORMY_BUDGET });
    expect(run.exit).toEqual({ kind: 'budget' });
    expect(run.retired).toBe(STORMY_BUDGET);
  });
}

const PIECES = 120;
const PIECE_BYTES = 12;

function randomInstructions(random: Random): Uint8Array {
  return kernel((guest) => {
    for (let piece = 0; piece < PIECES; piece++) {
      const bytes = random.bytes(PIECE_BYTES);
      const body = (inner: KernelGuest): unknown => inner.raw(...bytes);
      if (piece % 2 === 0) guest.attempt(body);
      else guest.attemptInRing3(body);
    }
  });
}
