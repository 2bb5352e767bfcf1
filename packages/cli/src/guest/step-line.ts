import { composeFlags } from '@ringbench/isa';
import { changedRegisters, farAddress, flagChanges, hex } from './registers.js';
import type { Step } from './stepper.js';

const NUMBER_WIDTH = 12;
/** Eight bytes; longer instructions push what follows. */
const BYTES_WIDTH = 23;
const TEXT_WIDTH = 34;
const BYTE_DIGITS = 2;

/** A step as JSON. Numbers of instructions are numbers; addresses and registers are hexadecimal text. */
export interface StepRecord {
  readonly number: number;
  readonly cs: string;
  readonly eip: string;
  readonly linear: string;
  readonly bytes: string;
  readonly text: string;
  /** False for an instruction that faulted: it has changed nothing. */
  readonly retired: boolean;
  /** Registers that changed, without EIP and EFLAGS. */
  readonly registers: Readonly<Record<string, string>>;
  /** Flags that changed, as `+Z -C`. */
  readonly flags: string;
  readonly events: readonly string[];
}

const bytesOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => hex(byte, BYTE_DIGITS)).join(' ');

export function stepRecord({ number, instruction, before, after, events, retired }: Step): StepRecord {
  const { selector, offset, linear, bytes, text } = instruction;
  return {
    number, cs: hex(selector, 4), eip: hex(offset), linear: hex(linear), bytes: bytesOf(bytes), text, retired,
    registers: changedRegisters(before, after), flags: flagChanges(composeFlags(before), composeFlags(after)), events,
  };
}

/** A step as one line: number, CS:EIP, bytes, disassembly, then what changed, and in brackets what else happened. */
export function stepLine(step: Step): string {
  const { number, registers, flags, events, bytes, text } = stepRecord(step);
  const { selector, offset } = step.instruction;
  const changes = Object.entries(registers).map(([name, value]) => `${name}=${value}`);
  const what = [...changes, ...(flags === '' ? [] : [flags]), ...events.map((event) => `[${event}]`)].join(' ');
  return `${String(number).padStart(NUMBER_WIDTH)}  ${farAddress(selector, offset)}  ${bytes.padEnd(BYTES_WIDTH)}  ${text.padEnd(TEXT_WIDTH)}  ${what}`.trimEnd();
}
