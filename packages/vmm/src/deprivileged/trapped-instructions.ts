import { Access, decode, Flag, Segment, SYSTEM_PROCEDURES, Vector, Word, X87_PROCEDURES, type DecodeFailure, type Instruction, type SystemMnemonic } from '@ringbench/isa';
import { InstructionEvaluator, SystemInstruction, type EvaluatedInstruction } from '@ringbench/interpreter';
import type { MachineMemory } from '@ringbench/machine';
import type { VirtualMachine } from '../virtual-machine.js';
import { GuestCode } from './guest-code.js';
import { copyInPlace } from './world-switch.js';

const MOST_DECODED = 1 << 15;
/** Neither privileged nor on the list of sensitive ones, but made to trap by the monitor's tables and control bits: gates of ring 0, TSD, PCE. */
const MADE_TO_TRAP = new Set(['int3', 'into', 'rdtsc', 'rdpmc']);

/** An instruction of the guest's as the VMM keeps it. */
interface Decoded {
  readonly instruction: Instruction;
  readonly bytes: Uint8Array;
  /** `mustTrap` of it. */
  readonly traps: boolean;
  /** With its mnemonic, where a system procedure executes it. */
  readonly system: { readonly mnemonic: SystemMnemonic; readonly operands: SystemInstruction } | undefined;
  /** It works on what stays on the silicon: the x87 unit. */
  readonly inPlace: boolean;
  readonly recorded: boolean;
  /** What its recording was made ready for. */
  eip: number;
  stack32: boolean;
  evaluated: EvaluatedInstruction | undefined;
}

const isProcedure = (mnemonic: string): mnemonic is SystemMnemonic => Object.hasOwn(SYSTEM_PROCEDURES, mnemonic);

/** True when a deprivileged guest's instruction can trap because the guest is deprivileged, and has to be interpreted. */
export function mustTrap({ row }: Instruction): boolean {
  const { privileged, ioSensitive, sensitive } = row.traits;
  return privileged === true || ioSensitive === true || sensitive !== undefined || MADE_TO_TRAP.has(row.mnemonic);
}

/** Finds the instruction at which a guest trapped and has the Interpreter simulate it. */
export class TrappedInstructions {
  /** Instructions by machine address, with their bytes: memory may have changed since. Separately for 16- and 32-bit code. */
  private readonly decoded: readonly Map<number, Decoded>[] = [new Map(), new Map()];
  private readonly source: GuestCode;
  private readonly evaluator: InstructionEvaluator;

  /** `memory` is the machine's: code is read from it, and its processor's state has the guest's x87 unit. */
  constructor(private readonly memory: MachineMemory, private readonly guest: VirtualMachine) {
    this.source = new GuestCode(memory, guest);
    this.evaluator = new InstructionEvaluator(guest.processor);
  }

  /** Interprets the instruction at the guest's EIP. False, and nothing was done, when it is none that the monitor has to interpret: its fault is the guest's own. */
  interpret(): boolean {
    const found = this.source.begin() ? this.find() : 'truncated';
    if (typeof found === 'string' || !found.traps || !this.isWithinCode(found)) return false;
    this.execute(found);
    return true;
  }

  /**
   * Interprets the instruction at the guest's EIP, whatever it is, and just that: of a repeated one an iteration. Everything that the processor does with it is
   * done, faults of the fetch included (#PF where the guest's tables refuse a byte; #GP(0) beyond the limit of CS or 15 bytes; #UD), but for the breakpoint of a
   * debug register on the instruction itself. True: it completed. False: it faulted. Either way `guest.pending` may have an exception for the guest.
   */
  interpretAny(): boolean {
    const found = this.source.begin() ? this.find() : 'truncated';
    if (typeof found === 'string') return this.refuse(found);
    return this.isWithinCode(found) ? this.execute(found) : this.refuse('too-long');
  }

  /** All of the instruction lies within the limit of CS, which the end of the address space is at the latest (SDM vol. 3, 5.3). */
  private isWithinCode({ bytes }: Decoded): boolean {
    const { state } = this.guest.processor;
    return (state[Word.EIP] >>> 0) + bytes.length - 1 <= state[Word.LIMIT + Segment.CS] >>> 0;
  }

  // ---- fetch

  /** The instruction where `source` begins. */
  private find(): Decoded | DecodeFailure {
    const { source } = this;
    const { state } = this.guest.processor;
    const code32 = (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
    const known = this.decoded[code32 ? 1 : 0];
    const decoded = known.get(source.start);
    if (decoded !== undefined && source.holds(decoded.bytes)) return decoded;
    const instruction = decode(source, 0, { code32, features: state[Word.FEATURES] });
    if (typeof instruction === 'string') return instruction;
    const { mnemonic } = instruction.row;
    const found: Decoded = {
      instruction, bytes: source.take(instruction.length), traps: mustTrap(instruction) && isProcedure(mnemonic),
      system: isProcedure(mnemonic) ? { mnemonic, operands: new SystemInstruction(instruction) } : undefined,
      inPlace: Object.hasOwn(X87_PROCEDURES, mnemonic), recorded: InstructionEvaluator.isRecorded(mnemonic), eip: 0, stack32: false, evaluated: undefined,
    };
    if (known.size >= MOST_DECODED) known.clear();
    known.set(source.start, found);
    return found;
  }

  /** The fetch faults. */
  private refuse(failure: DecodeFailure): false {
    const { guest, source } = this;
    const { processor } = guest;
    if (failure === 'truncated') {
      processor.state[Word.CR2] = source.refusedLinear;
      processor.raise(Vector.PF, source.refusedError);
    } else processor.raise(failure === 'too-long' ? Vector.GP : Vector.UD, 0);
    guest.raiseFault();
    return false;
  }

  // ---- execution

  private execute(found: Decoded): boolean {
    const { guest } = this;
    const stepping = (guest.processor.state[Word.FLAG_SYSTEM] & Flag.TF) !== 0;
    if (!this.simulate(found)) {
      guest.raiseFault();
      return false;
    }
    guest.instructionCompleted(stepping && !guest.processor.diverted);
    return true;
  }

  /** False: it faulted, and the processor holds the fault. */
  private simulate(found: Decoded): boolean {
    const { interpreter, processor } = this.guest;
    const { system, instruction } = found;
    if (system === undefined) return found.recorded ? interpreter.interpretRecorded(this.evaluatedAt(found), instruction.repeat !== 'none') : processor.raise(Vector.UD, 0);
    if (!found.inPlace) return interpreter.interpretDecoded(system.mnemonic, system.operands);
    copyInPlace(this.memory.state, processor.state);
    const completed = interpreter.interpretDecoded(system.mnemonic, system.operands);
    copyInPlace(processor.state, this.memory.state);
    return completed;
  }

  /** The recording ready for the guest's EIP and stack; nearly always as it was the last time. */
  private evaluatedAt(found: Decoded): EvaluatedInstruction {
    const { state } = this.guest.processor;
    const eip = state[Word.EIP];
    const stack32 = (state[Word.ACCESS + Segment.SS] & Access.BIG) !== 0;
    if (found.evaluated !== undefined && found.eip === eip && found.stack32 === stack32) return found.evaluated;
    found.eip = eip;
    found.stack32 = stack32;
    found.evaluated = this.evaluator.prepare(found.instruction, eip, (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0, stack32);
    return found.evaluated;
  }
}
