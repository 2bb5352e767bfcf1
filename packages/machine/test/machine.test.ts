import { CPU_MODELS, CPU_MODEL_NAMES, Debug6, Feature, Flag, Register, Vector, Word, eventIndex } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { INTERRUPTS_AT_ONE_BOUNDARY } from '../src/machine.js';
import { DEFAULT_FEATURES, FAULTS_WITHOUT_PROGRESS } from '../src/processor.js';
import { DEBUG_EXIT_PORT, MARKER_PORT } from '../src/ports.js';
import { CODE, handlerOf, KERNEL_CODE, openTimerInterrupt, out, RAM_BYTES, scriptedMachine, setFlags, setGate, STACK, startTimer, TIMER_VECTOR } from './machine-support.js';

/** floor and ceil of the timer's clock at 200 million instructions a second, with big integers. */
const pulsesAt = (n: number): number => Number((BigInt(n) * 1_193_182n) / 200_000_000n);
const instructionOf = (pulse: number): number => Number((BigInt(pulse) * 200_000_000n + 1_193_181n) / 1_193_182n);
/** When a count that was written at instruction n strikes. */
const strike = (written: number, count: number): number => instructionOf(pulsesAt(written) + 1 + count);

/** Where slices end, counted from the first one's start; a timer that loads its count needs one of its own. */
const ends = (slices: readonly number[]): readonly number[] => slices.map((_, index) => slices.slice(0, index + 1).reduce((sum, slice) => sum + slice));

describe('Machine.run', () => {
  it('retires its budget exactly, again and again', () => {
    const { machine } = scriptedMachine();
    for (const budget of [1, 10, 12_345]) expect(machine.run(budget)).toEqual({ kind: 'budget' });
    expect(machine.retired).toBe(12_356);
    expect(machine.counts()).toMatchObject({ retired: 12_356 });
    expect(machine.run(0)).toEqual({ kind: 'budget' });
    expect(machine.retired).toBe(12_356);
  });

  it('gives an executor no longer slice than it may compile in, and never passes a deadline', () => {
    const { machine, processor, executor } = scriptedMachine();
    machine.run(4_500_000);
    expect(Math.max(...executor.slices)).toBe(4_000_000);
    executor.slices.length = 0;
    const from = machine.retired;
    startTimer(processor, 0, 100);
    machine.run(1_000_000);
    expect(ends(executor.slices)).toContain(strike(from, 100) - from);
    expect(ends(executor.slices).at(-1)).toBe(1_000_000);
  });

  it('cuts a slice short when an instruction makes a deadline that comes earlier', () => {
    const { machine, executor } = scriptedMachine();
    let written = -1;
    executor.instruction = (processor) => {
      if (processor.now() === 500) {
        written = 500;
        startTimer(processor, 0, 10);
      }
    };
    machine.run(10_000);
    expect(executor.slices[0]).toBe(10_000);
    expect(ends(executor.slices.slice(1))).toContain(strike(written, 10) - 501);
  });

  it('reports a write to the exit port once, behind the instruction, and can go on', () => {
    const { machine, executor } = scriptedMachine();
    executor.instruction = (processor) => {
      if (processor.now() === 7) processor.portWrite(DEBUG_EXIT_PORT, 1, 33);
    };
    expect(machine.run(100)).toEqual({ kind: 'exit', status: 33 });
    expect(machine.retired).toBe(8);
    expect(machine.run(92)).toEqual({ kind: 'budget' });
  });

  it('passes a trap page on, and markers and console bytes out', () => {
    const marks: number[] = [];
    const bytes: number[] = [];
    const { machine, processor, executor } = scriptedMachine({ onMarker: (value) => marks.push(value), onConsole: (byte) => bytes.push(byte) });
    out(processor, MARKER_PORT, 1, 2);
    out(processor, 0xe9, 65);
    out(processor, 0x3f8, 66);
    expect(marks).toEqual([1, 2]);
    expect(bytes).toEqual([65, 66]);
    executor.stopAtTrapPage = true;
    expect(machine.run(10)).toEqual({ kind: 'trap-page' });
  });

  it('has V386 mode unless it is told which features to have', () => {
    expect(scriptedMachine().processor.state[Word.FEATURES]).toBe(DEFAULT_FEATURES);
    expect(DEFAULT_FEATURES & Feature.V386).toBe(Feature.V386);
    expect(scriptedMachine({ features: 0 }).processor.state[Word.FEATURES]).toBe(0);
  });

  it('is the processor that it is told to be, and decodes as that', () => {
    for (const cpu of CPU_MODEL_NAMES) {
      const { processor } = scriptedMachine({ cpu });
      const expected = CPU_MODELS[cpu].features | Feature.V386;
      expect([processor.state[Word.FEATURES], processor.context.features]).toEqual([expected, expected]);
    }
    expect(scriptedMachine({}).processor.state[Word.FEATURES]).toBe(CPU_MODELS.i686.features | Feature.V386);
  });

  it('leaves events that never happened out of the counts', () => {
    const { machine, processor } = scriptedMachine();
    expect(machine.counts()).toEqual({});
    processor.count(eventIndex('ring.in'));
    expect(machine.counts()).toEqual({ 'ring.in': 1 });
  });
});

describe('the processor\'s own timer', () => {
  const VECTOR = 0x70;
  /** When the handler's first instruction ran, for a timer armed at instruction 0; -1 for never. */
  function takenAt(flags: number, at: number, arrange: (scripted: ReturnType<typeof scriptedMachine>) => void = () => undefined): number {
    const scripted = scriptedMachine();
    const { machine, processor, executor } = scripted;
    setFlags(processor, flags);
    machine.armTimer(VECTOR, at);
    arrange(scripted);
    let taken = -1;
    executor.instruction = ({ state }) => {
      if (taken < 0 && state[Word.EIP] === handlerOf(VECTOR)) taken = processor.now();
    };
    machine.run(1000);
    return taken;
  }
  it('interrupts at its instruction, once, while IF lets it', () => {
    expect(takenAt(Flag.IF, 37)).toBe(37);
    expect(takenAt(0, 37)).toBe(-1);
    expect(takenAt(Flag.IF, Infinity)).toBe(-1);
  });
  it('is replaced when it is armed again, and wakes a halted processor', () => {
    expect(takenAt(Flag.IF, 37, ({ machine }) => machine.armTimer(VECTOR, 90))).toBe(90);
    expect(takenAt(Flag.IF, 37, ({ processor }) => processor.halt())).toBe(37);
  });
});

describe('interrupts', () => {
  it('come before the instruction whose number is the timer\'s', () => {
    const { machine, processor, executor } = scriptedMachine();
    openTimerInterrupt(processor);
    startTimer(processor, 0, 50);
    setFlags(processor, Flag.IF);
    let taken = -1;
    executor.instruction = ({ state }) => {
      if (taken < 0 && state[Word.EIP] === handlerOf(TIMER_VECTOR)) taken = processor.now();
    };
    machine.run(50_000);
    expect(taken).toBe(strike(0, 50));
    expect(machine.counts()).toMatchObject({ 'interrupt.hardware': 1 });
    expect(processor.state[Register.ESP]).toBe(STACK - 12);
  });

  it('wait for IF, and for the end of a shadow', () => {
    const { machine, processor, executor } = scriptedMachine();
    openTimerInterrupt(processor);
    startTimer(processor, 0, 2);
    machine.run(5000);
    expect(processor.state[Word.EIP]).toBe(CODE);
    executor.instruction = () => {
      if (processor.now() !== 5000) return;
      setFlags(processor, Flag.IF);
      processor.inhibitInterrupts(false);
    };
    machine.run(1);
    expect(processor.state[Word.EIP]).toBe(CODE);
    executor.slices.length = 0;
    machine.run(2);
    expect(executor.slices).toEqual([1, 1]);
    expect(processor.state[Word.EIP]).toBe(handlerOf(TIMER_VECTOR));
  });

  it('of level-triggered inputs that end themselves leave every boundary its instruction', () => {
    const { machine, processor } = scriptedMachine();
    setGate(machine, TIMER_VECTOR, 0x8f);
    openTimerInterrupt(processor, { levelTriggered: true, automaticEnd: true });
    setFlags(processor, Flag.IF);
    expect(machine.run(100)).toEqual({ kind: 'budget' });
    expect(machine.retired).toBe(100);
    expect(machine.counts()['interrupt.hardware']).toBe(101 * INTERRUPTS_AT_ONE_BOUNDARY);
  });
});

describe('a halted processor', () => {
  it('is given up at once with interrupts off, whatever the timer does', () => {
    const { machine, processor } = scriptedMachine();
    startTimer(processor, 2, 4);
    processor.halt();
    expect(machine.run(1000)).toEqual({ kind: 'halted' });
    expect(machine.counts()).toEqual({ 'port.write': 3 });
  });

  it('is given up with interrupts on and no deadline left', () => {
    const { machine, processor } = scriptedMachine();
    setFlags(processor, Flag.IF);
    processor.halt();
    expect(machine.run(1000)).toEqual({ kind: 'halted' });
  });

  it('is given up after finite patience when no deadline brings an interrupt', () => {
    const { machine, processor } = scriptedMachine();
    startTimer(processor, 2, 4);
    setFlags(processor, Flag.IF);
    processor.halt();
    expect(machine.run(1000)).toEqual({ kind: 'halted' });
    expect(machine.retired).toBe(0);
  });

  it('sleeps to the deadline: idle time passes on the clock, not on the budget', () => {
    const { machine, processor, executor } = scriptedMachine();
    openTimerInterrupt(processor);
    executor.instruction = () => {
      if (processor.now() !== 10) return;
      startTimer(processor, 0, 1000);
      setFlags(processor, Flag.IF);
      processor.halt();
    };
    expect(machine.run(20)).toEqual({ kind: 'budget' });
    expect(processor.halted).toBe(false);
    expect(machine.retired).toBe(20);
    const slept = strike(10, 1000) - 11;
    expect(processor.now()).toBe(20 + slept);
    expect(machine.counts()).toMatchObject({ idle: slept, retired: 20, 'interrupt.hardware': 1 });
  });
});

describe('single steps', () => {
  const stepped = (instruction: (processor: ReturnType<typeof scriptedMachine>['processor']) => void, budget = 1): ReturnType<typeof scriptedMachine> => {
    const scripted = scriptedMachine();
    scripted.executor.instruction = instruction;
    setFlags(scripted.processor, Flag.TF);
    scripted.machine.run(budget);
    return scripted;
  };
  const atDebugHandler = ({ processor }: ReturnType<typeof scriptedMachine>): boolean => processor.state[Word.EIP] === handlerOf(Vector.DB);

  it('trap behind an instruction that began with TF set, with DR6.BS and TF clear in the handler', () => {
    const scripted = stepped(() => undefined);
    expect(atDebugHandler(scripted)).toBe(true);
    expect(scripted.processor.state[Word.DR + 6] & Debug6.BS).toBe(Debug6.BS);
    expect(scripted.processor.state[Word.FLAG_SYSTEM] & Flag.TF).toBe(0);
    expect(scripted.executor.slices).toEqual([1]);
  });
  it('trap behind the instruction that clears TF, and end HLT', () => {
    expect(atDebugHandler(stepped((processor) => setFlags(processor, 0)))).toBe(true);
    const halted = stepped((processor) => processor.halt());
    expect(atDebugHandler(halted)).toBe(true);
    expect(halted.processor.halted).toBe(false);
  });
  it('do not trap in the shadow of MOV SS, but in that of STI', () => {
    expect(atDebugHandler(stepped((processor) => processor.inhibitInterrupts(true)))).toBe(false);
    expect(atDebugHandler(stepped((processor) => processor.inhibitInterrupts(false)))).toBe(true);
  });
  it('do not trap behind INT n', () => {
    expect(atDebugHandler(stepped((processor) => processor.count(eventIndex('interrupt.software'))))).toBe(false);
  });
  it('do not trap behind a fault and its handler\'s first instruction', () => {
    let first = true;
    const scripted = stepped((processor) => {
      if (first) processor.raise(Vector.UD, 0);
      first = false;
    });
    expect(scripted.processor.state[Word.EIP]).toBe(handlerOf(Vector.UD));
    expect(scripted.machine.retired).toBe(1);
  });
});

describe('shutdown', () => {
  it('is a triple fault\'s end, for good', () => {
    const { machine, processor, executor } = scriptedMachine();
    processor.state[Word.IDTR_LIMIT] = 0;
    executor.instruction = () => processor.raise(Vector.UD, 0);
    for (const _again of [0, 1]) expect(machine.run(10)).toEqual({ kind: 'shutdown', detail: 'triple fault' });
    expect(machine.retired).toBe(0);
  });

  it('is the end of faults without an instruction between them', () => {
    const { machine, processor, executor } = scriptedMachine();
    executor.instruction = () => {
      processor.state[Register.ESP] = STACK;
      processor.raise(Vector.UD, 0);
    };
    expect(machine.run(10)).toEqual({ kind: 'shutdown', detail: expect.stringContaining('exceptions without end') });
    expect(machine.counts()[`exception.${Vector.UD}`]).toBe(FAULTS_WITHOUT_PROGRESS + 1);
  });

  it('does not come of many faults that each let an instruction through', () => {
    const { machine, processor, executor } = scriptedMachine();
    let fails = false;
    executor.instruction = () => {
      processor.state[Register.ESP] = STACK;
      fails = !fails;
      if (fails) processor.raise(Vector.GP, KERNEL_CODE);
    };
    expect(machine.run(300_000)).toEqual({ kind: 'budget' });
    expect(processor.faultsTaken).toBe(300_000);
  });
});

it('refuses memory that is no whole number of pages', () => expect(() => scriptedMachine({ ramBytes: RAM_BYTES + 1 })).toThrow('multiple of 4096'));
