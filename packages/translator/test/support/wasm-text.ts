import { Word } from '@ringbench/isa';
import { Op } from '@ringbench/interpreter';
import { Region } from '@ringbench/machine';
import { Local, MOST_EXIT_VALUES } from '../../src/locals.js';

/** Text of the one function of a region's module, for people: expressions and assignments, with locals, state words and tables by name. */

const CODE_SECTION = 10;
const HEADER_BYTES = 8;
const STATE_BYTES = Region.COUNTS;
const BULK: Readonly<Record<number, string>> = { 10: 'memory.copy', 11: 'memory.fill' };
const REGISTERS = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
const NAMES = new Map<number, string>(Object.entries(Op).map(([name, opcode]) => [opcode, textOf(name)]));
const LOCALS = new Map<number, string>([...REGISTERS.entries(), ...Object.entries(Local).filter(([name]) => name !== 'REGISTERS' && name !== 'FIRST_TEMPORARY').map(([name, local]) => [local, name.toLowerCase()] as const)]);
for (let n = 0; n < MOST_EXIT_VALUES; n++) LOCALS.set(Local.EXIT_VALUES + n, `exit_value${n}`);
const WORDS = Object.entries(Word).toSorted(([, a], [, b]) => a - b);
const REGIONS = Object.entries(Region).toSorted(([, a], [, b]) => a - b);

/** i32LtU -> i32.lt_u; localGet -> local.get; brIf -> br_if. */
function textOf(name: string): string {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return snake.replace(/^(i32|i64|f64|local)_/, '$1.');
}

class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}
  byte(): number { return this.bytes[this.at++]; }
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value >>> 0;
    }
  }
  signed(): number {
    let value = 0;
    for (let shift = 0; ; ) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if ((byte & 0x80) === 0) return shift < 32 && (byte & 0x40) !== 0 ? value | (-1 << shift) : value;
    }
  }
}

function nameOfOffset(offset: number): string {
  if (offset < STATE_BYTES) {
    const [name, first] = WORDS.findLast(([, word]) => word * 4 <= offset) ?? ['', 0];
    return first * 4 === offset ? name : `${name}+${offset - first * 4}`;
  }
  const [name, first] = REGIONS.findLast(([, region]) => region <= offset) ?? ['', 0];
  return first === offset ? name : `${name}+${(offset - first).toString(16)}h`;
}
const nameOfLocal = (local: number): string => LOCALS.get(local) ?? `t${local - Local.FIRST_TEMPORARY}`;
const nameOfConstant = (value: number): string => (value >= -1024 && value <= 1024 ? String(value) : `${(value >>> 0).toString(16)}h`);

/** A reader at the first instruction of the module's only function. */
function openBody(module: Uint8Array): Reader {
  const reader = new Reader(module);
  reader.at = HEADER_BYTES;
  while (reader.byte() !== CODE_SECTION) {
    const size = reader.unsigned();
    reader.at += size;
  }
  // Bytes of the section; the number of functions; bytes of the body.
  for (let i = 0; i < 3; i++) reader.unsigned();
  for (let group = reader.unsigned(); group > 0; group--) {
    reader.unsigned();
    reader.byte();
  }
  return reader;
}

const INFIX: Readonly<Record<string, string>> = {
  add: '+', sub: '-', mul: '*', and: '&', or: '|', xor: '^', shl: '<<', shr_u: '>>>', shr_s: '>>', eq: '==', ne: '!=', lt_s: '<', lt_u: '<u', gt_u: '>u', le_s: '<=', le_u: '<=u', ge_u: '>=u', div_s: '/', div_u: '/u', rem_s: '%', rem_u: '%u',
};

/** Folds the stack machine's instructions into expressions and assignments, in the order of execution. */
class Folder {
  readonly lines: string[] = [];
  private readonly stack: string[] = [];
  private depth = 0;

  private pop(): string { return this.stack.pop() ?? '()'; }
  private line(text: string): void { this.lines.push(`${'  '.repeat(Math.max(0, this.depth))}${text}`); }
  private open(text: string): void {
    this.line(text);
    this.depth++;
  }

  instruction(reader: Reader): void {
    const opcode = reader.byte();
    const name = NAMES.get(opcode);
    if (name === undefined) throw new Error(`opcode ${opcode} at ${reader.at - 1}`);
    if (this.control(reader, opcode) || this.local(reader, opcode) || this.memory(reader, opcode, name)) return;
    this.value(reader, opcode, name);
  }

  private control(reader: Reader, opcode: number): boolean {
    switch (opcode) {
      case Op.block: case Op.loop:
        reader.byte();
        this.open(opcode === Op.block ? 'block' : 'loop');
        return true;
      case Op.if:
        reader.byte();
        this.open(`if ${this.pop()}`);
        return true;
      case Op.else:
        this.depth--;
        this.open('else');
        return true;
      case Op.end:
        if (this.stack.length > 0) this.line(`result ${this.pop()}`);
        this.depth--;
        if (this.depth >= 0) this.line('end');
        return true;
      case Op.br: this.line(`br ${reader.unsigned()}`); return true;
      case Op.brIf: this.line(`br ${reader.unsigned()} if ${this.pop()}`); return true;
      case Op.return: this.line(`return ${this.pop()}`); return true;
      case Op.unreachable: this.line('unreachable'); return true;
      default: return false;
    }
  }
  private local(reader: Reader, opcode: number): boolean {
    if (opcode !== Op.localGet && opcode !== Op.localSet && opcode !== Op.localTee) return false;
    const name = nameOfLocal(reader.unsigned());
    if (opcode === Op.localGet) this.stack.push(name);
    else if (opcode === Op.localTee) this.stack.push(`(${name} = ${this.pop()})`);
    else this.line(`${name} = ${this.pop()}`);
    return true;
  }
  private memory(reader: Reader, opcode: number, name: string): boolean {
    if (opcode === Op.bulkMemory) {
      const action = BULK[reader.byte()];
      reader.at += action === 'memory.copy' ? 2 : 1;
      const [count, source, to] = [this.pop(), this.pop(), this.pop()];
      this.line(`${action} ${to}, ${source}, ${count}`);
      return true;
    }
    const access = /^(i32|i64|f64)\.(load|store)(.*)$/.exec(name);
    if (access === null) return false;
    reader.unsigned();
    const offset = reader.unsigned();
    const value = access[2] === 'store' ? this.pop() : '';
    const address = this.pop();
    const place = address === '0' ? nameOfOffset(offset) : `[${address}${offset === 0 ? '' : ` + ${nameOfOffset(offset)}`}]`;
    const width = `${access[1] === 'i32' ? '' : access[1]}${access[3].replace('_', '')}`;
    if (access[2] === 'store') this.line(`${place}${width === '' ? '' : `.${width}`} = ${value}`);
    else this.stack.push(width === '' ? place : `${place}.${width}`);
    return true;
  }
  private value(reader: Reader, opcode: number, name: string): void {
    if (opcode === Op.i32Const || opcode === Op.i64Const) this.stack.push(nameOfConstant(reader.signed()));
    else if (opcode === Op.f64Const) {
      reader.at += 8;
      this.stack.push('1.0');
    } else if (opcode === Op.call) this.stack.push(`call ${reader.unsigned()} (${this.pop()})`);
    else if (opcode === Op.select) {
      const [condition, no, yes] = [this.pop(), this.pop(), this.pop()];
      this.stack.push(`(${condition} ? ${yes} : ${no})`);
    } else {
      const [type, operator] = name.split('.');
      const infix = INFIX[operator];
      if (infix === undefined) {
        this.stack.push(`${name}(${this.pop()})`);
        return;
      }
      const right = this.pop();
      this.stack.push(`(${this.pop()} ${infix}${type === 'i32' ? '' : `.${type}`} ${right})`);
    }
  }
}

/** The function of a region's module. Throws on an opcode that no printer uses, which is a bug. */
export function functionText(module: Uint8Array): string {
  const reader = openBody(module);
  const folder = new Folder();
  while (reader.at < module.length) folder.instruction(reader);
  return `${folder.lines.join('\n')}\n`;
}
