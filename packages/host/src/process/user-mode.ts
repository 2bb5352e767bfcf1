import { CR0, Flag, Register, resetX87, Segment, STATE_WORDS, Vector, Word } from '@ringbench/isa';
import { PagingEntry, type Machine } from '@ringbench/machine';
import { GuestClock, HostContext, MonitorInstructions, openGates, ShadowCounters, takePage, UserSegments, type Allocator, type VmmCounters } from '@ringbench/vmm';
import { UserRegister } from '../abi/ptrace.js';
import { MAP_LIMIT } from '../abi/memory.js';
import type { Process } from './process.js';
import { FIRST_THREAD_SEGMENT, settleSelectors, THREAD_SEGMENTS, UserSelector } from './registers.js';
import { copyX87, loadX87 } from './x87-image.js';

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
const SELECTOR_SHIFT = 3;
export const SYSTEM_CALL_VECTOR = 0x80;
/** The timer's; the first vector that Intel leaves to software (SDM vol. 3, 6.2). */
export const TIMER_VECTOR = 0x20;
const OPEN_GATES = [Vector.BP, Vector.OF, SYSTEM_CALL_VECTOR] as const;
/** Words of the frame of a trap from ring 3, counted down from the top of the host's stack (SDM vol. 3, figure 6-4). */
const Frame = { SS: 1, ESP: 2, EFLAGS: 3, CS: 4, EIP: 5, ERROR: 6 } as const;
const LOW_WORD = 0xffff;
const CONTROLS = CR0.PE | CR0.PG | CR0.WP | CR0.NE | CR0.MP | CR0.ET;
/** So many invalidated pages are cheaper than loading CR3 anew (Linux's tlb_single_page_flush_ceiling). */
const MOST_INVALIDATIONS = 33;
/** Machine registers of the words of user_regs_struct. */
const GENERAL = [
  [UserRegister.EBX, Register.EBX], [UserRegister.ECX, Register.ECX], [UserRegister.EDX, Register.EDX], [UserRegister.ESI, Register.ESI], [UserRegister.EDI, Register.EDI],
  [UserRegister.EBP, Register.EBP], [UserRegister.EAX, Register.EAX],
] as const;
const SEGMENTS = [[UserRegister.DS, Segment.DS], [UserRegister.ES, Segment.ES], [UserRegister.FS, Segment.FS], [UserRegister.GS, Segment.GS]] as const;

/** What took the processor from a process. */
export interface TrapRecord {
  readonly vector: number;
  readonly errorCode: number;
  /** CR2. */
  readonly address: number;
}

/** The processor as the host gives it to processes: at ring 3, in their address spaces, until something traps or the timer comes. */
export class UserMode {
  readonly counters = new ShadowCounters();
  readonly host: HostContext;
  /** Machine-physical address of the page table for the last 4 MB of every space. */
  readonly kernelTable: number;
  private readonly clock: GuestClock;
  private readonly monitor: MonitorInstructions;
  private readonly descriptors: number;
  private readonly segments: UserSegments;
  /** Tables of no process, for when those of the last one are gone. */
  private readonly idleDirectory: number;
  private loadedDirectory = 0;
  private x87Owner: Process | undefined = undefined;
  private readonly threadSegments = new Int32Array(2 * THREAD_SEGMENTS);

  constructor(private readonly machine: Machine, allocator: Allocator, private readonly vmmCounters: VmmCounters) {
    this.clock = new GuestClock(() => machine.processor.now());
    this.monitor = new MonitorInstructions(machine, this.clock, this.counters);
    this.host = new HostContext(machine, allocator);
    this.descriptors = takePage(allocator);
    this.kernelTable = takePage(allocator);
    this.idleDirectory = takePage(allocator);
    this.mapWindow();
    this.host.relocate(MAP_LIMIT);
    this.segments = new UserSegments(machine, this.descriptors, this.host, { code: UserSelector.CODE, data: UserSelector.DATA });
    openGates(machine, this.host, OPEN_GATES);
    machine.processor.state[Word.GDTR_BASE] = (MAP_LIMIT + 2 * PAGE_BYTES) | 0;
    machine.processor.state[Word.GDTR_LIMIT] = UserSegments.LIMIT;
  }

  /** Instructions of processes so far. */
  get instructions(): number { return this.clock.now(); }

  /** Runs a process for so many instructions, or until it traps. */
  run(process: Process, instructions: number): void {
    this.enter(process);
    this.machine.armTimer(TIMER_VECTOR, this.machine.processor.now() + instructions);
    const stop = this.machine.run(Infinity);
    if (stop.kind !== 'trap-page') throw new Error(`the machine stopped under its host: ${stop.kind}`);
    this.vmmCounters.exits++;
    this.leave(process);
  }

  /** What took the processor, once `run` is back. */
  trap(): TrapRecord {
    return { vector: this.host.trappedVector(), errorCode: this.frameWord(Frame.ERROR), address: this.machine.processor.state[Word.CR2] >>> 0 };
  }

  /** Time passed in which nothing ran: the time-stamp counter went on. */
  idle(units: number): void {
    this.machine.processor.skip(units);
    this.clock.offset -= units;
  }

  /** Has the x87 words of a process where they can be read and changed. */
  takeX87(process: Process): Int32Array {
    if (this.x87Owner === process) {
      copyX87(this.machine.processor.state, process.x87);
      this.x87Owner = undefined;
    }
    return process.x87;
  }
  /** The x87 of a process as after FNINIT. */
  resetX87(process: Process): void {
    this.takeX87(process);
    const state = new Int32Array(STATE_WORDS);
    resetX87(state);
    copyX87(state, process.x87);
  }

  /** `SpaceServices.onChanged`. */
  translationsChanged(directory: number, pages: readonly number[]): void {
    if (directory !== this.loadedDirectory) return;
    if (pages.length > MOST_INVALIDATIONS) this.monitor.loadDirectory(directory);
    else for (const page of pages) this.monitor.invalidatePage(page | 0);
  }
  /** `SpaceServices.onFreed`. */
  directoryFreed(directory: number): void {
    if (directory !== this.loadedDirectory) return;
    this.loadedDirectory = this.idleDirectory;
    this.monitor.loadDirectory(this.idleDirectory);
  }

  // ---- to the process and back

  private enter(process: Process): void {
    const { machine, monitor, host } = this;
    const { registers } = process;
    if (this.loadedDirectory !== process.space.directory) {
      this.loadedDirectory = process.space.directory;
      monitor.loadDirectory(this.loadedDirectory);
    }
    monitor.loadCr0(CONTROLS);
    settleSelectors(registers, process.threadSegments);
    this.loadSegments(process);
    this.loadX87Of(process);
    const put = (position: number, value: number): void => { machine.memory.words[HostContext.wordIndex(host.frameAddress(position))] = value; };
    put(Frame.EIP, registers[UserRegister.EIP]);
    put(Frame.CS, registers[UserRegister.CS]);
    put(Frame.EFLAGS, registers[UserRegister.EFLAGS] | Flag.IF);
    put(Frame.ESP, registers[UserRegister.ESP]);
    put(Frame.SS, registers[UserRegister.SS]);
    const real = machine.processor.state;
    for (const [from, to] of GENERAL) real[to] = registers[from];
    real[Register.ESP] = host.framePointer(Frame.EIP);
    monitor.returnToGuest();
  }

  private leave({ registers }: Process): void {
    const real = this.machine.processor.state;
    for (const [to, from] of GENERAL) registers[to] = real[from];
    for (const [to, from] of SEGMENTS) registers[to] = real[Word.SELECTOR + from] & LOW_WORD;
    registers[UserRegister.EIP] = this.frameWord(Frame.EIP);
    registers[UserRegister.CS] = this.frameWord(Frame.CS) & LOW_WORD;
    registers[UserRegister.EFLAGS] = this.frameWord(Frame.EFLAGS);
    registers[UserRegister.ESP] = this.frameWord(Frame.ESP);
    registers[UserRegister.SS] = this.frameWord(Frame.SS) & LOW_WORD;
  }

  /** Thread segments into the descriptor table, then the registers that do not have what they should. */
  private loadSegments(process: Process): void {
    const { state } = this.machine.processor;
    let changed = 0;
    for (let word = 0; word < this.threadSegments.length; word++) {
      if (this.threadSegments[word] === process.threadSegments[word]) continue;
      this.threadSegments[word] = process.threadSegments[word];
      changed |= 1 << (word >> 1);
    }
    if (changed !== 0) for (let index = 0; index < THREAD_SEGMENTS; index++) this.segments.describe(FIRST_THREAD_SEGMENT + index, this.threadSegments[2 * index], this.threadSegments[2 * index + 1]);
    for (const [register, segment] of SEGMENTS) {
      const wanted = process.registers[register];
      const index = (wanted >>> SELECTOR_SHIFT) - FIRST_THREAD_SEGMENT;
      const isStale = index >= 0 && ((changed >>> index) & 1) !== 0;
      if (isStale || state[Word.SELECTOR + segment] !== wanted) this.monitor.loadSegment(segment, wanted);
    }
  }

  private loadX87Of(process: Process): void {
    if (this.x87Owner === process) return;
    const { state } = this.machine.processor;
    if (this.x87Owner !== undefined) copyX87(state, this.x87Owner.x87);
    loadX87(state, process.x87);
    this.x87Owner = process;
  }

  // ---- the host's tables

  private mapWindow(): void {
    const { words } = this.machine.memory;
    const window = [this.host.tables, this.host.trapAddress, this.descriptors];
    window.forEach((address, page) => (words[HostContext.wordIndex(this.kernelTable) + page] = address | PagingEntry.PRESENT | PagingEntry.WRITABLE));
    words[HostContext.wordIndex(this.idleDirectory) + PAGE_WORDS - 1] = this.kernelTable | PagingEntry.PRESENT | PagingEntry.WRITABLE;
  }
  private frameWord(position: number): number { return this.machine.memory.words[HostContext.wordIndex(this.host.frameAddress(position))]; }
}
