import { composeFlags, Flag, Register, Segment, storeFlags, V386_REVISION, V386Block, Word, type V386FieldName } from '@ringbench/isa';
import type { MachineMemory } from '@ringbench/machine';
import { HostContext } from '@ringbench/vmm';

const WORD_BYTES = 4;
const SEGMENT_REGISTERS = 8;
const TWO_TO_32 = 0x1_0000_0000;
const GENERAL_REGISTERS = 8;
/** DR0 to DR6 are not swapped. */
const LAST_SHARED_DEBUG_REGISTER = 6;

/** Fields of the guest area and the words of the processor's state that they hold. */
const SINGLE_WORDS: readonly (readonly [number, number])[] = ([
  ['GUEST_CPL', Word.CPL], ['GUEST_CR0', Word.CR0], ['GUEST_CR2', Word.CR2], ['GUEST_CR3', Word.CR3], ['GUEST_CR4', Word.CR4], ['GUEST_DR7', Word.DR + 7],
  ['GUEST_PENDING_DEBUG', Word.PENDING_DEBUG], ['GUEST_GDTR_BASE', Word.GDTR_BASE], ['GUEST_GDTR_LIMIT', Word.GDTR_LIMIT], ['GUEST_IDTR_BASE', Word.IDTR_BASE], ['GUEST_IDTR_LIMIT', Word.IDTR_LIMIT],
] as const satisfies readonly (readonly [V386FieldName, number])[]).map(([name, word]) => [V386Block[name] / WORD_BYTES, word]);
const SEGMENT_WORDS: readonly (readonly [number, number])[] = ([
  ['GUEST_SELECTOR', Word.SELECTOR], ['GUEST_BASE', Word.BASE], ['GUEST_LIMIT', Word.LIMIT], ['GUEST_ACCESS', Word.ACCESS],
] as const satisfies readonly (readonly [V386FieldName, number])[]).map(([name, word]) => [V386Block[name] / WORD_BYTES, word]);

/** The exit frame, in words from its lowest: what IRET pops, below it the reason. */
export const ExitFrame = { REASON: 0, EIP: 1, CS: 2, EFLAGS: 3, ESP: 4, SS: 5, WORDS: 6 } as const;

/**
 * The VMM's view of the control block and the exit frame (docs/v386-mode.md), which lie in the machine's memory. Moves the guest's state between
 * them and the virtual processor. Registers that the mode does not swap (the general ones, DR6) are the machine's own.
 */
export class ControlBlock {
  private readonly words: Int32Array;
  private readonly block: number;
  private readonly frame: number;

  /** Addresses are machine-physical. */
  constructor(memory: MachineMemory, readonly address: number, frameAddress: number) {
    this.words = memory.words;
    this.block = HostContext.wordIndex(address);
    this.frame = HostContext.wordIndex(frameAddress);
    this.store('REVISION', V386_REVISION);
  }

  load(field: V386FieldName): number {
    return this.words[this.block + V386Block[field] / WORD_BYTES];
  }
  store(field: V386FieldName, value: number): void {
    this.words[this.block + V386Block[field] / WORD_BYTES] = value;
  }
  /** Stores an integer as 64 bits, two's complement. */
  storeLong(field: V386FieldName, value: number): void {
    const index = this.block + V386Block[field] / WORD_BYTES;
    const high = Math.floor(value / TWO_TO_32);
    this.words[index] = (value - high * TWO_TO_32) | 0;
    this.words[index + 1] = high | 0;
  }

  /** The reason in the exit frame. */
  get exitReason(): number {
    return this.words[this.frame + ExitFrame.REASON];
  }

  /** Takes the guest's state over into `virtual` after an exit. `machine`: state words of the real processor. */
  loadGuest(virtual: Int32Array, machine: Int32Array): void {
    const { words, block, frame } = this;
    for (let register = 0; register < GENERAL_REGISTERS; register++) virtual[register] = machine[register];
    virtual[Register.ESP] = words[frame + ExitFrame.ESP];
    virtual[Word.EIP] = words[frame + ExitFrame.EIP];
    storeFlags(virtual, words[frame + ExitFrame.EFLAGS] & ~Flag.V386);
    for (let register = 0; register <= LAST_SHARED_DEBUG_REGISTER; register++) virtual[Word.DR + register] = machine[Word.DR + register];
    for (let index = 0; index < SINGLE_WORDS.length; index++) virtual[SINGLE_WORDS[index][1]] = words[block + SINGLE_WORDS[index][0]];
    for (let index = 0; index < SEGMENT_WORDS.length; index++) {
      const [from, to] = SEGMENT_WORDS[index];
      for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) virtual[to + segment] = words[block + from + segment];
    }
  }

  /** Puts all of the guest's state where an entry finds it. */
  saveGuest(virtual: Int32Array, machine: Int32Array): void {
    const { words, block } = this;
    for (let index = 0; index < SINGLE_WORDS.length; index++) words[block + SINGLE_WORDS[index][0]] = virtual[SINGLE_WORDS[index][1]];
    for (let index = 0; index < SEGMENT_WORDS.length; index++) {
      const [to, from] = SEGMENT_WORDS[index];
      for (let segment = 0; segment < SEGMENT_REGISTERS; segment++) words[block + to + segment] = virtual[from + segment];
    }
    for (let register = 0; register < LAST_SHARED_DEBUG_REGISTER; register++) machine[Word.DR + register] = virtual[Word.DR + register];
    this.saveRegisters(virtual, machine);
  }

  /** Puts there what an interpreted instruction or a fault of its can have changed; the rest is in the block since the exit. */
  saveRegisters(virtual: Int32Array, machine: Int32Array): void {
    const { words, frame } = this;
    for (let register = 0; register < GENERAL_REGISTERS; register++) if (register !== Register.ESP) machine[register] = virtual[register];
    machine[Word.DR + 6] = virtual[Word.DR + 6];
    words[frame + ExitFrame.ESP] = virtual[Register.ESP];
    words[frame + ExitFrame.EIP] = virtual[Word.EIP];
    words[frame + ExitFrame.EFLAGS] = composeFlags(virtual) | Flag.V386;
    words[frame + ExitFrame.CS] = virtual[Word.SELECTOR + Segment.CS];
    words[frame + ExitFrame.SS] = virtual[Word.SELECTOR + Segment.SS];
    this.store('GUEST_CR2', virtual[Word.CR2]);
    this.store('GUEST_PENDING_DEBUG', virtual[Word.PENDING_DEBUG]);
  }
}
