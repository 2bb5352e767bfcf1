import { Flag, Register, Segment, storeArithmeticFlags, Word } from '@ringbench/isa';
import { MemoryDigest } from '@ringbench/engine';
import { UserRegister, type HostKernel, type MemoryFile } from '@ringbench/host';
import { Region, type Machine } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const USER_LEVEL = 3;
const GENERAL = [
  [UserRegister.EAX, Register.EAX], [UserRegister.ECX, Register.ECX], [UserRegister.EDX, Register.EDX], [UserRegister.EBX, Register.EBX], [UserRegister.ESP, Register.ESP], [UserRegister.EBP, Register.EBP],
  [UserRegister.ESI, Register.ESI], [UserRegister.EDI, Register.EDI],
] as const;
const SEGMENTS = [
  [UserRegister.ES, Segment.ES], [UserRegister.CS, Segment.CS], [UserRegister.SS, Segment.SS], [UserRegister.DS, Segment.DS], [UserRegister.FS, Segment.FS], [UserRegister.GS, Segment.GS],
] as const;
const VISIBLE_FLAGS = Flag.TF | Flag.IF | Flag.DF | Flag.NT | Flag.AC | Flag.ID;

/** The guest as one machine, for people, tests and the check of repetitions: the process that ran last, and the file that is the guest's physical memory. */
export class GuestState {
  private memory: MemoryFile | undefined = undefined;
  private readonly zeros = new Int32Array(PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT);

  constructor(private readonly machine: Machine, private readonly kernel: HostKernel, private readonly memoryBytes: number) {}

  /** A process of the guest made a file in memory; the first is its physical memory. */
  addMemory(file: MemoryFile): void { this.memory ??= file; }

  get eip(): number { return (this.kernel.lastProcess?.registers[UserRegister.EIP] ?? 0) >>> 0; }

  /** A copy of the processor's state with the registers of that process. */
  state(): Int32Array {
    const state = this.machine.processor.state.slice();
    const process = this.kernel.lastProcess;
    if (process === undefined) return state;
    const { registers } = process;
    for (const [from, to] of GENERAL) state[to] = registers[from];
    for (const [from, to] of SEGMENTS) state[Word.SELECTOR + to] = registers[from];
    state[Word.EIP] = registers[UserRegister.EIP];
    storeArithmeticFlags(state, registers[UserRegister.EFLAGS]);
    state[Word.FLAG_SYSTEM] = (registers[UserRegister.EFLAGS] & VISIBLE_FLAGS) | Flag.FIXED;
    state[Word.CPL] = USER_LEVEL;
    return state;
  }

  /** Ones where there is no memory. */
  readPhysical(address: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count).fill(-1);
    for (let done = 0; done < count; ) {
      const at = address + done;
      const size = Math.min(PAGE_BYTES - (at & OFFSET_MASK), count - done);
      const words = at < this.memoryBytes ? this.pageWords(at >>> PAGE_SHIFT) : undefined;
      if (words !== undefined) bytes.set(new Uint8Array(words.buffer, words.byteOffset + (at & OFFSET_MASK), size), done);
      done += size;
    }
    return bytes;
  }

  /** Guest-physical address behind a linear one of the process that ran last. */
  translate(linear: number): number | undefined {
    const frame = this.kernel.lastProcess?.space.present(linear >>> 0);
    if (frame === undefined) return undefined;
    const page = this.memory?.pageOfFrame(frame);
    return page === undefined ? undefined : page * PAGE_BYTES + (linear & OFFSET_MASK);
  }

  digest(): string {
    const digest = new MemoryDigest();
    for (let page = 0; page < this.memoryBytes / PAGE_BYTES; page++) digest.update(this.pageWords(page));
    return digest.result();
  }

  private pageWords(page: number): Int32Array {
    const frame = this.memory?.touchedPage(page);
    return frame === undefined ? this.zeros : new Int32Array(this.machine.memory.buffer, Region.RAM + frame, PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT);
  }
}
