import { Access, CR0, Flag, Segment, Word } from '@ringbench/isa';
import type { GuestView } from '@ringbench/engine';
import { Decoder, DecoderOptions, FlowControl, Formatter, FormatterSyntax, Instruction as IcedInstruction } from 'iced-x86';

/** Longest instruction in bytes (SDM vol. 2, 2.3.11). */
const LONGEST_INSTRUCTION = 15;
const PAGE_BYTES = 4096;
const LOW_WORD = 0xffff;
const WIDE = 32;
const NARROW = 16;
/** Opcodes that later processors redefined read as they did on the P6. */
const OPTIONS = DecoderOptions.ForceReservedNop | DecoderOptions.NoPause | DecoderOptions.NoWbnoinvd | DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD;

/** One instruction where the processor stands. */
export interface ListedInstruction {
  readonly selector: number;
  /** EIP. */
  readonly offset: number;
  readonly linear: number;
  /** Its bytes; what was readable of them if it cannot be decoded. */
  readonly bytes: Uint8Array;
  /** In NASM's syntax; in parentheses why there is none. */
  readonly text: string;
  /** Offsets at which execution goes on if nothing intervenes; undefined where registers or memory decide. */
  readonly successors: readonly number[] | undefined;
}

/** The linear address of the instruction that a processor is about to execute. */
export function instructionAddress(state: Int32Array): number {
  return (state[Word.BASE + Segment.CS] + state[Word.EIP]) >>> 0;
}

/** Whether addresses and operands of the code segment are 32 bits wide (SDM vol. 3, 3.4.5, D flag). */
function isWide(state: Int32Array): boolean {
  const isProtected = (state[Word.CR0] & CR0.PE) !== 0 && (state[Word.FLAG_SYSTEM] & Flag.VM) === 0;
  return isProtected && (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
}

/** Reads up to `count` bytes at a linear address, across pages, up to the first that is not mapped. */
export function readLinear(view: GuestView, linear: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let done = 0;
  while (done < count) {
    const address = (linear + done) >>> 0;
    const physical = view.translate(address);
    if (physical === undefined) break;
    const part = Math.min(count - done, PAGE_BYTES - (address % PAGE_BYTES));
    bytes.set(view.readPhysical(physical, part), done);
    done += part;
  }
  return bytes.subarray(0, done);
}

/** Disassembles what processors are about to execute. Call `free` at the end: the library's objects live outside the JavaScript heap. */
export class Disassembler {
  private readonly formatter = new Formatter(FormatterSyntax.Nasm);
  private readonly instruction = new IcedInstruction();

  constructor() {
    this.formatter.spaceAfterOperandSeparator = true;
    this.formatter.uppercaseHex = false;
  }

  /** The instruction at CS:EIP. */
  list(view: GuestView): ListedInstruction {
    const { state } = view;
    return this.listAt(view, state[Word.SELECTOR + Segment.CS] & LOW_WORD, state[Word.EIP] >>> 0, instructionAddress(state));
  }

  /** The instruction at an address, read as code of the current code segment's width. */
  listAt(view: GuestView, selector: number, offset: number, linear: number): ListedInstruction {
    const bytes = readLinear(view, linear, LONGEST_INSTRUCTION);
    const place = { selector, offset, linear };
    if (bytes.length === 0) return { ...place, bytes, text: '(not mapped)', successors: undefined };
    const decoder = new Decoder(isWide(view.state) ? WIDE : NARROW, bytes, OPTIONS);
    try {
      decoder.ip = BigInt(offset);
      decoder.decodeOut(this.instruction);
      if (this.instruction.isInvalid) {
        const cutOff = bytes.length < LONGEST_INSTRUCTION;
        return { ...place, bytes: cutOff ? bytes : bytes.subarray(0, 1), text: cutOff ? '(runs into a page that is not mapped)' : '(no instruction)', successors: undefined };
      }
      return { ...place, bytes: bytes.subarray(0, this.instruction.length), text: this.formatter.format(this.instruction), successors: this.successors(offset) };
    } finally {
      decoder.free();
    }
  }

  private successors(offset: number): readonly number[] | undefined {
    const { instruction } = this;
    const next = Number(instruction.nextIP & 0xffffffffn);
    switch (instruction.flowControl) {
      case FlowControl.Next:
        return instruction.hasRepPrefix || instruction.hasRepnePrefix ? [next, offset] : [next];
      case FlowControl.ConditionalBranch: return [next, Number(instruction.nearBranchTarget & 0xffffffffn)];
      case FlowControl.UnconditionalBranch: case FlowControl.Call: return instruction.nearBranchTarget === 0n ? undefined : [Number(instruction.nearBranchTarget & 0xffffffffn)];
      default: return undefined;
    }
  }

  free(): void {
    this.instruction.free();
    this.formatter.free();
  }
}
