import { Access, composeFlags, CR0, CR4, Debug7, Feature, Flag, hasInstructionBreakpoints, hasPortPrivilege, Register, Segment, storeArithmeticFlags, Word } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';
import { HostContext } from '../host-context.js';
import type { VirtualMachine } from '../virtual-machine.js';
import type { AddressSpaces } from './address-spaces.js';
import type { MonitorInstructions } from './monitor-instructions.js';
import { isVirtual8086, type ShadowSegments } from './shadow-segments.js';

const GENERAL_REGISTERS = 8;
const USER_LEVEL = 3;
/** Words of the frame of a trap from ring 3, counted down from the top of the VMM's stack (SDM vol. 3, figure 6-4), and of one from virtual-8086 mode (figure 20-3). */
const Frame = { SS: 1, ESP: 2, EFLAGS: 3, CS: 4, EIP: 5, ERROR: 6 } as const;
const Frame8086 = { GS: 1, FS: 2, DS: 3, ES: 4, SHIFT: 4 } as const;
/** EFLAGS that a guest can change without a trap where sensitive instructions do not trap; where they do, only DF. */
const UNPRIVILEGED_FLAGS = Flag.DF | Flag.TF | Flag.NT | Flag.AC | Flag.ID;
/** Control-register bits of the guest's that the silicon obeys: what traps x87 instructions. */
const FLOATING_POINT = CR0.MP | CR0.EM | CR0.TS | CR0.NE;
const X87_REGISTER_WORDS = 24;
/** Marks a selector that the x87 unit holds as one of the guest's own; whatever the unit or the guest stores there has 16 bits. */
const GUESTS_SELECTOR = 1 << 31;
/** Words of the guest's that stay on the silicon: its x87 unit. */
const IN_PLACE: readonly (readonly [first: number, count: number])[] = [
  [Word.X87_CONTROL, Word.X87_FOP + 1 - Word.X87_CONTROL], [Word.X87_REGISTERS, X87_REGISTER_WORDS],
];

/** Copies those words from one processor's state to another's. */
export function copyInPlace(from: Int32Array, to: Int32Array): void {
  for (const [first, count] of IN_PLACE) for (let word = first; word < first + count; word++) to[word] = from[word];
}

/**
 * The world switch of a deprivileged guest: VMM to guest by IRET to ring 3, guest to VMM by whatever traps. The guest's own privileged state is the virtual
 * processor's; the silicon holds what its instructions compute with.
 */
export class WorldSwitch {
  /** The silicon runs the guest in virtual-8086 mode, as it does all real-mode code that it runs. */
  private isVirtual8086 = false;
  /** Machine time of the guest's first instruction after the last entry. */
  private enteredAt = 0;
  /** EIP of that instruction. */
  private enteredEip = 0;
  /** What comes next is an instruction that was begun already, past its breakpoints. */
  private isRestart = false;

  constructor(
    private readonly machine: Machine, private readonly host: HostContext, private readonly guest: VirtualMachine, private readonly monitor: MonitorInstructions,
    private readonly segments: ShadowSegments, private readonly spaces: AddressSpaces, private readonly runsProgramsDirectly: boolean,
    /** POPF traps or is a breakpoint, so that only the VMM sets the guest's trap flag. */
    private readonly ownsTrapFlag: boolean,
  ) {
    // Where there are time stamps, RDTSC must trap: the machine's time is not the guest's.
    if ((machine.processor.state[Word.FEATURES] & Feature.I586) !== 0) monitor.loadCr4(CR4.TSD);
  }

  /** True while the guest has the processor. */
  get isGuestRunning(): boolean { return this.machine.processor.state[Word.CPL] === USER_LEVEL; }

  /** Error code of the trap, of a vector that has one. */
  get errorCode(): number { return this.frameWord(Frame.ERROR); }

  /** True when the guest completed an instruction since it was entered. */
  get hasAdvanced(): boolean { return this.machine.processor.now() !== this.enteredAt; }

  /** EIP of the one instruction that the guest completed since it was entered; undefined where they were more or none. */
  get soleInstruction(): number | undefined { return this.machine.processor.now() - this.enteredAt === 1 ? this.enteredEip : undefined; }

  /** The trap was the monitor's affair: the instruction starts over as if nothing had been. */
  restart(): void { this.isRestart = true; }

  /** False where the silicon cannot run the guest at ring 3 as it is: its instruction is to be interpreted. */
  get canEnter(): boolean { return this.segments.haveMode; }

  /** Enters the guest, which must be fit for it. Its EIP must be within its code segment. */
  enter(): void {
    const { machine, guest, monitor } = this;
    const real = machine.processor.state;
    const virtual = guest.processor.state;
    this.spaces.activate();
    this.host.openPorts(hasPortPrivilege(virtual));
    this.host.openDebugGate(this.mayDebugTrap);
    monitor.loadCr0(CR0.PE | this.spaces.pagingControls | (real[Word.CR0] & CR0.ET) | (virtual[Word.CR0] & FLOATING_POINT) | (virtual[Word.CPL] === USER_LEVEL ? virtual[Word.CR0] & CR0.AM : 0));
    monitor.loadDebugRegisters(virtual.subarray(Word.DR, Word.DR + 8));
    const was8086 = this.isVirtual8086;
    this.isVirtual8086 = isVirtual8086(virtual) || (virtual[Word.CR0] & CR0.PE) === 0;
    // A trap from virtual-8086 mode leaves null selectors in the data segments.
    if (!this.isVirtual8086) this.segments.load(monitor, was8086);
    const stack = this.writeFrame();
    for (let register = 0; register < GENERAL_REGISTERS; register++) if (register !== Register.ESP) real[register] = virtual[register];
    real[Register.ESP] = stack;
    real[Word.X87_FCS] |= GUESTS_SELECTOR;
    real[Word.X87_FDS] |= GUESTS_SELECTOR;
    this.enteredEip = virtual[Word.EIP];
    monitor.returnToGuest();
    this.enteredAt = machine.processor.now();
    this.isRestart = false;
  }

  /**
   * Whether debug exceptions may come from anything but INT1: from breakpoints, or single steps, which programs that run directly can begin without a trap. Where they
   * do not, the gate is closed, so that INT1 faults at its first byte, which nothing behind it would tell: it may have prefixes.
   */
  private get mayDebugTrap(): boolean {
    const { state } = this.guest.processor;
    return !this.ownsTrapFlag || (state[Word.FLAG_SYSTEM] & Flag.TF) !== 0 || (state[Word.DR + 7] & Debug7.ARMED) !== 0 || (this.runsProgramsDirectly && state[Word.CPL] === USER_LEVEL);
  }

  /** Lays out what IRET pops; the stack pointer for it. */
  private writeFrame(): number {
    const { guest, host } = this;
    const { state, debugInhibited } = guest.processor;
    const shift = this.isVirtual8086 ? Frame8086.SHIFT : 0;
    // An instruction in the shadow of a MOV SS meets no breakpoint (SDM vol. 3, 6.8.3); nor does one again that starts over.
    const skips = this.isRestart || state[Word.REPEATING] !== 0 || (debugInhibited && hasInstructionBreakpoints(state));
    const flags = (composeFlags(state) & ~(Flag.IOPL | Flag.VM)) | Flag.IF | (this.isVirtual8086 ? Flag.VM : 0) | (skips ? Flag.RF : 0);
    const put = (position: number, value: number): void => { this.machine.memory.words[HostContext.wordIndex(host.frameAddress(position))] = value; };
    put(Frame.EIP + shift, state[Word.EIP]);
    put(Frame.EFLAGS + shift, flags);
    put(Frame.ESP + shift, state[Register.ESP]);
    if (this.isVirtual8086) {
      put(Frame.CS + shift, state[Word.SELECTOR + Segment.CS]);
      put(Frame.SS + shift, state[Word.SELECTOR + Segment.SS]);
      put(Frame8086.ES, state[Word.SELECTOR + Segment.ES]);
      put(Frame8086.DS, state[Word.SELECTOR + Segment.DS]);
      put(Frame8086.FS, state[Word.SELECTOR + Segment.FS]);
      put(Frame8086.GS, state[Word.SELECTOR + Segment.GS]);
    } else {
      put(Frame.CS, this.segments.selectorOf(Segment.CS));
      put(Frame.SS, this.segments.selectorOf(Segment.SS));
    }
    if (this.isVirtual8086 || (state[Word.ACCESS + Segment.SS] & Access.BIG) !== 0) return host.framePointer(Frame.EIP + shift);
    const { selector, pointer } = host.stackFor(state[Register.ESP], Frame.EIP);
    this.monitor.loadSegment(Segment.SS, selector);
    return pointer;
  }

  private frameWord(position: number): number {
    const shift = this.isVirtual8086 ? Frame8086.SHIFT : 0;
    return this.machine.memory.words[HostContext.wordIndex(this.host.frameAddress(position + shift))];
  }

  /** After a trap: takes the guest's state over into the virtual processor. `interrupted`: between two instructions, by an interrupt. */
  takeExit(interrupted: boolean): void {
    const { processor } = this.guest;
    const { state } = processor;
    const real = this.machine.processor.state;
    for (let register = 0; register < GENERAL_REGISTERS; register++) state[register] = real[register];
    state[Register.ESP] = this.frameWord(Frame.ESP);
    state[Word.EIP] = this.frameWord(Frame.EIP);
    const flags = this.frameWord(Frame.EFLAGS);
    this.takeFlags(state, flags);
    this.translateSelectors(real);
    if (this.runsProgramsDirectly && !this.isVirtual8086 && state[Word.CPL] === USER_LEVEL) this.segments.takeLoads(processor, real, this.frameWord(Frame.SS));
    if (!this.hasAdvanced) return;
    processor.interruptsInhibited = false;
    processor.debugInhibited = false;
    // RF in the image of an interrupt that comes when instructions were completed: between two iterations of a string instruction (SDM vol. 3, 17.3.1.1).
    state[Word.REPEATING] = interrupted && (flags & Flag.RF) !== 0 ? 1 : 0;
  }

  /**
   * The x87 unit notes the selectors of CS and of the operand's segment (SDM vol. 1, 8.1.8), which are those of the shadow descriptors: they become the
   * guest's. Those that the unit has not noted since the entry still have their mark, and are the guest's whatever their value; so are those that FRSTOR and its
   * kin have loaded, which shows in the selector of CS, for the unit notes it whenever it notes the other. FNSTENV and its kin without a trap since the
   * instruction that they tell of still show the others (docs/decisions/0012-deprivileged-guests.md).
   */
  private translateSelectors(words: Int32Array): void {
    const isNoted = !this.isVirtual8086 && words[Word.X87_FCS] === this.host.shadowSelector(Segment.CS);
    words[Word.X87_FCS] = isNoted ? this.guest.processor.state[Word.SELECTOR + Segment.CS] : words[Word.X87_FCS] & ~GUESTS_SELECTOR;
    words[Word.X87_FDS] = isNoted ? this.guestSelector(words[Word.X87_FDS]) : words[Word.X87_FDS] & ~GUESTS_SELECTOR;
  }
  private guestSelector(word: number): number {
    for (let segment = 0; segment <= Segment.GS; segment++) if (word === this.host.shadowSelector(segment)) return this.guest.processor.state[Word.SELECTOR + segment];
    return word & ~GUESTS_SELECTOR;
  }

  private takeFlags(state: Int32Array, flags: number): void {
    storeArithmeticFlags(state, flags);
    state[Word.FLAG_SYSTEM] = (state[Word.FLAG_SYSTEM] & ~UNPRIVILEGED_FLAGS) | (flags & UNPRIVILEGED_FLAGS);
    // A fault's image has RF set; the guest's own was for its first instruction.
    if (this.hasAdvanced) state[Word.FLAG_SYSTEM] &= ~Flag.RF;
  }

  /** A copy of the guest's processor state, running or not. */
  guestState(): Int32Array {
    const real = this.machine.processor.state;
    const state = this.guest.processor.state.slice();
    if (this.isGuestRunning) {
      for (let register = 0; register < GENERAL_REGISTERS; register++) state[register] = real[register];
      state[Word.EIP] = real[Word.EIP];
      this.takeFlags(state, composeFlags(real));
    }
    copyInPlace(real, state);
    if (this.isGuestRunning) this.translateSelectors(state);
    return state;
  }

  /** The guest's processor was reset: so is what of it stays on the silicon. */
  resetInPlace(): void {
    copyInPlace(this.guest.processor.state, this.machine.processor.state);
  }
}
