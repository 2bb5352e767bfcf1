import { Assembler } from '../../../packages/engine/dist/conformance/assembler.js';
import { at, DS, EAX, ES, FS, GS } from '../../../packages/engine/dist/conformance/operands.js';
import {
  CODE, codeSelector, Cr0, dataSelector, DONE, Flags, GDT, IDT, LANDING, LDT, long, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, SECOND_TABLE, Selector, STACK_TOPS, word,
} from './layout.ts';

const LOCAL_TABLE_BIT = 4;
const FOUR_MEGABYTES = 22;

/** What a 16-bit push of an immediate needs. */
const OPERAND_SIZE_PREFIX = 0x66;

/** One experiment: changes to the pristine world, registers, and code that begins in ring 0 with flat segments. The first event that is not in `continued` ends it. */
export class Scenario extends Assembler {
  readonly patches: { readonly address: number; readonly bytes: readonly number[] }[] = [];
  readonly header = { cr0: Cr0.PE | Cr0.ET, cr3: PAGE_DIRECTORY, cr4: 0, ldtr: Selector.LDT as number, tr: Selector.TSS as number, dr0: 0, dr7: 0, continued: 0 };

  readonly family: string;
  /** What is varied; unique within the family. */
  readonly name: string;

  constructor(family: string, name: string) {
    super(CODE);
    this.family = family;
    this.name = name;
  }
  get id(): string { return `${this.family}/${this.name}`; }

  // ---- the world

  put(address: number, bytes: readonly number[]): this {
    this.patches.push({ address, bytes });
    return this;
  }
  putWord(address: number, value: number): this { return this.put(address, word(value)); }
  putLong(address: number, value: number): this { return this.put(address, long(value)); }
  /** A descriptor or gate in the table that the selector names. */
  table(selector: number, bytes: readonly number[]): this { return this.put(((selector & LOCAL_TABLE_BIT) === 0 ? GDT : LDT) + (selector & ~7), bytes); }
  vector(vector: number, bytes: readonly number[]): this { return this.put(IDT + vector * 8, bytes); }
  /** A page-table entry of the first 8 MB. */
  page(linear: number, entry: number): this { return this.putLong((linear >>> FOUR_MEGABYTES === 0 ? PAGE_TABLE : SECOND_TABLE) + ((linear >>> 12) & 0x3ff) * 4, entry); }
  /** Changes the permissions of pages that stay where they are. */
  permissions(linear: number, bits: number, pages = 1): this {
    for (let page = 0; page < pages; page++) this.page(linear + page * PAGE_BYTES, ((linear & -PAGE_BYTES) + page * PAGE_BYTES) | bits);
    return this;
  }
  directory(index: number, entry: number): this { return this.putLong(PAGE_DIRECTORY + index * 4, entry); }
  paging(): this {
    this.header.cr0 |= Cr0.PG;
    return this;
  }
  /** Handlers of these vectors return. */
  continues(...vectors: readonly number[]): this {
    for (const vector of vectors) this.header.continued |= 1 << vector;
    return this;
  }

  // ---- code

  done(): this { return this.int(DONE); }
  /** Pushes for IRET: 16 or 32 bits each. */
  pushes(size: 16 | 32, ...values: readonly (number | string)[]): this {
    for (const value of values) {
      if (size === 32) this.push(value);
      else if (typeof value === 'number') this.raw(OPERAND_SIZE_PREFIX, 0x68).word(value);
      else throw new Error('16-bit pushes take numbers');
    }
    return this;
  }
  /** Goes on in a ring, with its flat segments. Ring 0: nothing but EFLAGS changes. */
  enter(level: number, flags: number = Flags.FIXED): this {
    if (level === 0) return this.push(flags).popfd();
    const start = this.newLabel('start');
    this.mov(EAX, dataSelector(level)).mov(DS, EAX).mov(ES, EAX).mov(FS, EAX).mov(GS, EAX);
    return this.pushes(32, dataSelector(level), STACK_TOPS[level], flags, codeSelector(level), start).iret().label(start);
  }
  /** Goes on in virtual-8086 mode at CODE + `offset` with segment registers that lead into code, stack and data; the code there is `body`. */
  enterVirtual8086(flags: number, body: readonly number[], { cs = CODE >>> 4, ss = 0x2200, sp = 0x1f00, ds = 0x2400, ip = LANDING - CODE - PAGE_BYTES + 0x800 } = {}): this {
    this.put((cs << 4) + ip, [...body, 0xcd, DONE]);
    return this.pushes(32, ds + 3, ds + 2, ds, ds + 1, ss, sp, flags | Flags.VM | Flags.FIXED, cs, ip).iret();
  }
  /** Far CALL and JMP with an offset that a gate or task ignores. */
  farCall(selector: number, offset: number | string = 0): this { return this.callFar(selector, offset); }
  /** Loads EAX from a data page: something that faults if it may. */
  touch(address: number): this { return this.mov(EAX, at(address)); }
}
