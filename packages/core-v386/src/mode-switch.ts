import { CR0, Register, SYSTEM_PROCEDURES, SystemOperands, V386Control, V386Event, V386Msr, V386Shadow, VECTORS_WITH_ERROR_CODE, Word, loadFloat } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';
import type { HostContext, PendingEvent, VirtualMachine, VirtualProcessor } from '@ringbench/vmm';
import { ExitFrame, type ControlBlock } from './control-block.js';

/** WRMSR's and IRET's encodings in 32-bit code; the VMM's own instructions run from no memory. */
const WRMSR_BYTES = 2;
const IRET_BYTES = 1;
const LAST_DEBUG_ADDRESS = 3;
/** Eight registers of three words (isa's Word.X87_REGISTERS). */
const X87_REGISTER_WORDS = 24;

/** Words that the mode does not swap and the VMM does not use: the guest's x87 unit. */
const IN_PLACE_WORDS: readonly (readonly [first: number, count: number])[] = [
  [Word.X87_CONTROL, Word.X87_FOP + 1 - Word.X87_CONTROL], [Word.X87_REGISTERS, X87_REGISTER_WORDS],
];
/** Model-specific registers, whose instructions the VMM interprets. */
const VIRTUAL_WORDS: readonly (readonly [first: number, count: number])[] = [[Word.SYSENTER_CS, 1], [Word.SYSENTER_ESP, 1], [Word.SYSENTER_EIP, 1]];

/** The world switch: moves the machine between the VMM and the guest in V386 mode, by the VMM's own WRMSR and IRET. */
export class ModeSwitch {
  private readonly operands = new SystemOperands();
  /** The guest's state was set from outside: the next entry writes all of it, not only what an interpreted instruction can change. */
  private isStateNew = true;

  constructor(
    private readonly machine: Machine,
    private readonly host: HostContext,
    private readonly block: ControlBlock,
    private readonly guest: VirtualMachine,
    secondLevelRoot: number,
  ) {
    const { state } = machine.processor;
    block.store('SECOND_LEVEL_ROOT', secondLevelRoot);
    state[Register.ECX] = V386Msr.CONTROL_BLOCK;
    state[Register.EAX] = block.address;
    state[Register.EDX] = 0;
    guest.clock.monitorInstructionRetired();
    this.execute('wrmsr', WRMSR_BYTES);
  }

  /** True while the guest has the processor. */
  get isGuestRunning(): boolean {
    return this.machine.processor.state[Word.IN_V386] !== 0;
  }

  /** Writes the whole guest state anew at the next entry: it was set from outside. */
  resetGuest(): void {
    this.isStateNew = true;
  }

  /** The guest's processor was reset: so are the registers that the mode leaves in place. */
  resetInPlace(): void {
    const { state } = this.machine.processor;
    const virtual = this.guest.processor.state;
    for (const [first, count] of IN_PLACE_WORDS) state.set(virtual.subarray(first, first + count), first);
    state.set(virtual.subarray(Word.DR, Word.DR + LAST_DEBUG_ADDRESS + 1), Word.DR);
    this.machine.processor.debugRegistersChanged();
    this.isStateNew = true;
  }

  /** A copy of the guest's processor state, running or not. */
  guestState(): Int32Array {
    const { processor: real } = this.machine;
    const { state: virtual } = this.guest.processor;
    if (this.isGuestRunning) real.settleResumption();
    const state = (this.isGuestRunning ? real.state : virtual).slice();
    for (const [first, count] of IN_PLACE_WORDS) state.set(real.state.subarray(first, first + count), first);
    for (const [first, count] of VIRTUAL_WORDS) state.set(virtual.subarray(first, first + count), first);
    return state;
  }

  /** Enters the guest with what is pending. The guest may exit again at once, while it takes the event. */
  enter(): void {
    const { block, guest, machine } = this;
    const { state } = machine.processor;
    // Before `writeTimes`, from where on guest time counts the IRET.
    machine.processor.faultsInARow = guest.processor.faultsInARow;
    if (this.isStateNew) block.saveGuest(guest.processor.state, state);
    else block.saveRegisters(guest.processor.state, state);
    this.isStateNew = false;
    const shadow = shadowOf(guest.processor);
    block.store('GUEST_SHADOW', shadow);
    this.writeEvent(guest.pending);
    guest.pending = undefined;
    this.writeTimes(guest.deadline, guest.awaitsInterruptWindow);
    state[Register.ESP] = this.host.frameAddress(ExitFrame.WORDS - ExitFrame.EIP);
    this.execute('iret', IRET_BYTES);
    // The shadow ends with the first instruction, which an exit during the entry precedes.
    if (!this.isGuestRunning) block.store('GUEST_SHADOW', shadow);
  }

  /** After an exit: takes the guest's state over and returns the reason. */
  takeExit(): number {
    const { block, guest } = this;
    block.loadGuest(guest.processor.state, this.machine.processor.state);
    guest.processor.faultsInARow = this.machine.processor.faultsInARow;
    const shadow = block.load('GUEST_SHADOW');
    guest.processor.interruptsInhibited = (shadow & (V386Shadow.INTERRUPTS | V386Shadow.DEBUG)) !== 0;
    guest.processor.debugInhibited = (shadow & V386Shadow.DEBUG) !== 0;
    guest.processor.state[Word.NMI_BLOCKED] = shadow & V386Shadow.NMI;
    guest.processor.state[Word.REPEATING] = shadow & V386Shadow.REPEATING;
    return block.exitReason;
  }

  private writeEvent(event: PendingEvent | undefined): void {
    const { block } = this;
    if (event === undefined) {
      block.store('ENTRY_EVENT', 0);
      return;
    }
    if (event.kind === 'interrupt') {
      block.store('ENTRY_EVENT', event.vector | V386Event.VALID);
      return;
    }
    const isProtected = (this.guest.processor.state[Word.CR0] & CR0.PE) !== 0;
    const hasErrorCode = isProtected && VECTORS_WITH_ERROR_CODE.includes(event.vector);
    block.store('ENTRY_EVENT', event.vector | V386Event.VALID | V386Event.EXCEPTION | (hasErrorCode ? V386Event.HAS_ERROR_CODE : 0));
    block.store('ENTRY_ERROR_CODE', event.errorCode);
  }

  /** The preemption timer gets the guest's next device deadline, and the guest's time-stamp counter runs on guest time. */
  private writeTimes(deadline: number, window: boolean): void {
    const { block, guest } = this;
    // Both count from the guest's first instruction, which follows the VMM's IRET.
    guest.clock.monitorInstructionRetired();
    const timer = deadline === Infinity ? 0 : V386Control.TIMER;
    if (timer !== 0) block.storeLong('DEADLINE', guest.clock.toMachineTime(deadline));
    const map = block.load('IO_BITMAP') === 0 ? 0 : V386Control.IO_BITMAP;
    block.store('CONTROLS', timer | map | (window ? V386Control.INTERRUPT_WINDOW : 0));
    block.storeLong('GUEST_TSC_OFFSET', guest.clock.offset + loadFloat(guest.processor.state, Word.TSC_OFFSET));
  }

  /** Executes one instruction of the VMM, which takes one unit of the machine's time. Throws when it faults: that is a bug of ours. */
  private execute(mnemonic: 'wrmsr' | 'iret', bytes: number): void {
    const { machine, operands } = this;
    const { processor } = machine;
    operands.operandSize = 32;
    operands.length = bytes;
    operands.nextEip = processor.state[Word.EIP];
    if (!SYSTEM_PROCEDURES[mnemonic](processor, operands)) {
      throw new Error(`the VMM's ${mnemonic} raised exception ${processor.faultVector}; entry check ${this.block.load('EXIT_QUALIFICATION')}`);
    }
    const { faultsInARow } = processor;
    processor.skip(1);
    processor.faultsInARow = faultsInARow;
  }
}

/** GUEST_SHADOW of a guest that does not run. */
function shadowOf({ interruptsInhibited, debugInhibited, state }: VirtualProcessor): number {
  const held = (interruptsInhibited ? V386Shadow.INTERRUPTS : 0) | (debugInhibited ? V386Shadow.DEBUG : 0);
  return held | (state[Word.NMI_BLOCKED] !== 0 ? V386Shadow.NMI : 0) | (state[Word.REPEATING] !== 0 ? V386Shadow.REPEATING : 0);
}
