import { composeFlags, Flag, Register, Segment, Word, type RegisterIndex } from '@ringbench/isa';
import type { FirmwareHost } from './firmware-host.js';

const LOW_BYTE = 0xff;
const LOW_WORD = 0xffff;
const PARAGRAPH = 16;
/** What a stub leaves on the stack: its number, in whose place the outcome goes, then the frame of the INT: IP, CS, FLAGS. */
const Frame = { NUMBER: 0, FLAGS: 6 } as const;
/** FLAGS bits that the outcome must not carry into the stub. */
const NOT_IN_OUTCOME = Flag.IF | Flag.TF | Flag.CF;

/**
 * One call of a BIOS service in real mode: the caller's registers, the FLAGS that it gets back, and memory by segment and offset. Registers are read and
 * written through their manual's names; a write to a part leaves the rest alone.
 */
export class ServiceCall {
  constructor(readonly host: FirmwareHost) {}

  private get state(): Int32Array {
    return this.host.state;
  }
  private low(register: RegisterIndex): number {
    return this.state[register] & LOW_WORD;
  }
  private setLow(register: RegisterIndex, value: number): void {
    this.state[register] = (this.state[register] & ~LOW_WORD) | (value & LOW_WORD);
  }
  private setByte(register: RegisterIndex, shift: number, value: number): void {
    this.state[register] = (this.state[register] & ~(LOW_BYTE << shift)) | ((value & LOW_BYTE) << shift);
  }

  get ax(): number { return this.low(Register.EAX); }
  set ax(value: number) { this.setLow(Register.EAX, value); }
  get bx(): number { return this.low(Register.EBX); }
  set bx(value: number) { this.setLow(Register.EBX, value); }
  get cx(): number { return this.low(Register.ECX); }
  set cx(value: number) { this.setLow(Register.ECX, value); }
  get dx(): number { return this.low(Register.EDX); }
  set dx(value: number) { this.setLow(Register.EDX, value); }
  get si(): number { return this.low(Register.ESI); }
  get di(): number { return this.low(Register.EDI); }
  get bp(): number { return this.low(Register.EBP); }
  get al(): number { return this.ax & LOW_BYTE; }
  set al(value: number) { this.setByte(Register.EAX, 0, value); }
  get ah(): number { return this.ax >>> 8; }
  set ah(value: number) { this.setByte(Register.EAX, 8, value); }
  get bl(): number { return this.bx & LOW_BYTE; }
  set bl(value: number) { this.setByte(Register.EBX, 0, value); }
  get bh(): number { return this.bx >>> 8; }
  set bh(value: number) { this.setByte(Register.EBX, 8, value); }
  get cl(): number { return this.cx & LOW_BYTE; }
  set cl(value: number) { this.setByte(Register.ECX, 0, value); }
  get ch(): number { return this.cx >>> 8; }
  set ch(value: number) { this.setByte(Register.ECX, 8, value); }
  get dl(): number { return this.dx & LOW_BYTE; }
  set dl(value: number) { this.setByte(Register.EDX, 0, value); }
  get dh(): number { return this.dx >>> 8; }
  set dh(value: number) { this.setByte(Register.EDX, 8, value); }
  /** All 32 bits, unsigned, for the services that have them. */
  long(register: RegisterIndex): number { return this.state[register] >>> 0; }
  setLong(register: RegisterIndex, value: number): void { this.state[register] = value | 0; }

  get ds(): number { return this.state[Word.SELECTOR + Segment.DS]; }
  get es(): number { return this.state[Word.SELECTOR + Segment.ES]; }

  /** CF and ZF as the caller finds them. */
  set carry(on: boolean) { this.setCallersFlag(Flag.CF, on); }
  set zero(on: boolean) { this.setCallersFlag(Flag.ZF, on); }
  private setCallersFlag(flag: number, on: boolean): void {
    const at = this.stackAddress(Frame.FLAGS);
    const flags = this.word(at);
    this.setWord(at, on ? flags | flag : flags & ~flag);
  }

  /** The number that the stub pushed. */
  get service(): number {
    return this.word(this.stackAddress(Frame.NUMBER)) & LOW_BYTE;
  }
  /** Tells the stub whether to return to the caller or, with `again`, to do what it has for that: wait for an interrupt and call once more, or give up. */
  finish(again: boolean): void {
    this.setWord(this.stackAddress(Frame.NUMBER), (composeFlags(this.state) & ~NOT_IN_OUTCOME) | (again ? Flag.CF : 0));
  }

  /** Physical address of an offset in a real-mode segment. */
  static address(segment: number, offset: number): number {
    return segment * PARAGRAPH + (offset & LOW_WORD);
  }
  private stackAddress(offset: number): number {
    return this.state[Word.BASE + Segment.SS] + ((this.state[Register.ESP] + offset) & LOW_WORD);
  }
  word(address: number): number {
    const [low, high] = this.host.readPhysical(address, 2);
    return low | (high << 8);
  }
  private setWord(address: number, value: number): void {
    this.host.writePhysical(address, Uint8Array.of(value, value >>> 8));
  }
}
