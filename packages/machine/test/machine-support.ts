import { CR0, Flag, Segment, storeFlags, storeSegmentRegister, Word } from '@ringbench/isa';
import type { Executor, ExecutorStop } from '../src/executor.js';
import { Region } from '../src/layout.js';
import { Machine, type MachineOptions } from '../src/machine.js';
import type { Processor } from '../src/processor.js';

export const RAM_BYTES = 1 << 20;
export const CODE = 0x8000;
export const STACK = 0x40000;
const GDT = 0x1000;
const IDT = 0x2000;
const HANDLERS = 0x9000;
export const KERNEL_CODE = 0x08;
export const KERNEL_DATA = 0x10;
const FLAT_CODE = 0xc09b;
const FLAT_DATA = 0xc093;
const UNLIMITED = -1;

/** Where the gate of a vector leads. */
export const handlerOf = (vector: number): number => HANDLERS + vector * 16;

/** Executes a script instead of guest code: each instruction is a call of `instruction`, which may use the processor like a system procedure. */
export class ScriptedExecutor implements Executor {
  readonly name = 'script';
  trapPage = -1;
  /** Lengths of the slices that the machine gave. */
  readonly slices: number[] = [];
  stopAtTrapPage = false;
  instruction: (processor: Processor) => void = () => undefined;

  constructor(readonly processor: Processor) {}

  execute(instructions: number): ExecutorStop {
    const { processor } = this;
    this.slices.push(instructions);
    processor.beginSlice(instructions);
    if (this.stopAtTrapPage) return 'trap-page';
    while (processor.state[Word.BUDGET] > 0) {
      if (processor.attention) return 'attention';
      this.instruction(processor);
      // A fault commits nothing: the instruction does not count.
      if (processor.faulted) processor.deliverRecordedFault();
      else processor.state[Word.BUDGET]--;
    }
    return processor.attention ? 'attention' : 'slice';
  }
}

export interface Scripted { readonly machine: Machine; readonly processor: Processor; readonly executor: ScriptedExecutor }

/** A machine in flat protected mode, all gates present, whose instructions are scripted. */
export function scriptedMachine(options: Partial<MachineOptions> = {}): Scripted {
  const machine = new Machine({ ramBytes: RAM_BYTES, createExecutor: (processor) => new ScriptedExecutor(processor), ...options });
  const { processor } = machine;
  const { state } = processor;
  state[Word.CR0] = CR0.PE | CR0.ET;
  storeFlags(state, Flag.FIXED);
  storeSegmentRegister(processor, Segment.CS, KERNEL_CODE, 0, UNLIMITED, FLAT_CODE);
  for (const segment of [Segment.SS, Segment.DS, Segment.ES, Segment.FS, Segment.GS]) storeSegmentRegister(processor, segment, KERNEL_DATA, 0, UNLIMITED, FLAT_DATA);
  const view = new DataView(machine.memory.buffer, Region.RAM, RAM_BYTES);
  view.setUint32(GDT + KERNEL_CODE, 0x0000ffff, true);
  view.setUint32(GDT + KERNEL_CODE + 4, 0x00cf9b00, true);
  view.setUint32(GDT + KERNEL_DATA, 0x0000ffff, true);
  view.setUint32(GDT + KERNEL_DATA + 4, 0x00cf9300, true);
  for (let vector = 0; vector < 256; vector++) setGate(machine, vector, 0x8e);
  Object.assign(state, { [Word.GDTR_BASE]: GDT, [Word.GDTR_LIMIT]: 0x17, [Word.IDTR_BASE]: IDT, [Word.IDTR_LIMIT]: 0x7ff, [Word.EIP]: CODE, [Word.ESP]: STACK });
  return { machine, processor, executor: machine.executor as ScriptedExecutor };
}

/** Rewrites a gate: 8Eh is an interrupt gate, 8Fh a trap gate, 0Eh one that is absent. */
export function setGate(machine: Machine, vector: number, access: number): void {
  const view = new DataView(machine.memory.buffer, Region.RAM, RAM_BYTES);
  view.setUint32(IDT + vector * 8, (KERNEL_CODE << 16) | handlerOf(vector), true);
  view.setUint32(IDT + vector * 8 + 4, access << 8, true);
}

/** Sets IF or TF as an instruction would, without one. */
export function setFlags(processor: Processor, flags: number): void {
  storeFlags(processor.state, Flag.FIXED | flags);
  processor.interruptFlagChanged();
}

/** Writes a byte to a port as an instruction of the script would. */
export function out(processor: Processor, port: number, ...values: readonly number[]): void {
  for (const value of values) processor.portWrite(port, 1, value);
}

export const TIMER_VECTOR = 0x20;

/** Initializes the master controller with only IRQ 0 open; `mode` bits go into ICW1 and ICW4. */
export function openTimerInterrupt(processor: Processor, { levelTriggered = false, automaticEnd = false } = {}): void {
  out(processor, 0x20, levelTriggered ? 0x19 : 0x11);
  out(processor, 0x21, TIMER_VECTOR, 4, automaticEnd ? 0x03 : 0x01, 0xfe);
}

/** Channel 0 of the timer: mode 0 strikes once, mode 2 again and again. */
export function startTimer(processor: Processor, mode: number, count: number): void {
  out(processor, 0x43, 0x30 | (mode << 1));
  out(processor, 0x40, count & 0xff, count >> 8);
}
