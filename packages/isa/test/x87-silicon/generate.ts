import type { EncodingRow } from '../../src/encoding/instruction.js';
import { Random } from '../encoding/random.js';
import { IMAGE_BYTES, Image, MEMORY_AT, QUESTION_BYTES, Question } from './case.js';

/** Questions for the silicon: every x87 instruction, with operands chosen so that the special cases meet. */

const SPECIAL_EXPONENT = 0x7fff;
const BIAS = 16383;

const word = (random: Random): number => random.next();

/** A word with few ones, few zeros, or a boundary inside. */
function patternWord(random: Random): number {
  switch (random.below(6)) {
    case 0: return 0;
    case 1: return -1;
    case 2: return 1 << random.below(32);
    case 3: return -1 << random.below(32);
    case 4: return ~(1 << random.below(32));
    default: return word(random);
  }
}

function exponent(random: Random): number {
  switch (random.below(10)) {
    case 0: return 0;
    case 1: return SPECIAL_EXPONENT;
    case 2: return random.below(70);
    case 3: return SPECIAL_EXPONENT - random.below(70);
    case 4: return random.below(SPECIAL_EXPONENT + 1);
    case 5: return BIAS - 1030 + random.below(200);
    case 6: return BIAS + 900 + random.below(200);
    case 7: return BIAS - 160 + random.below(300);
    default: return BIAS - 5 + random.below(72);
  }
}

/** An 80-bit value. */
export interface Value { sign: number; exponent: number; high: number; low: number }

export function randomValue(random: Random): Value {
  const value: Value = { sign: random.below(2), exponent: exponent(random), high: patternWord(random), low: patternWord(random) };
  if (value.exponent === SPECIAL_EXPONENT && random.below(2) === 0) return { ...value, high: 0x80000000 | 0, low: 0 };
  if (value.exponent === 0 && random.below(3) === 0) return { ...value, high: 0, low: 0 };
  // Most values are canonical: the integer bit belongs to a non-zero exponent.
  if (random.below(24) !== 0) value.high = value.exponent === 0 ? value.high & 0x7fffffff : value.high | 0x80000000;
  return value;
}

/** A value related to another: equal, near, or near in exponent, so that sums cancel and quotients are near one. */
function relatedValue(random: Random, other: Value): Value {
  const value = { ...other, sign: random.below(2) };
  switch (random.below(4)) {
    case 0: return value;
    case 1: return { ...value, low: (value.low + random.below(5) - 2) | 0 };
    case 2: return { ...value, exponent: Math.min(SPECIAL_EXPONENT - 1, Math.max(1, value.exponent + random.below(5) - 2)), high: word(random) | 0x80000000, low: word(random) };
    default: return { ...value, exponent: Math.min(SPECIAL_EXPONENT - 1, Math.max(1, value.exponent + random.below(140) - 70)), low: patternWord(random) };
  }
}

function putValue(view: DataView, at: number, value: Value): void {
  view.setInt32(at, value.low, true);
  view.setInt32(at + 4, value.high, true);
  view.setUint16(at + 8, (value.sign << 15) | value.exponent, true);
}

const ALL_MASKS = 0x3f;

function controlWord(random: Random): number {
  const masks = random.below(5) < 3 ? ALL_MASKS : random.below(64);
  const precision = random.below(40) === 0 ? 1 : [3, 3, 2, 0][random.below(4)];
  return 0x40 | masks | (precision << 8) | (random.below(4) << 10) | (random.below(16) === 0 ? 0x1000 : 0);
}

function putImage(random: Random, view: DataView): void {
  const control = controlWord(random);
  // Flags that are pending and not masked make a waiting instruction fault: rarely.
  const flags = random.below(3) === 0 ? random.below(128) : 0;
  const pending = random.below(60) === 0 ? flags : flags & (control | 0x40);
  let tags = 0;
  const emptiness = random.below(4);
  for (let register = 0; register < 8; register++) {
    const isEmpty = emptiness === 0 ? false : emptiness === 1 ? random.below(2) === 0 : random.below(12) === 0;
    if (isEmpty) tags |= 3 << (2 * register);
  }
  const top = random.below(8);
  // A push needs room.
  if (random.below(3) !== 0) tags |= 3 << (2 * ((top + 7) & 7));
  view.setUint32(Image.CONTROL, control, true);
  view.setUint32(Image.STATUS, pending | (top << 11) | (random.below(2) === 0 ? 0 : random.next() & 0x4700), true);
  view.setUint32(Image.TAGS, tags, true);
  const first = randomValue(random);
  for (let i = 0; i < 8; i++) {
    const value = i === 0 ? first : random.below(3) === 0 ? relatedValue(random, first) : randomValue(random);
    putValue(view, Image.REGISTERS + i * Image.REGISTER_BYTES, value);
  }
}

/** Memory operands of every format start at its beginning: an 80-bit value, its shorter relatives, or decimal digits. */
function putMemory(random: Random, view: DataView, row: EncodingRow): void {
  view.setInt32(0, word(random), true);
  if (row.operands.includes('Mt')) {
    if (row.mnemonic === 'fbld') for (let at = 0; at < 9; at++) view.setUint8(at, random.below(10) * 16 + random.below(10));
    else putValue(view, 0, randomValue(random));
  } else if (row.operands.includes('Mq')) {
    view.setInt32(0, patternWord(random), true);
    if (random.below(2) === 0) view.setInt32(4, (random.below(2) << 31) | ([0, 1, 2, 0x7fe, 0x7ff, 1023, random.below(2048)][random.below(7)] << 20) | (patternWord(random) & 0xfffff), true);
    else view.setInt32(4, patternWord(random), true);
  } else if (row.operands.includes('Md')) {
    if (random.below(2) === 0) view.setInt32(0, (random.below(2) << 31) | ([0, 1, 2, 0xfe, 0xff, 127, random.below(256)][random.below(7)] << 23) | (patternWord(random) & 0x7fffff), true);
    else view.setInt32(0, patternWord(random), true);
  } else if (row.operands.includes('Me') || row.operands.includes('Mf')) {
    const image = new DataView(new ArrayBuffer(IMAGE_BYTES));
    putImage(random, image);
    for (let at = 0; at < IMAGE_BYTES; at += 4) view.setInt32(at, image.getInt32(at, true), true);
  }
}

/** Code bytes of a row: a memory operand is at MEMORY_AT, ST(i) is random. */
function codeOf(random: Random, row: EncodingRow): number[] {
  if (row.opcode === '9B') return [0x9b];
  const [opcode, rest] = row.opcode.split(' ');
  const first = parseInt(opcode, 16);
  if (rest.startsWith('/')) return [first, (Number(rest[1]) << 3) | 5, 0, 0, 0, MEMORY_AT >>> 24];
  const modrm = parseInt(rest, 16);
  return [first, modrm + (rest.endsWith('+i') ? random.below(8) : 0)];
}

export function buildQuestion(random: Random, row: EncodingRow): Uint8Array {
  const question = new Uint8Array(QUESTION_BYTES);
  const view = new DataView(question.buffer);
  putImage(random, view);
  view.setInt32(Question.EAX, word(random), true);
  view.setInt32(Question.FLAGS, random.next() & 0x8d5, true);
  const code = codeOf(random, row);
  question[Question.LENGTH] = code.length;
  question.set(code, Question.CODE);
  putMemory(random, new DataView(question.buffer, Question.MEMORY), row);
  return question;
}
