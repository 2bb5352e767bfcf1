import { Access, CR0, decode, Flag, Segment, SILICON_EVENTS, SYSTEM_PROCEDURES, Word, type ByteSource, type Instruction, type SystemMnemonic } from '@ringbench/isa';
import { SystemInstruction } from '@ringbench/interpreter';
import { PageWalker, Region, type MachineMemory } from '@ringbench/machine';
import type { VirtualMachine } from '../virtual-machine.js';

const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const OFFSET_MASK = PAGE_BYTES - 1;
const USER_LEVEL = 3;
const MOST_DECODED = 1 << 14;
/** Neither privileged nor on the list of sensitive ones, but made to trap by the monitor's tables and control bits: gates of ring 0, TSD, PCE. */
const MADE_TO_TRAP = new Set(['int3', 'into', 'rdtsc', 'rdpmc']);

interface Decoded {
  readonly mnemonic: SystemMnemonic;
  readonly instruction: SystemInstruction;
  readonly bytes: Uint8Array;
}

const isProcedure = (mnemonic: string): mnemonic is SystemMnemonic => Object.hasOwn(SYSTEM_PROCEDURES, mnemonic);

/** True when a deprivileged guest's instruction can have trapped because the guest is deprivileged. */
function isInterpreted({ row }: Instruction): boolean {
  const { privileged, ioSensitive, sensitive } = row.traits;
  return privileged === true || ioSensitive === true || sensitive !== undefined || MADE_TO_TRAP.has(row.mnemonic);
}

/** Finds the instruction at which a guest trapped and has the Interpreter simulate it. */
export class TrappedInstructions {
  /** Instructions by machine address, with their bytes: memory may have changed since. Separately for 16- and 32-bit code. */
  private readonly decoded: readonly Map<number, Decoded>[] = [new Map(), new Map()];
  private readonly source: GuestCode;

  constructor(memory: MachineMemory, private readonly guest: VirtualMachine) {
    this.source = new GuestCode(memory, guest);
  }

  /** Interprets the instruction at the guest's EIP. False, and nothing was done, when it is none that the monitor has to interpret: its fault is the guest's own. */
  interpret(): boolean {
    const { guest } = this;
    const { state } = guest.processor;
    const wideCode = (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
    const found = this.find(wideCode);
    if (found === undefined) return false;
    const stepping = (state[Word.FLAG_SYSTEM] & Flag.TF) !== 0;
    if (guest.interpreter.interpretDecoded(found.mnemonic, found.instruction, wideCode)) guest.instructionCompleted(stepping && !guest.processor.diverted);
    else guest.raiseFault();
    return true;
  }

  /**
   * True when the guest, in real mode, writes or may write through CS. Real mode allows it; the 16-bit protected-mode segments in which the silicon runs
   * real-mode code that virtual-8086 mode cannot run do not.
   */
  storesThroughCode(): boolean {
    const { state } = this.guest.processor;
    if ((state[Word.CR0] & CR0.PE) !== 0 || !this.source.begin()) return false;
    const instruction = decode(this.source, 0, { code32: false, features: state[Word.FEATURES] });
    return typeof instruction !== 'string' && instruction.operands.some((operand) => operand.kind === 'memory' && operand.segment === Segment.CS);
  }

  private find(wideCode: boolean): Decoded | undefined {
    const { source } = this;
    const known = this.decoded[wideCode ? 1 : 0];
    if (!source.begin()) return undefined;
    const decoded = known.get(source.start);
    if (decoded !== undefined && source.holds(decoded.bytes)) return decoded;
    const instruction = decode(source, 0, { code32: wideCode, features: this.guest.processor.state[Word.FEATURES] });
    if (typeof instruction === 'string' || !isInterpreted(instruction) || !isProcedure(instruction.row.mnemonic)) return undefined;
    const found = { mnemonic: instruction.row.mnemonic, instruction: new SystemInstruction(instruction), bytes: source.take(instruction.length) };
    if (known.size >= MOST_DECODED) known.clear();
    known.set(source.start, found);
    return found;
  }
}

/** The bytes at a guest's EIP. */
class GuestCode implements ByteSource {
  /** Host address of the first byte. */
  start = 0;
  private second = -1;
  private linear = 0;
  private readonly walker: PageWalker;

  constructor(private readonly memory: MachineMemory, private readonly guest: VirtualMachine) {
    this.walker = new PageWalker({ state: guest.processor.state, counts: new Float64Array(SILICON_EVENTS.length) }, guest.memory);
  }

  /** False when the guest's tables map nothing there. */
  begin(): boolean {
    const { state } = this.guest.processor;
    this.linear = (state[Word.BASE + Segment.CS] + state[Word.EIP]) | 0;
    this.second = -1;
    this.start = this.hostOf(this.linear);
    return this.start >= 0;
  }

  byte(index: number): number {
    const room = PAGE_BYTES - (this.linear & OFFSET_MASK);
    if (index < room) return this.memory.bytes[this.start + index];
    if (this.second < 0) this.second = this.hostOf(this.linear + room);
    return this.second < 0 ? -1 : this.memory.bytes[this.second + index - room];
  }

  holds(bytes: Uint8Array): boolean {
    for (let index = 0; index < bytes.length; index++) if (this.byte(index) !== bytes[index]) return false;
    return true;
  }

  take(count: number): Uint8Array { return Uint8Array.from({ length: count }, (_, index) => this.byte(index)); }

  private hostOf(linear: number): number {
    const entry = this.walker.walk(linear | 0, false, this.guest.processor.state[Word.CPL] === USER_LEVEL, true);
    const page = entry === 0 ? undefined : this.guest.memory.machinePage(entry >>> PAGE_SHIFT);
    return page === undefined ? -1 : Region.RAM + (page << PAGE_SHIFT) + (linear & OFFSET_MASK);
  }
}
