import { Flag, Register, SYSTEM_PROCEDURES, SystemOperands, Word, type SystemMnemonic } from '@ringbench/isa';
import type { VirtualProcessor } from './virtual-processor.js';

const LOW_WORD = 0xffff;

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
    const shadowed = processor.interruptsInhibited;
    const debugShadowed = processor.debugInhibited;
    processor.interruptsInhibited = false;
    processor.debugInhibited = false;
    if (!SYSTEM_PROCEDURES[mnemonic](processor, operands)) {
      processor.interruptsInhibited = shadowed;
      processor.debugInhibited = debugShadowed;
      return false;
    }
    state[Word.FLAG_SYSTEM] &= ~Flag.RF;
    state[Word.REPEATING] = isLast ? 0 : 1;
    if (operands.repeated) this.countDown();
    return true;
  }

  private count(): number {
    const count = this.processor.state[Register.ECX];
    return this.operands.addressSize === 32 ? count : count & LOW_WORD;
  }
  private countDown(): void {
    const { state } = this.processor;
    const count = state[Register.ECX];
    state[Register.ECX] = this.operands.addressSize === 32 ? count - 1 : (count & ~LOW_WORD) | ((count - 1) & LOW_WORD);
  }
}
