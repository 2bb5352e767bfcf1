import { Flag, Register, SYSTEM_PROCEDURES, SystemOperands, Word, type SystemMnemonic } from '@ringbench/isa';
import type { EvaluatedInstruction, SystemInstruction } from '@ringbench/interpreter';
import type { VirtualProcessor } from './virtual-processor.js';

const LOW_WORD = 0xffff;
/** Value of RESUMED_AT that no load of RF leaves: the virtual processor's BUDGET is always zero. */
const RESUMED_BEFORE = -1;

/**
 * The Interpreter (slide "Components of a VMM"): simulates the effect of the instruction which trapped. Its routines, one per instruction, are the
 * instruction's only definition, isa's system procedures, here run on the guest's virtual processor.
 */
export class Interpreter {
  /** The decoded instruction; the core fills in what the routine reads before it calls `interpret`. `nextEip` is set here. */
  readonly operands = new SystemOperands();
  private wasInhibited = false;
  private wasDebugInhibited = false;

  constructor(private readonly processor: VirtualProcessor) {}

  /**
   * Interprets one instruction at the virtual EIP, of a repeated string instruction one iteration. True: it is complete. False: it faulted, the
   * processor holds the fault and is otherwise unchanged. EIP does not wrap in 16-bit code either: running past the segment's end is a fault (80386 manual, 14.7).
   */
  interpret(mnemonic: SystemMnemonic): boolean {
    const { processor, operands } = this;
    const { state } = processor;
    const eip = state[Word.EIP];
    const isLast = !operands.repeated || this.count() === 1;
    operands.nextEip = isLast ? (eip + operands.length) | 0 : eip;
    return this.execute(mnemonic, operands, isLast);
  }

  /** The same for an instruction that the VMM decoded itself; its repetition with a count of zero is complete at once. */
  interpretDecoded(mnemonic: SystemMnemonic, instruction: SystemInstruction): boolean {
    const { state } = this.processor;
    const { operands } = instruction;
    const eip = state[Word.EIP];
    const repetition = instruction.prepare(state, eip, (eip + operands.length) | 0);
    if (repetition !== 'none') return this.execute(mnemonic, operands, operands.nextEip !== eip);
    this.begin();
    state[Word.EIP] = operands.nextEip;
    this.settleInstruction(true);
    return true;
  }

  /**
   * One instruction whose meaning is recorded; of a repeated one an iteration, after which its recording has said whether more follow. The same otherwise.
   */
  interpretRecorded({ evaluation, parameters }: EvaluatedInstruction, isRepeated: boolean): boolean {
    const { state } = this.processor;
    this.begin();
    const ending = evaluation(parameters);
    if (ending === 'left') throw new Error('the recording of an instruction leaves to a system procedure that does not exist');
    if (ending === 'faulted') return this.takeBack();
    this.settleInstruction(!isRepeated || state[Word.REPEATING] === 0);
    return true;
  }

  private execute(mnemonic: SystemMnemonic, operands: SystemOperands, isLast: boolean): boolean {
    const { processor } = this;
    this.begin();
    if (!SYSTEM_PROCEDURES[mnemonic](processor, operands)) return this.takeBack();
    this.settleInstruction(isLast);
    if (operands.repeated) this.countDown(operands);
    return true;
  }

  /** The shadow of the instruction before this one ends, unless this one faults. */
  private begin(): void {
    const { processor } = this;
    this.wasInhibited = processor.interruptsInhibited;
    this.wasDebugInhibited = processor.debugInhibited;
    processor.interruptsInhibited = false;
    processor.debugInhibited = false;
    processor.diverted = false;
    processor.state[Word.RESUMED_AT] = RESUMED_BEFORE;
  }
  private takeBack(): false {
    this.processor.interruptsInhibited = this.wasInhibited;
    this.processor.debugInhibited = this.wasDebugInhibited;
    return false;
  }

  /** RF held for this instruction, unless it loaded a new one: what loads RF notes it (`Word.RESUMED_AT`). */
  private settleInstruction(isLast: boolean): void {
    const { state } = this.processor;
    if (state[Word.RESUMED_AT] === RESUMED_BEFORE) state[Word.FLAG_SYSTEM] &= ~Flag.RF;
    state[Word.REPEATING] = isLast ? 0 : 1;
  }

  private count(): number {
    const count = this.processor.state[Register.ECX];
    return this.operands.addressSize === 32 ? count : count & LOW_WORD;
  }
  private countDown({ addressSize }: SystemOperands): void {
    const { state } = this.processor;
    const count = state[Register.ECX];
    state[Register.ECX] = addressSize === 32 ? count - 1 : (count & ~LOW_WORD) | ((count - 1) & LOW_WORD);
  }
}
