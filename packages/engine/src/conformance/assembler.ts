import { Register } from '@ringbench/isa';
import type { GeneralRegister, MemoryOperand, Operand, SegmentRegister, Value } from './operands.js';

/**
 * An assembler for the suite's guests: 32-bit code, one method for each mnemonic that they use. Encodings are written out from SDM vol. 2 and not
 * taken from `isa`, whose tables are what is being tested. What has no method is `raw` bytes with a comment.
 */

const ARITHMETIC = { add: 0, or: 1, adc: 2, sbb: 3, and: 4, sub: 5, xor: 6, cmp: 7 } as const;
export type ArithmeticMnemonic = keyof typeof ARITHMETIC;
const SHIFTS = { rol: 0, ror: 1, shl: 4, shr: 5, sar: 7 } as const;
export type ShiftMnemonic = keyof typeof SHIFTS;
const CONDITIONS = { o: 0, no: 1, c: 2, nc: 3, z: 4, nz: 5, be: 6, a: 7, s: 8, ns: 9, l: 12, ge: 13 } as const;
export type Condition = keyof typeof CONDITIONS;
/** Override prefixes by segment register number: ES CS SS DS FS GS. */
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65] as const;
const OPERAND_SIZE_PREFIX = 0x66;
const SIB_FOLLOWS = 4;
const SIB_BASE_ONLY = 0x20;
const DIRECT_ADDRESS = 5;
const REGISTER_MODE = 0xc0;
const WIDE_DISPLACEMENT_MODE = 0x80;

interface Fixup {
  readonly at: number;
  readonly label: string;
  readonly kind: 'absolute' | 'relative' | 'low-half' | 'high-half' | 'paragraph-offset';
  readonly addend: number;
}

export class Assembler {
  private readonly bytes: number[] = [];
  private readonly labels = new Map<string, number>();
  private readonly fixups: Fixup[] = [];
  private generated = 0;

  /** @param origin linear address of the first byte. */
  constructor(readonly origin: number) {}

  // ---- layout

  /** Address of the next byte. */
  get here(): number { return this.origin + this.bytes.length; }
  /** Gives the next byte's address a name. Throws on a name that is taken. */
  label(name: string): this {
    if (this.labels.has(name)) throw new Error(`label ${name} is defined twice`);
    this.labels.set(name, this.here);
    return this;
  }
  /** Gives the address of a label a second name. */
  alias(name: string, existing: string): this {
    this.labels.set(name, this.addressOf(existing));
    return this;
  }
  /** A name that no one else uses. */
  newLabel(stem: string): string { return `${stem}#${this.generated++}`; }
  align(bytes: number): this {
    while (this.here % bytes !== 0) this.bytes.push(0x90);
    return this;
  }
  raw(...values: readonly number[]): this {
    for (const value of values) this.bytes.push(value & 0xff);
    return this;
  }
  word(value: number): this { return this.raw(value, value >> 8); }
  long(value: Value): this {
    if (typeof value === 'string') return this.reference(value, 'absolute', 4);
    return this.raw(value, value >> 8, value >> 16, value >> 24);
  }
  /** Bits 0-15 or 16-31 of a label's address, as gates hold them. */
  half(label: string, which: 'low-half' | 'high-half'): this { return this.reference(label, which, 2); }
  /** Distance of a label from `base` as 16 bits. */
  offsetWord(label: string, base: number): this { return this.reference(label, 'paragraph-offset', 2, -base); }
  private reference(label: string, kind: Fixup['kind'], bytes: number, addend = 0): this {
    this.fixups.push({ at: this.bytes.length, label, kind, addend });
    for (let i = 0; i < bytes; i++) this.bytes.push(0);
    return this;
  }

  /** Address of a label, once all code is written. */
  addressOf(label: string): number {
    const address = this.labels.get(label);
    if (address === undefined) throw new Error(`label ${label} is not defined`);
    return address;
  }
  /** The bytes with every reference resolved. */
  assemble(): Uint8Array {
    const image = Uint8Array.from(this.bytes);
    const view = new DataView(image.buffer);
    for (const { at, label, kind, addend } of this.fixups) {
      const address = this.addressOf(label) + addend;
      if (kind === 'absolute') view.setUint32(at, address, true);
      else if (kind === 'relative') view.setInt32(at, address - (this.origin + at + 4), true);
      else view.setUint16(at, (kind === 'high-half' ? address >>> 16 : address) & 0xffff, true);
    }
    return image;
  }

  // ---- operands

  private prefix(operand: Operand): void {
    if (typeof operand === 'object' && operand.kind === 'memory' && operand.segment !== undefined) this.raw(SEGMENT_PREFIXES[operand.segment]);
  }
  /** ModR/M with `field` in its reg bits, SIB and displacement. */
  private modrm(field: number, operand: GeneralRegister | MemoryOperand): this {
    if (operand.kind === 'general') return this.raw(REGISTER_MODE | (field << 3) | operand.code);
    if (operand.base === undefined) return this.raw((field << 3) | DIRECT_ADDRESS).long(operand.displacement);
    this.raw(WIDE_DISPLACEMENT_MODE | (field << 3) | (operand.base === Register.ESP ? SIB_FOLLOWS : operand.base));
    if (operand.base === Register.ESP) this.raw(SIB_BASE_ONLY | Register.ESP);
    return this.long(operand.displacement);
  }
  /** An instruction with a ModR/M operand: opcode bytes, then `field` in the reg bits. */
  rm(opcode: readonly number[], field: number, operand: GeneralRegister | MemoryOperand): this {
    this.prefix(operand);
    return this.raw(...opcode).modrm(field, operand);
  }

  // ---- data

  /** 32-bit MOV between registers, memory and immediates; segment registers move 16 bits, control and debug registers 32. */
  mov(to: Operand, from: Operand): this {
    if (typeof to !== 'object') throw new Error('MOV needs a destination');
    switch (to.kind) {
      case 'general': return this.movToRegister(to, from);
      case 'memory': return this.movToMemory(to, from);
      case 'segment': return this.rm([0x8e], to.code, requireRm(from));
      case 'control': return this.raw(0x0f, 0x22, REGISTER_MODE | (to.code << 3) | requireGeneral(from).code);
      case 'debug': return this.raw(0x0f, 0x23, REGISTER_MODE | (to.code << 3) | requireGeneral(from).code);
    }
  }
  private movToRegister(to: GeneralRegister, from: Operand): this {
    if (typeof from !== 'object') return this.raw(0xb8 + to.code).long(from);
    switch (from.kind) {
      case 'general':
      case 'memory': return this.rm([0x8b], to.code, from);
      case 'segment': return this.rm([0x8c], from.code, to);
      case 'control': return this.raw(0x0f, 0x20, REGISTER_MODE | (from.code << 3) | to.code);
      case 'debug': return this.raw(0x0f, 0x21, REGISTER_MODE | (from.code << 3) | to.code);
    }
  }
  private movToMemory(to: MemoryOperand, from: Operand): this {
    if (typeof from !== 'object') return this.rm([0xc7], 0, to).long(from);
    if (from.kind === 'segment') return this.rm([0x8c], from.code, to);
    return this.rm([0x89], requireGeneral(from).code, to);
  }
  /** MOV r/m8, AL or imm8. */
  movByte(to: MemoryOperand, from: 'AL' | number): this { return from === 'AL' ? this.rm([0x88], 0, to) : this.rm([0xc6], 0, to).raw(from); }
  /** MOV r/m16, imm16. */
  movWord(to: MemoryOperand, value: number): this {
    this.raw(OPERAND_SIZE_PREFIX);
    return this.rm([0xc7], 0, to).word(value);
  }
  /** MOV AL, imm8. */
  movAl(value: number): this { return this.raw(0xb0, value); }
  movzxByte(to: GeneralRegister, from: GeneralRegister | MemoryOperand): this { return this.rm([0x0f, 0xb6], to.code, from); }
  movzxWord(to: GeneralRegister, from: GeneralRegister | MemoryOperand): this { return this.rm([0x0f, 0xb7], to.code, from); }
  lea(to: GeneralRegister, from: MemoryOperand): this { return this.rm([0x8d], to.code, from); }
  push(operand: Operand): this {
    if (typeof operand !== 'object') return this.raw(0x68).long(operand);
    if (operand.kind === 'general') return this.raw(0x50 + operand.code);
    if (operand.kind === 'segment') return this.raw(...PUSH_SEGMENT[operand.code]);
    return this.rm([0xff], 6, requireRm(operand));
  }
  pop(operand: GeneralRegister | MemoryOperand | SegmentRegister): this {
    if (operand.kind === 'general') return this.raw(0x58 + operand.code);
    if (operand.kind === 'segment') return this.raw(...POP_SEGMENT[operand.code]);
    return this.rm([0x8f], 0, operand);
  }
  pushfd(): this { return this.raw(0x9c); }
  popfd(): this { return this.raw(0x9d); }

  // ---- arithmetic

  alu(mnemonic: ArithmeticMnemonic, to: GeneralRegister | MemoryOperand, from: GeneralRegister | MemoryOperand | Value): this {
    const operation = ARITHMETIC[mnemonic];
    if (typeof from !== 'object') return this.rm([0x81], operation, to).long(from);
    if (from.kind === 'general') return this.rm([(operation << 3) | 1], from.code, to);
    return this.rm([(operation << 3) | 3], requireGeneral(to).code, from);
  }
  shift(mnemonic: ShiftMnemonic, to: GeneralRegister | MemoryOperand, count: number): this { return this.rm([0xc1], SHIFTS[mnemonic], to).raw(count); }
  inc(operand: GeneralRegister | MemoryOperand): this { return this.rm([0xff], 0, operand); }
  dec(operand: GeneralRegister | MemoryOperand): this { return this.rm([0xff], 1, operand); }
  div(operand: GeneralRegister | MemoryOperand): this { return this.rm([0xf7], 6, operand); }
  idiv(operand: GeneralRegister | MemoryOperand): this { return this.rm([0xf7], 7, operand); }
  /** SETcc on the low byte of EAX, ECX, EDX or EBX. */
  set(condition: Condition, to: GeneralRegister): this { return this.rm([0x0f, 0x90 + CONDITIONS[condition]], 0, to); }

  // ---- control

  jmp(target: string | GeneralRegister | MemoryOperand): this {
    return typeof target === 'object' ? this.rm([0xff], 4, target) : this.raw(0xe9).reference(target, 'relative', 4);
  }
  call(target: string | GeneralRegister | MemoryOperand): this {
    return typeof target === 'object' ? this.rm([0xff], 2, target) : this.raw(0xe8).reference(target, 'relative', 4);
  }
  jcc(condition: Condition, target: string): this { return this.raw(0x0f, 0x80 + CONDITIONS[condition]).reference(target, 'relative', 4); }
  /** DEC ECX and a conditional jump: LOOP without its 8-bit reach. */
  decrementAndJump(target: string): this { return this.dec({ kind: 'general', code: Register.ECX }).jcc('nz', target); }
  ret(): this { return this.raw(0xc3); }
  jmpFar(selector: number, target: Value): this { return this.raw(0xea).long(target).word(selector); }
  callFar(selector: number, target: Value): this { return this.raw(0x9a).long(target).word(selector); }
  retFar(): this { return this.raw(0xcb); }
  int(vector: number): this { return this.raw(0xcd, vector); }
  iret(): this { return this.raw(0xcf); }

  // ---- system

  nop(count = 1): this { return this.raw(...Array.from({ length: count }, () => 0x90)); }
  hlt(): this { return this.raw(0xf4); }
  cli(): this { return this.raw(0xfa); }
  sti(): this { return this.raw(0xfb); }
  cld(): this { return this.raw(0xfc); }
  ud2(): this { return this.raw(0x0f, 0x0b); }
  rdtsc(): this { return this.raw(0x0f, 0x31); }
  cpuid(): this { return this.raw(0x0f, 0xa2); }
  sgdt(to: MemoryOperand): this { return this.rm([0x0f, 0x01], 0, to); }
  sidt(to: MemoryOperand): this { return this.rm([0x0f, 0x01], 1, to); }
  lgdt(from: MemoryOperand): this { return this.rm([0x0f, 0x01], 2, from); }
  lidt(from: MemoryOperand): this { return this.rm([0x0f, 0x01], 3, from); }
  smsw(to: GeneralRegister | MemoryOperand): this { return this.rm([0x0f, 0x01], 4, to); }
  invlpg(operand: MemoryOperand): this { return this.rm([0x0f, 0x01], 7, operand); }
  sldt(to: GeneralRegister | MemoryOperand): this { return this.rm([0x0f, 0x00], 0, to); }
  str(to: GeneralRegister | MemoryOperand): this { return this.rm([0x0f, 0x00], 1, to); }
  lldt(from: GeneralRegister): this { return this.rm([0x0f, 0x00], 2, from); }
  ltr(from: GeneralRegister): this { return this.rm([0x0f, 0x00], 3, from); }
  verr(selector: GeneralRegister): this { return this.rm([0x0f, 0x00], 4, selector); }
  verw(selector: GeneralRegister): this { return this.rm([0x0f, 0x00], 5, selector); }
  lar(to: GeneralRegister, selector: GeneralRegister): this { return this.rm([0x0f, 0x02], to.code, selector); }
  lsl(to: GeneralRegister, selector: GeneralRegister): this { return this.rm([0x0f, 0x03], to.code, selector); }
  /** OUT imm8, AL after loading AL. */
  outByte(port: number, value: number): this { return this.movAl(value).raw(0xe6, port); }
  /** OUT imm8, AL. */
  outAl(port: number): this { return this.raw(0xe6, port); }
  /** IN AL, imm8. */
  inAl(port: number): this { return this.raw(0xe4, port); }
}

/** One- and two-byte opcodes by segment register number: ES CS SS DS FS GS. POP CS does not exist. */
const PUSH_SEGMENT: readonly (readonly number[])[] = [[0x06], [0x0e], [0x16], [0x1e], [0x0f, 0xa0], [0x0f, 0xa8]];
const POP_SEGMENT: readonly (readonly number[])[] = [[0x07], [], [0x17], [0x1f], [0x0f, 0xa1], [0x0f, 0xa9]];

function requireGeneral(operand: Operand): GeneralRegister {
  if (typeof operand === 'object' && operand.kind === 'general') return operand;
  throw new Error('a general register is needed here');
}

function requireRm(operand: Operand): GeneralRegister | MemoryOperand {
  if (typeof operand === 'object' && (operand.kind === 'general' || operand.kind === 'memory')) return operand;
  throw new Error('a general register or memory is needed here');
}
