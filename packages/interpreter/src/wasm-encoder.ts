/**
 * A WebAssembly binary encoder, as small as the generators need (WebAssembly Core Specification, chapter 5).
 * Code is written into a growing byte buffer; nothing is kept as a tree.
 */

export const Op = {
  unreachable: 0x00, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e, return: 0x0f, call: 0x10, callIndirect: 0x11, returnCallIndirect: 0x13,
  select: 0x1b, localGet: 0x20, localSet: 0x21, localTee: 0x22,
  i32Load: 0x28, f64Load: 0x2b, i32Load8U: 0x2d, i32Load16U: 0x2f, i32Store: 0x36, f64Store: 0x39, i32Store8: 0x3a, i32Store16: 0x3b,
  i32Const: 0x41, i64Const: 0x42, f64Const: 0x44,
  i32Eqz: 0x45, i32Eq: 0x46, i32Ne: 0x47, i32LtS: 0x48, i32LtU: 0x49, i32GtU: 0x4b, i32LeS: 0x4c, i32LeU: 0x4d, i32GeU: 0x4f,
  i64Eq: 0x51, i64LtU: 0x54, i64LeU: 0x58,
  i32Clz: 0x67, i32Ctz: 0x68, i32Add: 0x6a, i32Sub: 0x6b, i32Mul: 0x6c, i32And: 0x71, i32Or: 0x72, i32Xor: 0x73, i32Shl: 0x74, i32ShrS: 0x75, i32ShrU: 0x76,
  i64Add: 0x7c, i64Sub: 0x7d, i64Mul: 0x7e, i64DivS: 0x7f, i64DivU: 0x80, i64RemS: 0x81, i64RemU: 0x82, i64Or: 0x84, i64Xor: 0x85, i64Shl: 0x86, i64ShrS: 0x87, i64ShrU: 0x88,
  f64Add: 0xa0, f64ConvertI32U: 0xb8, bulkMemory: 0xfc, i32WrapI64: 0xa7, i64ExtendI32S: 0xac, i64ExtendI32U: 0xad,
} as const;

/** Second bytes behind Op.bulkMemory. */
export const BulkOp = { memoryCopy: 10, memoryFill: 11 } as const;

const TYPE_I32 = 0x7f;
const TYPE_I64 = 0x7e;
const TYPE_FUNCREF = 0x70;
export const EMPTY_BLOCK = 0x40;

/** A byte sequence with the specification's integer encodings. */
export class ByteBuffer {
  private bytes = new Uint8Array(1024);
  length = 0;

  byte(value: number): this {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
    return this;
  }
  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.bytes);
    this.bytes = larger;
  }
  /** The first by itself: mostly there are no others, and generating code is seldom itself compiled yet. */
  op(first: number, ...others: number[]): this {
    this.byte(first);
    for (let i = 0; i < others.length; i++) this.byte(others[i]);
    return this;
  }
  unsigned(value: number): this {
    let rest = value >>> 0;
    do {
      const low = rest & 0x7f;
      rest >>>= 7;
      this.byte(rest === 0 ? low : low | 0x80);
    } while (rest !== 0);
    return this;
  }
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      this.byte(done ? low : low | 0x80);
      if (done) return this;
    }
  }
  text(value: string): this {
    this.unsigned(value.length);
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i));
    return this;
  }
  append(other: ByteBuffer): this {
    this.reserve(other.length);
    this.bytes.set(other.bytes.subarray(0, other.length), this.length);
    this.length += other.length;
    return this;
  }
  toBytes(): Uint8Array<ArrayBuffer> { return this.bytes.slice(0, this.length); }
}

/** Instructions of one function body. Locals: parameters first, then `locals` 32-bit and `wideLocals` 64-bit ones. */
export class CodeBuffer extends ByteBuffer {
  constant(value: number): this { return this.byte(Op.i32Const).signed(value); }
  get(local: number): this { return this.byte(Op.localGet).unsigned(local); }
  set(local: number): this { return this.byte(Op.localSet).unsigned(local); }
  tee(local: number): this { return this.byte(Op.localTee).unsigned(local); }
  /** Memory instruction with an offset; `alignment` is the exponent. */
  memory(opcode: number, alignment: number, offset: number): this { return this.byte(opcode).byte(alignment).unsigned(offset); }
  branch(opcode: number, depth: number): this { return this.byte(opcode).unsigned(depth); }
}

export interface FunctionBody {
  readonly name: string;
  readonly parameters: number;
  readonly locals: number;
  readonly wideLocals: number;
  readonly code: CodeBuffer;
}

function section(out: ByteBuffer, id: number, write: (content: ByteBuffer) => void): void {
  const content = new ByteBuffer();
  write(content);
  out.byte(id).unsigned(content.length).append(content);
}

/** A function of i32 parameters and one i32 result that a module imports as `machine.NAME`. In `Op.call` it has its place in the list as its number. */
export interface ImportedFunction {
  readonly name: string;
  readonly parameters: number;
}

/**
 * A module that imports one memory (`machine.memory`), perhaps functions, perhaps a table of functions (`machine.NAME`), and exports functions of i32 parameters and one
 * i32 result. The type of exported function number n is type number n.
 */
export function encodeModule(functions: readonly FunctionBody[], imported: readonly ImportedFunction[] = [], table?: string): Uint8Array<ArrayBuffer> {
  const out = new ByteBuffer().op(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  section(out, 1, (types) => {
    types.unsigned(imported.length + functions.length);
    for (const { parameters } of [...functions, ...imported]) {
      types.byte(0x60).unsigned(parameters);
      for (let i = 0; i < parameters; i++) types.byte(TYPE_I32);
      types.unsigned(1).byte(TYPE_I32);
    }
  });
  section(out, 2, (imports) => {
    imports.unsigned(1 + imported.length + (table === undefined ? 0 : 1)).text('machine').text('memory').op(2, 0).unsigned(1);
    imported.forEach(({ name }, index) => imports.text('machine').text(name).byte(0).unsigned(functions.length + index));
    if (table !== undefined) imports.text('machine').text(table).op(1, TYPE_FUNCREF, 0).unsigned(0);
  });
  section(out, 3, (declarations) => {
    declarations.unsigned(functions.length);
    functions.forEach((_, index) => declarations.unsigned(index));
  });
  section(out, 7, (exports) => {
    exports.unsigned(functions.length);
    functions.forEach(({ name }, index) => exports.text(name).byte(0).unsigned(imported.length + index));
  });
  section(out, 10, (bodies) => {
    bodies.unsigned(functions.length);
    for (const { locals, wideLocals, code } of functions) {
      const body = new ByteBuffer();
      body.unsigned(2).unsigned(locals).byte(TYPE_I32).unsigned(wideLocals).byte(TYPE_I64);
      body.append(code).byte(Op.end);
      bodies.unsigned(body.length).append(body);
    }
  });
  return out.toBytes();
}
