import { CR0, Debug6, Debug7, Register, SYSTEM_PROCEDURES, SystemOperands, Word } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';
import type { GuestClock } from '../guest-clock.js';
import type { MonitorInstruction, ShadowCounters } from './shadow-counters.js';

const CR0_NUMBER = 0;
const CR3_NUMBER = 3;
const CR4_NUMBER = 4;
const DR6_NUMBER = 6;
const DR7_NUMBER = 7;
/** Encoded lengths; the VMM's instructions run from no memory, so they matter to nobody. */
const LENGTH = 3;

/** What the silicon's debug register gets: DR6 cleared; DR7 without GD, which would guard it from the VMM itself (the guest's uses trap anyway). */
function realDebugValue(number: number, value: number): number {
  if (number === DR6_NUMBER) return Debug6.FIXED_ONES;
  return number === DR7_NUMBER ? (value & ~Debug7.GD) | Debug7.FIXED_ONES : value;
}

/**
 * The VMM's own instructions on the silicon. Each is executed by its one definition, takes one unit of the machine's time and none of the guest's. They
 * use EAX: the guest's general registers must have been taken over, and are put back afterwards.
 */
export class MonitorInstructions {
  private readonly operands = new SystemOperands();

  constructor(private readonly machine: Machine, private readonly clock: GuestClock, private readonly counters: ShadowCounters) {}

  /** MOV CR3, EAX. */
  loadDirectory(physical: number): void { this.moveToControl(CR3_NUMBER, physical); }
  /** The same on silicon that hosts a deprivileged guest (`Mmu.hostGuest`): bit 0 of the value, which CR3 does not keep, says whose accesses ring 3 makes. */
  loadGuestDirectory(physical: number, isSupervisor: boolean): void {
    this.machine.processor.mmu.guestIsSupervisor = isSupervisor;
    this.moveToControl(CR3_NUMBER, physical);
  }
  /** MOV CR0, EAX if it is another value. */
  loadCr0(value: number): void {
    if (this.machine.processor.state[Word.CR0] !== value) this.moveToControl(CR0_NUMBER, value);
  }
  /** MOV CR0, EAX with PG, unless paging is on: turning it on empties the TLBs. */
  enablePaging(): void { this.loadCr0(this.machine.processor.state[Word.CR0] | CR0.PG); }
  /** MOV CR4, EAX. */
  loadCr4(value: number): void { this.moveToControl(CR4_NUMBER, value); }

  /** MOV DRn, EAX for those that differ; the guest's traps are told by DR6, which is cleared. */
  loadDebugRegisters(values: Int32Array): void {
    const { state } = this.machine.processor;
    for (let number = 0; number <= DR7_NUMBER; number++) {
      if (number > 3 && number < DR6_NUMBER) continue;
      const value = realDebugValue(number, values[number]);
      if (state[Word.DR + number] === value) continue;
      state[Register.EAX] = value;
      this.operands.target = number;
      this.operands.register = Register.EAX;
      this.execute('mov-to-dr');
    }
  }

  /** MOV Sreg, AX. */
  loadSegment(segment: number, selector: number): void {
    this.machine.processor.state[Register.EAX] = selector;
    this.operands.target = segment;
    this.operands.memory = false;
    this.operands.register = Register.EAX;
    this.execute('load-sreg');
  }

  /** INVLPG. */
  invalidatePage(linear: number): void {
    this.machine.processor.invalidatePage(linear);
    this.passTime('invlpg');
  }

  /** CALL to a RET in the page, through the mapping that the current tables have for just this purpose; the page's entry is in the code TLB then. */
  loadCodeTranslation(linear: number): void {
    if (this.machine.processor.mmu.fetch(linear, false) < 0) throw new Error('the VMM\'s call into a page that it mapped faulted');
    this.passTime('call');
    this.passTime('ret');
  }

  /** MOV EAX, [linear], past the guest's breakpoints; the page's entry is in the data TLB then. */
  loadDataTranslation(linear: number): void {
    if (!this.machine.processor.mmu.probe(linear, 1, false, false)) throw new Error('the VMM\'s read of a page that it mapped faulted');
    this.passTime('mov');
  }

  /** IRETD. */
  returnToGuest(): void { this.execute('iret'); }

  private moveToControl(number: number, value: number): void {
    this.machine.processor.state[Register.EAX] = value;
    this.operands.target = number;
    this.operands.register = Register.EAX;
    this.execute('mov-to-cr');
  }

  /** Throws when the instruction faults: that is a bug of ours. */
  private execute(mnemonic: Exclude<MonitorInstruction, 'invlpg' | 'call' | 'ret' | 'mov'>): void {
    const { operands } = this;
    const { processor } = this.machine;
    operands.operandSize = 32;
    operands.length = LENGTH;
    operands.nextEip = processor.state[Word.EIP];
    if (!SYSTEM_PROCEDURES[mnemonic](processor, operands)) {
      throw new Error(`the VMM's ${mnemonic} raised exception ${processor.faultVector}, error code ${processor.faultErrorCode}`);
    }
    this.passTime(mnemonic);
  }

  private passTime(mnemonic: MonitorInstruction): void {
    this.machine.processor.skip(1);
    this.clock.monitorInstructionRetired();
    this.counters.instructions[mnemonic]++;
  }
}
