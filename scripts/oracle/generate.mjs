// Generates single-instruction cases from the encoding rows: all operand forms, interesting and random values, memory operands that cross pages
// and that fault. Every address is chosen first and a register or displacement solved for it, so that nothing reaches the memory of the process
// that runs the case natively (step.c).
import { byteSource, decode, MARKER_PORT } from '../../packages/isa/dist/index.js';
import { descriptorOf, DESCRIPTORS, localSelector } from '../../packages/interpreter/test/support/silicon-segments.ts';
import { address, createRandom, DATA, hexBytes, littleEndian, lowAddress, pokeWord, value } from './inputs.mjs';

const EAX = 0, ECX = 1, EDX = 2, EBX = 3, ESP = 4, EBP = 5, ESI = 6, EDI = 7;
const SHIFTS = new Set(['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar', 'shld', 'shrd']);
const STRINGS = new Set(['movs', 'stos', 'lods', 'scas', 'cmps', 'ins', 'outs']);
/** CF PF AF ZF SF DF OF; IF is always set in user mode. */
const FREE_FLAGS = 0xcd5;
const START_FLAGS = 0x202;
/** What POPF may find on the stack: NT and AC would disturb the host's kernel, TF is the method's own, ID would last into the next case. */
const POPPED_FLAGS = ~(0x4000 | 0x40000 | 0x100 | 0x200000) >>> 0;
const OVERRIDES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
/** Place in a case's `segments` (ES, DS, FS, GS) of the segment that an override names. */
const SET_BY_OVERRIDE = { 0x64: 2, 0x65: 3 };
const LOCK = 0xf0, REPNE = 0xf2, REPE = 0xf3, OPERAND_SIZE = 0x66, ADDRESS_SIZE = 0x67;
const USER_CODE = 0x23, USER_DATA = 0x2b;
/** Beyond the GDT and the LDT of any Linux process of ours. */
const NO_SELECTORS = [0x1003, 0xfff7];
const CODE_AT = 0x20000800;
/** A system call of Linux. */
const SYSTEM_CALL = 0x80;
const SEGMENT_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];

/** One case under construction. */
class Draft {
  constructor(row, random, options) {
    this.row = row;
    this.random = random;
    this.registers = Array.from({ length: 8 }, () => value(random));
    this.pokes = [];
    this.operandBits = random.chance(0.33) ? 16 : 32;
    this.ldt = options.ldt;
    this.addressBits = options.low && random.chance(0.12) ? 16 : 32;
    this.bytes = [];
    this.operand = undefined; // address of the memory operand
    this.repeat = false;
    this.segments = [USER_DATA, USER_DATA, 0, 0];
    this.base = 0; // of the segment of the memory operand
  }

  has(type) { return this.row.operands.some((operand) => operand.startsWith(type)); }
  pick(bytes) {
    if (this.addressBits === 32) return address(this.random, bytes);
    return this.base === 0 ? lowAddress(this.random, bytes) : this.base + this.random.below(0x5000);
  }
  /** Offset of the memory operand in its segment. */
  get offset() { return this.operand - this.base; }

  prefixes() {
    const { random, row, bytes } = this;
    const found = [];
    if (this.operandBits === 16) found.push(OPERAND_SIZE);
    if (this.addressBits === 16) found.push(ADDRESS_SIZE);
    if (row.traits.repeat !== undefined && random.chance(0.6)) {
      found.push(random.chance(0.5) ? REPE : REPNE);
      this.repeat = true;
    }
    if (random.chance(0.15)) found.push(this.override());
    if (this.lock) found.push(LOCK);
    while (found.length > 0) bytes.push(...found.splice(random.below(found.length), 1));
  }

  /** A segment override. FS and GS are null, or any segment of the local table. Which of CMPS's two reads faults first is nowhere said. */
  override() {
    const { random, row } = this;
    const prefix = random.one(row.mnemonic === 'cmps' ? OVERRIDES.slice(0, -2) : OVERRIDES);
    const place = SET_BY_OVERRIDE[prefix];
    if (place === undefined || !this.ldt || random.chance(0.1)) return prefix;
    // Loading what is not present or not readable faults before the case begins.
    const selector = localSelector(random.one([0, 1, 2, 3, 5, 7, 10, 11, 13]));
    this.segments[place] = selector;
    this.base = descriptorOf(selector).base;
    return prefix;
  }

  /** Opcode, then ModR/M and what belongs to it. */
  opcode() {
    const { random, row, bytes } = this;
    for (const part of row.opcode.split(' ')) {
      const plain = /^([0-9A-F]{2})(\+r)?$/.exec(part);
      if (plain !== null) bytes.push(parseInt(plain[1], 16) + (plain[2] === undefined ? 0 : random.below(8)));
      else this.modrm(part === '/r' ? random.below(8) : Number(part[1]));
    }
  }
  modrm(reg) {
    const { random, row, bytes } = this;
    if (!this.memory) {
      bytes.push(0xc0 | (reg << 3) | random.below(8));
      return;
    }
    const size = this.operandBytes();
    this.operand = row.traits.addressOnly ? random.word() : this.pick(size);
    if (this.addressBits === 16) this.memory16(reg);
    else this.memory32(reg);
  }
  operandBytes() {
    const type = this.row.operands.find((operand) => /^[EM]/.test(operand)) ?? 'M';
    if (type === 'Eb') return 1;
    if (type === 'Ew') return 2;
    if (type === 'Mq') return 8;
    if (type === 'Ma') return this.operandBits / 4;
    if (type === 'Mp') return this.operandBits / 8 + 2;
    return this.operandBits / 8;
  }
  memory16(reg) {
    const { random, registers, bytes } = this;
    const parts = [[EBX, ESI], [EBX, EDI], [EBP, ESI], [EBP, EDI], [ESI], [EDI], [EBP], [EBX]];
    const rm = random.below(8);
    const mod = random.below(3);
    bytes.push((mod << 6) | (reg << 3) | rm);
    if (mod === 0 && rm === 6) {
      bytes.push(...littleEndian(this.offset & 0xffff, 2));
      return;
    }
    const displacement = mod === 1 ? random.below(256) : mod === 2 ? random.below(0x10000) : 0;
    const signed = mod === 1 ? (displacement << 24) >> 24 : displacement;
    const [solved, other] = parts[rm];
    const low = (this.offset - signed - (other === undefined ? 0 : registers[other])) & 0xffff;
    registers[solved] = ((registers[solved] & 0xffff0000) | low) >>> 0;
    bytes.push(...littleEndian(displacement, mod));
  }
  memory32(reg) {
    const { random, registers, bytes } = this;
    const mod = random.below(3);
    const sib = random.chance(0.5);
    const base = random.below(8);
    if (!sib && base === ESP) return this.memory32(reg);
    const index = sib ? random.below(8) : ESP;
    const scale = random.below(4);
    const bare = mod === 0 && base === EBP;
    bytes.push((mod << 6) | (reg << 3) | (sib ? 4 : base));
    if (sib) bytes.push((scale << 6) | (index << 3) | base);
    const scaled = sib && index !== ESP ? registers[index] << scale : 0;
    const full = mod === 2 || bare || index === base;
    if (index === base && mod !== 2 && !bare) bytes[bytes.length - 2] = 0x80 | (reg << 3) | 4;
    let displacement = mod === 1 && !full ? random.below(256) : mod === 2 ? random.word() : 0;
    const signed = mod === 1 ? (displacement << 24) >> 24 : displacement;
    if (bare) displacement = this.offset - scaled;
    else if (index === base && sib && index !== ESP) displacement = this.offset - scaled - registers[base];
    else registers[base] = (this.offset - signed - scaled) >>> 0;
    if (sib && base === ESP && index === ESP) registers[ESP] = (this.offset - (full ? displacement : signed)) >>> 0;
    bytes.push(...(full ? littleEndian(displacement >>> 0, 4) : littleEndian(displacement, mod === 1 ? 1 : 0)));
    return undefined;
  }

  immediates() {
    const { random, row, bytes } = this;
    for (const operand of row.operands) {
      if (operand === 'Ib' || operand === 'Ibs') bytes.push(SHIFTS.has(row.mnemonic) && random.chance(0.8) ? random.below(34) : value(random) & 0xff);
      else if (operand === 'Iw') bytes.push(...littleEndian(random.below(64), 2));
      else if (operand === 'Iz') bytes.push(...littleEndian(value(random), this.operandBits / 8));
      else if (operand === 'Jb') bytes.push(random.below(256));
      else if (operand === 'Jz') bytes.push(...littleEndian(random.chance(0.5) ? random.below(0x700) : random.word(), this.operandBits / 8));
      else if (operand === 'Ap') bytes.push(...littleEndian(codeOffset(this), this.operandBits / 8), ...littleEndian(selector(this), 2));
      else if (operand.startsWith('O')) bytes.push(...littleEndian((this.pick(operand === 'Ob' ? 1 : this.operandBits / 8) - this.base) >>> 0, this.addressBits / 8));
    }
  }

  /** Registers and memory that the instruction uses without naming them. */
  implicit() {
    const setup = IMPLICIT[this.row.mnemonic] ?? (STRINGS.has(this.row.mnemonic) ? strings : undefined);
    if (setup !== undefined) setup(this);
    if (SHIFTS.has(this.row.mnemonic) && this.row.operands.includes('CL')) this.low8(ECX, this.random.below(40));
  }
  low8(register, byte) { this.registers[register] = ((this.registers[register] & ~0xff) | (byte & 0xff)) >>> 0; }
  set(register, number) { this.registers[register] = number >>> 0; }
  setAddress(register, at) {
    if (this.addressBits === 32) this.set(register, at);
    else this.set(register, (this.registers[register] & 0xffff0000) | (at & 0xffff));
  }
  /** ESP for an access of some bytes at ESP - below, unless the operand's address already decides it. */
  stack(bytes, below) {
    if (this.usesEsp()) return;
    this.set(ESP, address(this.random, bytes) + below);
  }
  usesEsp() {
    return this.operand !== undefined && Math.abs(this.registers[ESP] - DATA) < 0x10000000;
  }
  setOperand(words) {
    if (this.operand !== undefined) this.pokes.push([this.operand >>> 0, words]);
  }
}

function strings(d) {
  const bytes = d.row.operands.some((operand) => operand === 'Xb' || operand === 'Yb') ? 1 : d.operandBits / 8;
  d.setAddress(ESI, d.pick(bytes) - d.base);
  d.setAddress(EDI, d.pick(bytes));
  // The manuals do not say whether a refused port faults for a count of 0: it does on AMD's processors.
  const count = d.random.one([d.has('DX') ? 1 : 0, 1, 1, 2, 3, 7, d.has('DX') ? 2 : 0x10000, d.random.word()]);
  if (d.repeat) d.set(ECX, count);
  if (d.random.chance(0.5)) return;
  const at = (register) => (d.addressBits === 16 ? d.registers[register] & 0xffff : d.registers[register]);
  if (d.row.mnemonic === 'scas') d.pokes.push([at(EDI), pokeWord(d.registers[EAX], bytes)]);
  if (d.row.mnemonic === 'cmps') {
    const same = pokeWord(d.random.word(), bytes);
    d.pokes.push([at(ESI), same], [at(EDI), same]);
  }
}

/** A selector for a segment register or a far transfer: any of the local table, flat ones, null, none at all; other privileges now and then. */
function selector({ random, ldt }) {
  const rpl = random.chance(0.8) ? 3 : random.below(4);
  const kind = random.below(10);
  if (kind === 0) return rpl;
  if (kind === 1) return random.one(NO_SELECTORS);
  if (kind < 4 || !ldt) return (random.one([USER_CODE, USER_DATA]) & ~3) | rpl;
  return localSelector(random.below(DESCRIPTORS.length), rpl);
}
/** An offset for a far transfer: in the code's page for segments of any base, or anywhere. */
function codeOffset({ random }) {
  return random.one([0x800 + random.below(0x100), CODE_AT + random.below(0x100), random.below(0x10000), random.word()]);
}
/** The operand of an instruction that reads a selector. */
function selectorOperand(d) {
  const chosen = selector(d);
  if (d.operand !== undefined) d.setOperand(pokeWord(chosen, 2));
  else setLowWord(d, d.bytes[d.bytes.length - 1] & 7, chosen);
}
function setLowWord(d, register, word) {
  d.set(register, (d.registers[register] & 0xffff0000) | word);
}
const farOperand = (d, offset) => d.setOperand(pokeWord(offset, d.operandBits / 8) + pokeWord(selector(d), 2));
const farCall = (d) => {
  const bytes = d.operandBits / 4;
  d.stack(bytes, bytes);
};
/** Offset, selector and what else a far return finds on the stack. */
function farReturn(d, ...rest) {
  const bytes = d.operandBits / 8;
  const words = [codeOffset(d), selector(d), ...rest];
  d.stack(bytes * words.length, 0);
  d.pokes.push([d.registers[ESP], words.map((word) => pokeWord(word, bytes)).join('')]);
}

function division(d) {
  const kind = d.random.below(10);
  const sign = d.registers[EAX] >>> 31;
  if (kind < 4) d.set(EDX, kind < 2 ? 0 : sign * 0xffffffff);
  else if (kind < 6) d.set(EDX, d.random.below(64));
  if (kind < 7 && d.row.operands[0] === 'Eb') d.set(EAX, (d.registers[EAX] & 0xffff00ff) | (d.random.below(16) << 8));
  if (kind === 8) d.set(EAX, 0x80000000);
}

function equalComparison(d) {
  if (!d.random.chance(0.5)) return;
  if (d.operand !== undefined) d.setOperand(pokeWord(d.registers[EAX]));
  else d.set(d.bytes[d.bytes.length - 1] & 7, d.registers[EAX]);
}

const push = (d) => {
  const bytes = d.operandBits / 8;
  d.stack(bytes, bytes);
};
const pop = (d) => d.stack(d.operandBits / 8, 0);
const counter = (d) => d.set(ECX, d.random.one([0, 1, 2, 0x10000, 0x10001, d.random.word()]));

const IMPLICIT = {
  push,
  pop,
  call: push,
  'call-indirect': push,
  ret: pop,
  pusha: (d) => d.stack(d.operandBits, d.operandBits),
  popa: (d) => d.stack(d.operandBits, 0),
  pushf: (d) => {
    push(d);
    // So that every byte of the image is a change (native.mjs, withoutTrapFlag).
    d.pokes.push([d.registers[ESP] - d.operandBits / 8, 'aaaaaaaa'.slice(0, d.operandBits / 4)]);
  },
  popf: (d) => {
    pop(d);
    d.pokes.push([d.registers[ESP], pokeWord(d.random.word() & POPPED_FLAGS)]);
  },
  enter: (d) => {
    const bytes = d.operandBits / 8;
    const levels = d.random.one([0, 0, 1, 2, 3, 31, 33]);
    d.bytes[d.bytes.length - 1] = levels;
    d.set(EBP, DATA + 0xc00 + d.random.below(0x100));
    if (d.random.chance(0.2)) d.set(EBP, address(d.random, bytes) + (levels & 31) * bytes);
    d.set(ESP, d.random.chance(0.7) ? DATA + 0x1400 + d.random.below(0x100) : address(d.random, bytes) + bytes);
  },
  leave: (d) => d.set(EBP, address(d.random, d.operandBits / 8)),
  xlat: (d) => d.setAddress(EBX, d.pick(1) - d.base - (d.registers[EAX] & 0xff)),
  loop: counter,
  loope: counter,
  loopne: counter,
  jcxz: counter,
  div: division,
  idiv: division,
  cmpxchg: equalComparison,
  cmpxchg8b: (d) => d.random.chance(0.5) && d.setOperand(pokeWord(d.registers[EAX]) + pokeWord(d.registers[EDX])),
  bound: (d) => {
    const bytes = d.operandBits / 8;
    const index = d.registers[(d.bytes[d.modrmAt] >> 3) & 7];
    const bounds = [index - d.random.one([0, 0, 1, 5]), index + d.random.one([0, 0, 1, 5, -1])];
    d.setOperand(pokeWord(bounds[0], bytes) + pokeWord(bounds[1], bytes));
  },
  'push-sreg': push,
  'pop-sreg': (d) => {
    pop(d);
    d.pokes.push([d.registers[ESP], pokeWord(selector(d), 2)]);
  },
  'load-sreg': selectorOperand, lar: selectorOperand, lsl: selectorOperand, verr: selectorOperand, verw: selectorOperand,
  'load-far-pointer': (d) => farOperand(d, d.random.word()),
  jmpf: (d) => d.operand !== undefined && farOperand(d, codeOffset(d)),
  callf: (d) => {
    farCall(d);
    if (d.operand !== undefined) farOperand(d, codeOffset(d));
  },
  retf: (d) => farReturn(d),
  iret: (d) => farReturn(d, d.random.word() & POPPED_FLAGS),
  bsf: (d) => d.random.chance(0.3) && d.setOperand('00000000'),
  bsr: (d) => d.random.chance(0.3) && d.setOperand('00000000'),
  aam: (d) => d.random.chance(0.2) && (d.bytes[d.bytes.length - 1] = d.random.one([0, 1, 10, 16])),
};

/** What the manuals leave undefined beyond flags: the result of a 16-bit double shift by more than 16, and of a 16-bit BSWAP. */
function hasUndefinedResult(instruction, registers) {
  const { mnemonic } = instruction.row;
  if (instruction.operandSize !== 16) return false;
  if (mnemonic === 'bswap') return true;
  if (mnemonic !== 'shld' && mnemonic !== 'shrd') return false;
  const count = instruction.operands[2];
  return ((count.kind === 'immediate' ? count.value : registers[ECX]) & 31) > 16;
}

/** OUT to the laboratory's marker port is let through in any mode (packages/isa/src/system/ports.ts). */
function isMarker(instruction, registers) {
  if (instruction.row.mnemonic !== 'out') return false;
  const port = instruction.operands[0];
  return (port.kind === 'immediate' ? port.value & 0xff : registers[EDX] & 0xffff) === MARKER_PORT;
}

/** Whether the memory operand is where the draft wanted it: what was set afterwards may have moved it, into the memory of the process itself. */
function isAstray(instruction, { operand, offset, registers, row }) {
  if (operand === undefined || row.traits.addressOnly) return false;
  const memory = instruction.operands.find(({ kind }) => kind === 'memory');
  const of = (register) => (register < 0 ? 0 : registers[register]);
  const mask = instruction.addressSize === 16 ? 0xffff : -1;
  // BT and its kin go further from there, by the bit offset.
  return memory !== undefined && ((of(memory.base) + (of(memory.index) << memory.scale) + memory.displacement) & mask) !== (offset & mask);
}
const isSystemCall = ({ row, operands }) => row.mnemonic === 'int' && (operands[0].value & 0xff) === SYSTEM_CALL;

/** One case of a row, or undefined when the dice made something that is not this row's or has no defined result. */
export function generateCase(row, random, options) {
  const draft = new Draft(row, random, options);
  const canMemory = row.traits.registerOnly !== true && row.operands.some((operand) => /^[EM]/.test(operand));
  draft.memory = canMemory && (row.traits.memoryOnly === true || random.chance(0.6));
  // Where it is not legal it does not decode; the decoder's tests have that.
  draft.lock = random.chance(row.traits.lockable === true && draft.memory ? 0.2 : 0);
  draft.prefixes();
  draft.modrmAt = draft.bytes.length + row.opcode.split(' ').filter((part) => !part.startsWith('/')).length;
  draft.opcode();
  draft.immediates();
  draft.implicit();
  const instruction = decode(byteSource(Uint8Array.from(draft.bytes)), 0, { code32: true });
  if (typeof instruction === 'string' || instruction.row !== row || instruction.length !== draft.bytes.length) return undefined;
  if (hasUndefinedResult(instruction, draft.registers) || isMarker(instruction, draft.registers)) return undefined;
  if (isAstray(instruction, draft) || isSystemCall(instruction)) return undefined;
  const target = instruction.operands.find(({ kind }) => kind === 'segment');
  return {
    mnemonic: row.mnemonic, code: hexBytes(draft.bytes), registers: draft.registers, eflags: START_FLAGS | (random.word() & FREE_FLAGS), seed: random.word(), pokes: draft.pokes, segments: draft.segments,
    ...(target !== undefined && { target: SEGMENT_NAMES[target.index] }),
  };
}

/** `count` cases of a row. A row's cases depend on the seed and the row only, not on what else is generated. */
export function generateRow(row, seed, count, options) {
  const random = createRandom(seed + Array.from(`${row.mnemonic} ${row.opcode} ${row.operands.join()}`).reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7));
  for (let i = 0; i < 16; i++) random.word();
  const cases = [];
  for (let attempt = 0; cases.length < count && attempt < count * 20; attempt++) {
    const test = generateCase(row, random, options);
    if (test !== undefined) cases.push(test);
  }
  return cases;
}
