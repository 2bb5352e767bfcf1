import { Flag, Register, SYSTEM_PROCEDURES, SystemOperands, Word, type SystemMnemonic } from '@ringbench/isa';
import type { SystemInstruction } from '@ringbench/interpreter';
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

  constructor(private readonly processor: VirtualProcessor) {}

  /**
   * Interprets one instruction at the virtual EIP, of a repeated string instruction one iteration. True: it is complete. False: it faulted, the
   * processor holds the fault and is otherwise unchanged. `wideCode`: the code segment is a 32-bit one.
   */
  interpret(mnemonic: SystemMnemonic, wideCode: boolean): boolean {
    const { processor, operands } = this;
    const { state } = processor;
    const eip = state[Word.EIP];
    const next = eip + operands.length;
    const isLast = !operands.repeated || this.count() === 1;
    operands.nextEip = isLast ? (wideCode ? next | 0 : next & LOW_WORD) : eip;
    return this.execute(mnemonic, operands, isLast);
  }

  /** The same for an instruction that the VMM decoded itself; its repetition with a count of zero is complete at once. */
  interpretDecoded(mnemonic: SystemMnemonic, instruction: SystemInstruction, wideCode: boolean): boolean {
    const { state } = this.processor;
    const { operands } = instruction;
    const eip = state[Word.EIP];
    const next = eip + operands.length;
    const repetition = instruction.prepare(state, eip, wideCode ? next | 0 : next & LOW_WORD);
    if (repetition !== 'none') return this.execute(mnemonic, operands, operands.nextEip !== eip);
    state[Word.EIP] = operands.nextEip;
    this.settleInstruction(true);
    this.processor.interruptsInhibited = false;
    this.processor.debugInhibited = false;
    return true;
  }

  private execute(mnemonic: SystemMnemonic, operands: SystemOperands, isLast: boolean): boolean {
    const { processor } = this;
    const { state } = processor;
    const shadowed = processor.interruptsInhibited;
    const debugShadowed = processor.debugInhibited;
    processor.interruptsInhibited = false;
    processor.debugInhibited = false;
    processor.diverted = false;
    state[Word.RESUMED_AT] = RESUMED_BEFORE;
    if (!SYSTEM_PROCEDURES[mnemonic](processor, operands)) {
      processor.interruptsInhibited = shadowed;
      processor.debugInhibited = debugShadowed;
      return false;
    }
    this.settleInstruction(isLast);
    if (operands.repeated) this.countDown(operands);
    return true;
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
