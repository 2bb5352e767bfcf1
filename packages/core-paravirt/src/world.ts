import { composeFlags, CR0, Flag, Register, Segment, storeArithmeticFlags, Word } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';
import { HostContext, type MonitorInstructions } from '@ringbench/vmm';
import type { ParavirtCounters } from './counters.js';
import { GuestSelector } from './interface.js';
import type { Mode, Spaces } from './spaces.js';
import type { VirtualRegisters } from './virtual-registers.js';

const GENERAL_REGISTERS = 8;
const USER_LEVEL = 3;
const PRIVILEGE_BITS = 3;
const WORD_BYTES = 4;
const LOW_WORD = 0xffff;
/** Words of the frame of a trap from ring 3, counted down from the top of the monitor's stack (SDM vol. 3, figure 6-4). */
const Frame = { SS: 1, ESP: 2, EFLAGS: 3, CS: 4, EIP: 5, ERROR: 6 } as const;
/** Words of the frame that the guest's kernel gets, and of the one by which it returns. */
const UPCALL_WORDS = 7;
const RETURN_WORDS = 5;
/** What a return may set; IF of the image is the virtual register. */
const GUEST_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.TF | Flag.DF | Flag.OF | Flag.NT | Flag.RF | Flag.AC | Flag.ID;
/** x87 errors are exceptions; supervisor writes do not matter at ring 3. */
const CONTROLS = CR0.PE | CR0.PG | CR0.WP | CR0.NE | CR0.MP | CR0.ET;

/**
 * The guest's processor: which of its two modes runs, its registers while the monitor has the silicon, and the ways between: entry by the monitor's IRET, exit by a
 * trap, the kernel entered by a frame on its stack, the return by a frame.
 */
export class World {
  mode: Mode = 'kernel';
  readonly general = new Int32Array(GENERAL_REGISTERS);
  eip = 0;
  private eflags: number = Flag.FIXED;
  private stackSelector: number = GuestSelector.USER_DATA;
  /** The guest did not trap by itself: its host took the processor, or the monitor had a page to give. It must not find out. */
  isUnnoticed = false;
  /** Why the guest cannot go on; undefined while it can. */
  problem: string | undefined = undefined;

  constructor(
    private readonly machine: Machine, private readonly host: HostContext, private readonly monitor: MonitorInstructions, private readonly spaces: Spaces,
    private readonly registers: VirtualRegisters, private readonly counters: ParavirtCounters,
  ) {}

  get isGuestRunning(): boolean { return this.machine.processor.state[Word.CPL] === USER_LEVEL; }
  /** Error code of the trap, of a vector that has one. */
  get errorCode(): number { return this.frameWord(Frame.ERROR); }

  /** The machine's start: kernel mode at `entry`, flat segments, everything else zero. */
  start(entry: number): void {
    this.mode = 'kernel';
    this.general.fill(0);
    this.eip = entry | 0;
    this.eflags = Flag.FIXED;
    this.problem = undefined;
    this.spaces.activate('kernel');
    this.monitor.loadCr0(CONTROLS);
    for (const segment of [Segment.DS, Segment.ES]) this.monitor.loadSegment(segment, GuestSelector.USER_DATA);
    for (const segment of [Segment.FS, Segment.GS]) this.monitor.loadSegment(segment, 0);
  }

  /** Enters the guest. */
  enter(): void {
    const { machine, monitor, registers, host } = this;
    this.spaces.activate(this.mode);
    monitor.loadCr0(CONTROLS | (this.mode === 'user' && registers.load('X87_TRAP') !== 0 ? CR0.TS : 0));
    const put = (position: number, value: number): void => { machine.memory.words[HostContext.wordIndex(host.frameAddress(position))] = value; };
    put(Frame.EIP, this.eip);
    put(Frame.CS, GuestSelector.USER_CODE);
    put(Frame.EFLAGS, this.eflags | Flag.IF);
    put(Frame.ESP, this.general[Register.ESP]);
    put(Frame.SS, GuestSelector.USER_DATA);
    const real = machine.processor.state;
    real.set(this.general, Register.EAX);
    real[Register.ESP] = host.framePointer(Frame.EIP);
    monitor.returnToGuest();
  }

  /** After a trap: takes the guest's state over. */
  takeExit(): void {
    this.isUnnoticed = false;
    const real = this.machine.processor.state;
    this.general.set(real.subarray(Register.EAX, Register.EAX + GENERAL_REGISTERS));
    this.general[Register.ESP] = this.frameWord(Frame.ESP);
    this.eip = this.frameWord(Frame.EIP);
    this.eflags = (this.frameWord(Frame.EFLAGS) & GUEST_FLAGS) | Flag.FIXED;
    this.stackSelector = this.frameWord(Frame.SS) & LOW_WORD;
  }

  /** Enters the guest's kernel: pushes a frame on its stack and clears its interrupt flag. A kernel without a stack ends the guest. */
  upcall(vector: number, errorCode: number): void {
    const { registers, general } = this;
    const top = this.mode === 'user' ? registers.load('KERNEL_STACK') : general[Register.ESP];
    const image = this.eflags | (registers.load('INTERRUPTS') === 0 ? 0 : Flag.IF);
    const selector = this.mode === 'user' ? GuestSelector.USER_CODE : GuestSelector.KERNEL_CODE;
    const bottom = (top - UPCALL_WORDS * WORD_BYTES) | 0;
    if (!this.storeWords(bottom, [vector, errorCode, this.eip, selector, image, general[Register.ESP], this.stackSelector])) {
      this.problem = `no room for the frame of vector ${vector} on the kernel's stack at ${(top >>> 0).toString(16)}`;
      return;
    }
    this.counters.upcalls++;
    registers.store('INTERRUPTS', 0);
    this.mode = 'kernel';
    this.eip = registers.load('KERNEL_ENTRY') | 0;
    this.eflags = Flag.FIXED;
    general[Register.ESP] = bottom;
  }

  /** The kernel returns by the frame at its stack pointer: EIP, CS, EFLAGS, ESP, SS, of which CS says the mode and SS nothing. */
  returnByFrame(): void {
    const words = this.loadWords(this.general[Register.ESP], RETURN_WORDS);
    if (words === undefined) {
      this.problem = `the kernel returned by a frame at ${(this.general[Register.ESP] >>> 0).toString(16)}, where it has nothing`;
      return;
    }
    const [eip, code, flags, stack] = words;
    this.counters.returns++;
    this.mode = (code & PRIVILEGE_BITS) === USER_LEVEL ? 'user' : 'kernel';
    this.eip = eip;
    this.eflags = (flags & GUEST_FLAGS) | Flag.FIXED;
    this.general[Register.ESP] = stack;
    this.registers.store('INTERRUPTS', (flags & Flag.IF) === 0 ? 0 : 1);
  }

  /** A page fault of the monitor's making, not of the guest's (`Spaces.supply`). */
  supplyPage(linear: number, write: boolean): boolean {
    this.isUnnoticed = this.spaces.supply(this.mode, linear, write);
    return this.isUnnoticed;
  }

  /** Two bytes at the guest's EIP, low one first, or -1. */
  opcode(): number {
    const [low, high] = [this.spaces.reach(this.eip, false), this.spaces.reach((this.eip + 1) | 0, false)];
    if (low === undefined || high === undefined) return -1;
    const { mmu } = this.machine.processor;
    return mmu.readPhysical(low >>> 0, 1)[0] | (mmu.readPhysical(high >>> 0, 1)[0] << 8);
  }

  /** A copy of the guest's processor state, running or not. */
  state(): Int32Array {
    const state = this.machine.processor.state.slice();
    const flags = this.isGuestRunning ? composeFlags(state) : this.eflags;
    if (!this.isGuestRunning) {
      state.set(this.general, Register.EAX);
      state[Word.EIP] = this.eip;
      storeArithmeticFlags(state, flags);
    }
    state[Word.FLAG_SYSTEM] = (flags & (Flag.TF | Flag.DF | Flag.NT | Flag.AC | Flag.ID)) | (this.registers.load('INTERRUPTS') === 0 ? 0 : Flag.IF);
    state[Word.CPL] = this.mode === 'user' ? USER_LEVEL : 0;
    return state;
  }

  private loadWords(linear: number, count: number): readonly number[] | undefined {
    const words: number[] = [];
    for (let index = 0; index < count; index++) {
      const at = (linear + index * WORD_BYTES) | 0;
      const address = at % WORD_BYTES === 0 ? this.spaces.reach(at, false) : undefined;
      if (address === undefined) return undefined;
      words.push(this.machine.memory.words[HostContext.wordIndex(address >>> 0)]);
    }
    return words;
  }

  /** All or nothing; the stack must be aligned. */
  private storeWords(linear: number, values: readonly number[]): boolean {
    if (linear % WORD_BYTES !== 0) return false;
    const addresses = values.map((_, index) => this.spaces.reach((linear + index * WORD_BYTES) | 0, true));
    const reached = addresses.filter((address) => address !== undefined);
    if (reached.length < values.length) return false;
    reached.forEach((address, index) => this.machine.processor.mmu.storePhysical(address, values[index]));
    return true;
  }

  private frameWord(position: number): number {
    return this.machine.memory.words[HostContext.wordIndex(this.host.frameAddress(position))];
  }
}
